-- sql/statements/metrics_clusters.sql   no parameters. How far behind each watcher is, and what is owed to each cluster;
-- not what waits for its turn.
SELECT cluster_watch.cluster, (extract(epoch FROM now() - heard_at))::bigint AS silent_s,
       (SELECT count(*) FROM batch_push WHERE batch_push.cluster = cluster_watch.cluster
	AND claimed_until < 'infinity') AS owed
FROM cluster_watch ORDER BY cluster

-- sql/statements/cluster_list.sql   no parameters. What watchers know of the clusters that they follow, or have followed.
SELECT cluster, operator_found, operator_found_at, synced_at, heard_at,
       greatest(0, extract(epoch FROM now() - heard_at))::bigint AS silent_s, last_error,
       (SELECT count(*) FROM turn_taken WHERE turn_taken.cluster = cluster_watch.cluster) AS running,
       (SELECT count(*) FROM turn_awaited WHERE turn_awaited.cluster = cluster_watch.cluster) AS waiting
FROM cluster_watch ORDER BY cluster

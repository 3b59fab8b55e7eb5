-- sql/statements/cluster_list.sql   no parameters. What watchers know of the clusters that they follow, or have followed.
SELECT cluster, operator_found, operator_found_at, synced_at, heard_at,
       greatest(0, extract(epoch FROM now() - heard_at))::bigint AS silent_s, last_error
FROM cluster_watch ORDER BY cluster

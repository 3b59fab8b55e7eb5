-- sql/statements/cluster_operator.sql   $1 cluster. The operator that its watcher has found; null or no row: none yet.
SELECT operator_found FROM cluster_watch WHERE cluster = $1

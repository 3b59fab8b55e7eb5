-- sql/statements/cluster_operator_note.sql   $1 cluster, $2 operator found or null.
-- Its watcher's row is there: it was made when the cluster was leased.
UPDATE cluster_watch SET operator_found = $2, operator_found_at = now() WHERE cluster = $1

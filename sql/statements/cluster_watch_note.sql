-- sql/statements/cluster_watch_note.sql   $1 cluster, $2 watcher (host and pid), $3 'leased', 'synced', 'heard', 'left' or
-- 'interrupted', $4 error or null.
INSERT INTO cluster_watch (cluster, watcher, leased_at) VALUES ($1, $2, now())
ON CONFLICT (cluster) DO UPDATE
SET watcher = $2,
    leased_at = CASE WHEN $3 = 'leased' THEN now() ELSE cluster_watch.leased_at END,
    synced_at = CASE WHEN $3 = 'synced' THEN now() ELSE cluster_watch.synced_at END,
    heard_at = CASE WHEN $3 IN ('synced', 'heard') THEN now() ELSE cluster_watch.heard_at END,
    left_at = CASE WHEN $3 = 'left' THEN now() END,
    last_error = CASE WHEN $3 = 'left' THEN cluster_watch.last_error ELSE $4 END

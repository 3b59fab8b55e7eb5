-- sql/statements/k8s_app_creating.sql   $1 id, $2 milliseconds that it may take, $3 name or null. A worker is about
-- to make something for this application. Not for one that has ended or is to be killed: no row. A kill waits for the
-- lock and then sees that something may be made just now, or came first and is seen here.
WITH open AS (
	SELECT id, cluster FROM batch WHERE id = $1::bigint AND finished_at IS NULL AND kill_requested_at IS NULL FOR NO KEY UPDATE
), learned AS (
	UPDATE batch SET name = coalesce(name, $3), stopped_at = NULL, changed_at = now()
	WHERE id = (SELECT id FROM open) AND ((name IS NULL AND $3::text IS NOT NULL) OR stopped_at IS NOT NULL)
), heard AS (
	INSERT INTO k8s_application AS there (batch_id, cluster, creating_until)
	SELECT id, cluster, clock_timestamp() + $2::int * interval '1 millisecond' FROM open
	ON CONFLICT (batch_id) DO UPDATE
	SET heard_at = now(), creating_until = greatest(there.creating_until, excluded.creating_until)
)
SELECT id FROM open

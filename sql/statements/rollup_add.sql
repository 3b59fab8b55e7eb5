-- sql/statements/rollup_add.sql   $1 how many batches at most.
-- Adds what has ended to the sums. A batch leaves the owed ones in the same statement: it is counted once, whoever is
-- killed when. One watcher at a time, so that two never wait for each other's rows; the lock ends with the statement.
WITH turn AS MATERIALIZED (
	SELECT pg_try_advisory_xact_lock(hashtext('sparkgate rollup'), 0) AS held
), owed AS (
	DELETE FROM batch_rollup_owed
	-- by their places: what was found through the index is not looked for again
	WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM batch_rollup_owed WHERE (SELECT held FROM turn) ORDER BY batch_id LIMIT $1::int
	))
	RETURNING batch_id
), ended AS MATERIALIZED (
	SELECT measured.* FROM owed JOIN batch_measured AS measured ON measured.id = owed.batch_id
), added AS (
	INSERT INTO batch_rollup AS total (day, cluster, queue, owner, team, protocol, image, state, reason,
					   batches, retries, queue_s, start_s, run_s, core_s, mib_s)
	SELECT day, cluster, queue, owner, team, protocol, image, state, reason, count(*), sum(retries),
	       coalesce(sum(queue_s), 0), coalesce(sum(start_s), 0), coalesce(sum(run_s), 0),
	       coalesce(sum(core_s), 0), coalesce(sum(mib_s), 0)
	FROM ended GROUP BY day, cluster, queue, owner, team, protocol, image, state, reason
	ON CONFLICT ON CONSTRAINT batch_rollup_key DO UPDATE
	SET batches = total.batches + excluded.batches, retries = total.retries + excluded.retries,
	    queue_s = total.queue_s + excluded.queue_s, start_s = total.start_s + excluded.start_s,
	    run_s = total.run_s + excluded.run_s, core_s = total.core_s + excluded.core_s, mib_s = total.mib_s + excluded.mib_s
), timed AS (
	INSERT INTO batch_rollup_time AS total (day, cluster, queue, team, measure, bucket, batches)
	SELECT day, cluster, queue, team, measure, report_bucket(seconds), count(*)
	FROM ended CROSS JOIN LATERAL (VALUES ('queue', queue_s), ('start', start_s), ('run', run_s)) AS time (measure, seconds)
	WHERE seconds IS NOT NULL
	GROUP BY day, cluster, queue, team, measure, report_bucket(seconds)
	ON CONFLICT ON CONSTRAINT batch_rollup_time_key DO UPDATE SET batches = total.batches + excluded.batches
)
SELECT count(*) AS batches FROM owed

-- sql/statements/batch_accept.sql   $1 uid, $2 protocol, $3 name, $4 owner, $5 proxy_user, $6 cluster, $7 namespace,
-- $8 operator_kind, $9 request (redacted), $10 request_id, $11 object's spec (whole), $12 claim in milliseconds,
-- $13 client key or null, $14 request (whole, for its digest), $15 retries at most, $16 seconds before each, $17 reasons
-- for them or null (any), $18 queue or null, $19 limits of the cluster or null, $20 what it asks for, as columns of
-- batch by name, $21 why it is not pushed now, for people, or null: it is, $22 milliseconds since that was found, $23
-- seconds of silence after which a watcher is taken for gone.
-- One commit for the row and for the push that it owes. Repeating it finds the row by its uid: that of a lost answer, or
-- the one that follows from the client's key and is therefore the same for all repetitions, whichever worker has them.
-- When two of them race, the later one waits for the earlier, inserts nothing and does not see its row yet: no row means
-- ask again. What must wait for its turn owes a push that nobody may claim before; a row without id, but with full_of,
-- says that not even that is possible, and nothing is kept. What is not pushed now is anybody's at once, and the row's
-- message says why; but when a watcher has heard of the cluster since then, it is pushed.
-- Each node here costs time for each batch: what only a key or limits need is not run without them, and only what the
-- caller did not know is answered.
WITH wanted AS MATERIALIZED (
	-- LIMIT: a table of one row is never analysed and would count as a thousand, for which the whole ledger is read
	SELECT CASE WHEN $13::text IS NULL THEN $1::uuid
		    ELSE (SELECT md5(key || coalesce($4, '') || chr(10) || $13::text)::uuid FROM gateway LIMIT 1) END AS uid,
	       sha256(convert_to($14, 'UTF8')) AS digest,
	       CASE WHEN $21::text IS NOT NULL
			 AND NOT EXISTS (SELECT FROM cluster_watch WHERE cluster_watch.cluster = $6 AND last_error IS NULL
						AND heard_at > now() - $22::bigint * interval '1 millisecond') THEN $21 END AS put_off
), turn AS MATERIALIZED (
	SELECT 'run' AS verdict, NULL AS message
	WHERE $19::jsonb IS NULL
	  AND ($13::text IS NULL OR NOT EXISTS (SELECT FROM batch WHERE batch.uid = (SELECT uid FROM wanted)))
	UNION ALL
	SELECT asked.verdict, asked.message
	FROM batch_turn_ask($6, $18, coalesce($5, $4), (SELECT uid FROM wanted), $19::jsonb) AS asked
	WHERE $19::jsonb IS NOT NULL AND NOT EXISTS (SELECT FROM batch WHERE batch.uid = (SELECT uid FROM wanted))
), accepted AS (
	INSERT INTO batch (uid, client_key, request_digest, protocol, name, owner, proxy_user, cluster, namespace,
			   operator_kind, request, request_id, retry_max, retry_interval_s, retry_reasons, queue, admitted_at,
			   message, image, spark_version, driver_cores, driver_memory_mib, executors_count,
			   executor_cores, executor_memory_mib, labels, airflow_dag, airflow_task, airflow_run, airflow_try)
	SELECT wanted.uid, $13, digest, $2::batch_protocol, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $15::int, $16::int,
	       $17::batch_reason[], $18, CASE WHEN verdict = 'run' THEN now() END,
	       CASE WHEN verdict = 'run' THEN put_off ELSE turn.message END,
	       asked.image, asked.spark_version, asked.driver_cores, asked.driver_memory_mib, asked.executors_count,
	       asked.executor_cores, asked.executor_memory_mib, asked.labels, asked.airflow_dag, asked.airflow_task,
	       asked.airflow_run, asked.airflow_try
	FROM wanted CROSS JOIN turn
	CROSS JOIN jsonb_to_record(coalesce($20::jsonb, '{}')) AS asked (
		image text, spark_version text, driver_cores numeric, driver_memory_mib bigint, executors_count bigint,
		executor_cores numeric, executor_memory_mib bigint, labels jsonb, airflow_dag text, airflow_task text,
		airflow_run text, airflow_try text)
	WHERE verdict IN ('run', 'wait')
	ON CONFLICT ON CONSTRAINT batch_uid DO NOTHING
	RETURNING id, uid, cluster, object_name, state, message, accepted_at, admitted_at
), push AS (
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until, tries, last_error)
	SELECT id, cluster, $11::jsonb,
	       CASE WHEN admitted_at IS NULL THEN 'infinity' WHEN message IS NOT NULL THEN clock_timestamp()
		    ELSE clock_timestamp() + $12::int * interval '1 millisecond' END,
	       CASE WHEN admitted_at IS NULL OR message IS NOT NULL THEN 0 ELSE 1 END,
	       CASE WHEN admitted_at IS NOT NULL THEN message END
	FROM accepted
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, message, actor, request_id)
	SELECT id, 'accepted', state, CASE WHEN admitted_at IS NULL THEN message END, $4, $10 FROM accepted
)
SELECT id, uid, object_name, state, message, accepted_at, admitted_at, true AS is_new, true AS is_same, NULL AS full_of,
       EXISTS (SELECT FROM cluster_watch WHERE cluster_watch.cluster = accepted.cluster AND last_error IS NULL
		 AND left_at IS NULL AND heard_at >= now() - $23::int * interval '1 second') AS is_followed
FROM accepted
UNION ALL
SELECT batch.id, batch.uid, NULL, batch.state, NULL, NULL, NULL, false, batch.request_digest = wanted.digest, NULL, false
FROM batch JOIN wanted ON batch.uid = wanted.uid
WHERE NOT EXISTS (SELECT FROM accepted)
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, false, message, false FROM turn WHERE verdict = 'full'

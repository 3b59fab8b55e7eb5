-- sql/statements/batch_accept.sql   $1 uid, $2 protocol, $3 name, $4 owner, $5 proxy_user, $6 cluster, $7 namespace,
-- $8 operator_kind, $9 request (redacted), $10 request_id, $11 object's spec (whole), $12 claim in milliseconds,
-- $13 client key or null, $14 request (whole, for its digest), $15 retries at most, $16 seconds before each, $17 reasons
-- for them or null (any), $18 queue or null, $19 limits of the cluster or null, $20 what it asks for, as columns of
-- batch by name.
-- One commit for the row and for the push that it owes. Repeating it finds the row by its uid: that of a lost answer, or
-- the one that follows from the client's key and is therefore the same for all repetitions, whichever worker has them.
-- When two of them race, the later one waits for the earlier, inserts nothing and does not see its row yet: no row means
-- ask again. What must wait for its turn owes a push that nobody may claim before; a row without id, but with full_of,
-- says that not even that is possible, and nothing is kept.
WITH wanted AS MATERIALIZED (
	-- LIMIT: a table of one row is never analysed and would count as a thousand, for which the whole ledger is read
	SELECT CASE WHEN $13::text IS NULL THEN $1::uuid
		    ELSE md5(gateway.key || coalesce($4, '') || chr(10) || $13::text)::uuid END AS uid,
	       sha256(convert_to($14, 'UTF8')) AS digest
	FROM gateway LIMIT 1
), unknown AS MATERIALIZED (
	SELECT * FROM wanted WHERE NOT EXISTS (SELECT FROM batch WHERE batch.uid = wanted.uid)
), turn AS MATERIALIZED (
	SELECT unknown.*, asked.verdict, asked.message
	FROM unknown CROSS JOIN LATERAL batch_turn_ask($6, $18, coalesce($5, $4), unknown.uid, $19::jsonb) AS asked
), accepted AS (
	INSERT INTO batch (uid, client_key, request_digest, protocol, name, owner, proxy_user, cluster, namespace,
			   operator_kind, request, request_id, retry_max, retry_interval_s, retry_reasons, queue, admitted_at,
			   message, image, spark_version, driver_cores, driver_memory_mib, executors_count,
			   executor_cores, executor_memory_mib, labels, airflow_dag, airflow_task, airflow_run, airflow_try)
	SELECT turn.uid, $13, digest, $2::batch_protocol, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $15::int, $16::int,
	       $17::batch_reason[], $18, CASE WHEN verdict = 'run' THEN now() END, turn.message,
	       asked.image, asked.spark_version, asked.driver_cores, asked.driver_memory_mib, asked.executors_count,
	       asked.executor_cores, asked.executor_memory_mib, asked.labels, asked.airflow_dag, asked.airflow_task,
	       asked.airflow_run, asked.airflow_try
	FROM turn CROSS JOIN jsonb_populate_record(NULL::batch, $20::jsonb) AS asked
	WHERE verdict IN ('run', 'wait')
	ON CONFLICT ON CONSTRAINT batch_uid DO NOTHING
	RETURNING *
), push AS (
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until, tries)
	SELECT id, cluster, $11::jsonb,
	       CASE WHEN admitted_at IS NULL THEN 'infinity' ELSE clock_timestamp() + $12::int * interval '1 millisecond' END,
	       CASE WHEN admitted_at IS NULL THEN 0 ELSE 1 END
	FROM accepted
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, message, actor, request_id)
	SELECT id, 'accepted', state, message, $4, $10 FROM accepted
)
SELECT *, true AS is_new, true AS is_same, NULL AS full_of FROM accepted
UNION ALL
SELECT batch.*, false, batch.request_digest = wanted.digest, NULL FROM batch JOIN wanted ON batch.uid = wanted.uid
UNION ALL
SELECT (NULL::batch).*, false, false, message FROM turn WHERE verdict = 'full'

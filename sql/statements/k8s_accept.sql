-- sql/statements/k8s_accept.sql   $1 uid, $2 name, $3 cluster, $4 request (redacted), $5 request_id, $6 objects (whole),
-- $7 claim in milliseconds, $8 request (whole, for its digest), $9 queue or null, $10 limits of the cluster or null,
-- $11 what it asks for, as columns of batch by name.
-- One commit: the submission is complete and becomes a batch, with the push that it owes. Repeating it finds the batch by
-- its uid. Of two that race, the later one sees neither: no row means ask again, or that it has expired. It may have to
-- wait for its turn, or to be refused, as in batch_accept.sql; what is refused stays as it is, to be completed later.
WITH turn AS MATERIALIZED (
	SELECT submission.uid, asked.verdict, asked.message
	FROM (SELECT * FROM k8s_submission WHERE uid = $1::uuid AND expires_at > now() OFFSET 0) AS submission
	CROSS JOIN LATERAL batch_turn_ask($3, $9, submission.owner, submission.uid, $10::jsonb) AS asked
), complete AS (
	DELETE FROM k8s_submission USING turn
	WHERE k8s_submission.uid = turn.uid AND verdict IN ('run', 'wait')
	RETURNING k8s_submission.*, verdict, message
), accepted AS (
	INSERT INTO batch (uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, request_id,
			   app_id, driver_pod, queue, admitted_at, message, image, spark_version, driver_cores,
			   driver_memory_mib, executors_count, executor_cores, executor_memory_mib, labels, airflow_dag,
			   airflow_task, airflow_run, airflow_try)
	SELECT complete.uid, sha256(convert_to($8, 'UTF8')), 'k8s', $2, complete.owner, $3, complete.namespace, 'none', $4::jsonb, $5,
	       complete.app_id, pod_name, $9, CASE WHEN verdict = 'run' THEN now() END, complete.message, asked.image,
	       asked.spark_version, asked.driver_cores, asked.driver_memory_mib, asked.executors_count, asked.executor_cores,
	       asked.executor_memory_mib, asked.labels, asked.airflow_dag, asked.airflow_task, asked.airflow_run, asked.airflow_try
	FROM complete CROSS JOIN jsonb_populate_record(NULL::batch, $11::jsonb) AS asked
	ON CONFLICT ON CONSTRAINT batch_uid DO NOTHING
	RETURNING *
), push AS (
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until, tries)
	SELECT id, cluster, $6::jsonb,
	       CASE WHEN admitted_at IS NULL THEN 'infinity' ELSE clock_timestamp() + $7::int * interval '1 millisecond' END,
	       CASE WHEN admitted_at IS NULL THEN 0 ELSE 1 END
	FROM accepted
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, message, actor, request_id)
	SELECT id, 'accepted', state, message, owner, $5 FROM accepted
)
SELECT *, true AS is_new, NULL AS full_of FROM accepted
UNION ALL
SELECT batch.*, false, NULL FROM batch WHERE uid = $1::uuid
UNION ALL
SELECT (NULL::batch).*, false, message FROM turn WHERE verdict = 'full'

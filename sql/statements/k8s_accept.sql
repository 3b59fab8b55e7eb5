-- sql/statements/k8s_accept.sql   $1 uid, $2 name, $3 cluster, $4 request (redacted), $5 request_id, $6 objects (whole),
-- $7 claim in milliseconds, $8 request (whole, for its digest).
-- One commit: the submission is complete and becomes a batch, with the push that it owes. Repeating it finds the batch by
-- its uid. Of two that race, the later one sees neither: no row means ask again, or that it has expired.
WITH complete AS (
	DELETE FROM k8s_submission WHERE uid = $1::uuid AND expires_at > now() RETURNING *
), accepted AS (
	INSERT INTO batch (uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, request_id,
			   app_id, driver_pod)
	SELECT uid, sha256(convert_to($8, 'UTF8')), 'k8s', $2, owner, $3, namespace, 'none', $4::jsonb, $5, app_id, pod_name
	FROM complete
	ON CONFLICT ON CONSTRAINT batch_uid DO NOTHING
	RETURNING *
), push AS (
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until)
	SELECT id, cluster, $6::jsonb, clock_timestamp() + $7::int * interval '1 millisecond' FROM accepted
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'accepted', state, owner, $5 FROM accepted
)
SELECT *, true AS is_new FROM accepted
UNION ALL
SELECT batch.*, false FROM batch WHERE uid = $1::uuid

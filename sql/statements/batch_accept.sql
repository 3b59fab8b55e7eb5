-- sql/statements/batch_accept.sql   $1 uid, $2 protocol, $3 name, $4 owner, $5 proxy_user, $6 cluster, $7 namespace,
-- $8 operator_kind, $9 request (redacted), $10 request_id, $11 object (whole), $12 claim in milliseconds.
-- One commit for the row and for the push that it owes. Repeating it after a lost answer finds the row by its uid.
WITH accepted AS (
	INSERT INTO batch (uid, protocol, name, owner, proxy_user, cluster, namespace, operator_kind, request, request_id)
	VALUES ($1::uuid, $2::batch_protocol, $3, $4, $5, $6, $7, $8, $9::jsonb, $10)
	ON CONFLICT ON CONSTRAINT batch_uid DO NOTHING
	RETURNING *
), push AS (
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until)
	SELECT id, cluster, $11::jsonb, clock_timestamp() + $12::int * interval '1 millisecond' FROM accepted
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'accepted', state, $4, $10 FROM accepted
)
SELECT * FROM accepted
UNION ALL
SELECT * FROM batch WHERE uid = $1::uuid

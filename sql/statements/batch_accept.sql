-- sql/statements/batch_accept.sql   $1 uid, $2 protocol, $3 name, $4 owner, $5 proxy_user, $6 cluster, $7 namespace,
-- $8 operator_kind, $9 request (redacted), $10 request_id, $11 object's spec (whole), $12 claim in milliseconds,
-- $13 client key or null, $14 request (whole, for its digest), $15 retries at most, $16 seconds before each, $17 reasons
-- for them or null (any).
-- One commit for the row and for the push that it owes. Repeating it finds the row by its uid: that of a lost answer, or
-- the one that follows from the client's key and is therefore the same for all repetitions, whichever worker has them.
-- When two of them race, the later one waits for the earlier, inserts nothing and does not see its row yet: no row means
-- ask again.
WITH wanted AS (
	SELECT CASE WHEN $13::text IS NULL THEN $1::uuid
		    ELSE md5(gateway.key || coalesce($4, '') || chr(10) || $13::text)::uuid END AS uid,
	       sha256(convert_to($14, 'UTF8')) AS digest
	FROM gateway
), accepted AS (
	INSERT INTO batch (uid, client_key, request_digest, protocol, name, owner, proxy_user, cluster, namespace,
			   operator_kind, request, request_id, retry_max, retry_interval_s, retry_reasons)
	SELECT uid, $13, digest, $2::batch_protocol, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $15::int, $16::int, $17::batch_reason[]
	FROM wanted
	WHERE NOT EXISTS (SELECT FROM batch WHERE batch.uid = wanted.uid)
	ON CONFLICT ON CONSTRAINT batch_uid DO NOTHING
	RETURNING *
), push AS (
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until)
	SELECT id, cluster, $11::jsonb, clock_timestamp() + $12::int * interval '1 millisecond' FROM accepted
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'accepted', state, $4, $10 FROM accepted
)
SELECT *, true AS is_new, true AS is_same FROM accepted
UNION ALL
SELECT batch.*, false, batch.request_digest = wanted.digest FROM batch JOIN wanted ON batch.uid = wanted.uid

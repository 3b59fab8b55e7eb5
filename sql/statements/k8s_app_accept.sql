-- sql/statements/k8s_app_accept.sql   $1 cluster, $2 namespace, $3 application id, $4 owner or null, $5 name or null,
-- $6 request, $7 request_id, $8 message. The first sight of an application whose driver runs already. The uid follows
-- from the application, so that of all first sights, on whatever workers, one makes the row; no row means that
-- another has made it.
WITH accepted AS (
	INSERT INTO batch (uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, request_id, app_id,
			   state, message, attempts, pushed_at, started_at)
	SELECT md5(key || chr(10) || 'k8s application' || chr(10) || $1 || chr(10) || $2 || chr(10) || $3)::uuid,
	       sha256(convert_to($3, 'UTF8')), 'k8s', $5, $4, $1, $2, 'client', $6::jsonb, $7, $3, 'running', $8, 1, now(), now()
	FROM gateway
	ON CONFLICT ON CONSTRAINT batch_uid DO NOTHING
	RETURNING *
), heard AS (
	INSERT INTO k8s_application (batch_id, cluster) SELECT id, cluster FROM accepted
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'accepted', state, owner, request_id FROM accepted
)
SELECT id FROM accepted

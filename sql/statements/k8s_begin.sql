-- sql/statements/k8s_begin.sql   $1 uid, $2 namespace, $3 pod's name, $4 application id, $5 cluster or null, $6 owner or null,
-- $7 name of the config map that completes it, $8 pod, $9 seconds until it expires.
-- Answers the submission that has that pod: this one, or the one that was there. Of two that race, the later one may see
-- neither: no row means ask again.
WITH begun AS (
	INSERT INTO k8s_submission AS there (uid, namespace, pod_name, app_id, cluster, owner, config_map, pod, expires_at)
	VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8::jsonb, now() + $9::int * interval '1 second')
	ON CONFLICT ON CONSTRAINT k8s_submission_pod DO UPDATE
	SET uid = excluded.uid, app_id = excluded.app_id, cluster = excluded.cluster, owner = excluded.owner,
	    config_map = excluded.config_map, pod = excluded.pod, parts = '{}', begun_at = now(),
	    expires_at = excluded.expires_at
	WHERE there.expires_at < now()
	RETURNING *
)
SELECT * FROM begun
UNION ALL
SELECT * FROM k8s_submission WHERE namespace = $2 AND pod_name = $3 AND NOT EXISTS (SELECT FROM begun)

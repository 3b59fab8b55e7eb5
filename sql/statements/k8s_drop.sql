-- sql/statements/k8s_drop.sql   $1 namespace, $2 pod's name, $3 owner or null. The client has given it up.
DELETE FROM k8s_submission
WHERE namespace = $1 AND pod_name = $2 AND expires_at > now() AND (owner IS NULL OR owner = $3)
RETURNING uid

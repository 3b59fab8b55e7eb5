-- sql/statements/k8s_show.sql   $1 uid, $2 owner or null.
SELECT * FROM k8s_submission WHERE uid = $1::uuid AND expires_at > now() AND (owner IS NULL OR owner = $2)

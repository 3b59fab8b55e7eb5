-- sql/statements/k8s_expire.sql   What was never completed.
WITH expired AS (DELETE FROM k8s_submission WHERE expires_at < now() RETURNING uid)
SELECT count(*) AS submissions FROM expired

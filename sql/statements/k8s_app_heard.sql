-- sql/statements/k8s_app_heard.sql   $1 id. Its driver lives; written no more often than it is worth.
UPDATE k8s_application SET heard_at = now() WHERE batch_id = $1::bigint AND heard_at < now() - interval '5 s' RETURNING batch_id

-- sql/statements/k8s_app_look_later.sql   $1 id, $2 in how many seconds.
UPDATE k8s_application SET look_after = now() + $2::int * interval '1 s' WHERE batch_id = $1::bigint RETURNING batch_id

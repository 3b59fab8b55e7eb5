-- sql/statements/k8s_app_marked.sql   $1 id. The driver's pod has the batch's labels.
UPDATE k8s_application SET driver_marked = true WHERE batch_id = $1::bigint RETURNING batch_id

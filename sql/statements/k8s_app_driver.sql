-- sql/statements/k8s_app_driver.sql   $1 id, $2 pod, $3 its uid, $4 the driver's container. The first one that is
-- known stays.
UPDATE batch SET driver_pod = $2, object_uid = $3, driver_container = $4, message = NULL, changed_at = now()
WHERE id = $1::bigint AND operator_kind = 'client' AND finished_at IS NULL AND driver_pod IS NULL
RETURNING id

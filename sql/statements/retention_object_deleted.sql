-- sql/statements/retention_object_deleted.sql   $1 id.
UPDATE batch SET object_deleted_at = coalesce(object_deleted_at, now()) WHERE id = $1::bigint RETURNING id

-- sql/statements/batch_list.sql   $1 offset, $2 limit. Oldest first, as Livy lists; deleted ones are not listed.
SELECT * FROM batch_brief WHERE deleted_at IS NULL ORDER BY id OFFSET $1::bigint LIMIT $2::bigint

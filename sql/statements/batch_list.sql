-- sql/statements/batch_list.sql   $1 offset, $2 limit. Oldest first, as Livy lists; deleted ones are not listed.
-- With how many there are in all: an empty page has no row to say it, then batch_count.sql does.
SELECT (SELECT batch_listed_total()) AS total, * FROM batch_shown
WHERE deleted_at IS NULL AND id >= (SELECT batch_listed_at($1::bigint)) ORDER BY id LIMIT $2::bigint

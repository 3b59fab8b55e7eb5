-- sql/statements/batch_list_named.sql   $1 beginning of a name, $2 how many are many.
-- Few batches are sorted by id; of many, a page is soon found by looking at all batches in the order of ids. Counted in the
-- order of names, because a scan of the table may meet none of them for long.
SELECT count(*) AS batches FROM (
	SELECT FROM batch
	WHERE deleted_at IS NULL AND name IS NOT NULL AND name ~>=~ $1::text AND name ~<~ ($1::text || chr(1114111))
	ORDER BY name USING ~<~ LIMIT $2::int
) AS named

-- sql/statements/batch_unfinished.sql   $1 cluster, $2 id after which to go on, $3 how many at most, $4 pushed before.
-- For the comparison with a complete list: what was pushed before the list began and is not in it is gone.
SELECT * FROM batch_brief
WHERE cluster = $1 AND finished_at IS NULL AND id > $2::bigint AND pushed_at < $4::timestamptz
ORDER BY id
LIMIT $3::int

-- sql/statements/batch_driver_followed.sql   $1 cluster, $2 how many at most.
-- Batches whose object will tell no more although the driver may run on.
SELECT * FROM batch_brief
WHERE cluster = $1 AND driver_followed AND finished_at IS NULL
ORDER BY id
LIMIT $2::int

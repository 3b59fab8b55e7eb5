-- sql/statements/batch_other_operator.sql   $1 cluster, $2 the operator whose objects are watched, $3 id after which to go
-- on, $4 how many at most.
-- Unfinished batches of the other definition of SparkApplications, from before the cluster had another operator: they are
-- asked for one by one. Only Apache's operator has a definition of its own.
SELECT * FROM batch_brief
WHERE cluster = $1 AND finished_at IS NULL AND pushed_at IS NOT NULL AND operator_kind NOT IN ('none', 'client')
  AND (operator_kind = 'apache') <> ($2 = 'apache') AND id > $3::bigint
ORDER BY id
LIMIT $4::int

-- sql/statements/batch_turn_give.sql   $1 cluster, $2 its limits or null, $3 how many at most. Batches that have waited
-- and may run now, whose pushes anybody may claim from here on.
SELECT id FROM batch_turn_give($1, $2::jsonb, $3::int) AS id

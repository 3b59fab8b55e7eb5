-- sql/statements/batch_list_settle.sql   $1 how many ids, and changes, at most.
-- Batches that have come are counted by blocks of ids, by which a list finds its place.
SELECT batch_listed_settle($1::int) AS is_behind

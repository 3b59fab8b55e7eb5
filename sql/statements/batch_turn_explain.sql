-- sql/statements/batch_turn_explain.sql   $1 id, $2 limits of its cluster or null. What it waits for; null: not any more.
SELECT batch_turn_explain($1::bigint, $2::jsonb) AS message

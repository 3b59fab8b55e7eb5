-- sql/statements/batch_show.sql   $1 id.
SELECT * FROM batch_brief WHERE id = $1::bigint

-- sql/statements/batch_show_by_name.sql   $1 name. Names come back after a batch has finished: the newest one is meant.
SELECT * FROM batch_brief WHERE name = $1 ORDER BY id DESC LIMIT 1

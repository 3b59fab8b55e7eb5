-- sql/statements/batch_count.sql   no parameters. The "total" of the list.
SELECT count(*) AS total FROM batch WHERE deleted_at IS NULL

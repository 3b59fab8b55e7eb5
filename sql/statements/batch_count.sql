-- sql/statements/batch_count.sql   no parameters. The "total" of the list, counted by triggers.
SELECT sum(batches)::bigint AS total FROM batch_listed_count

-- sql/statements/batch_count.sql   no parameters. The "total" of the list, without counting it.
SELECT batch_listed_total() AS total

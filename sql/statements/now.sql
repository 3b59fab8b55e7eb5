-- sql/statements/now.sql   no parameters. One clock for all comparisons: the database's.
SELECT clock_timestamp()::text AS now

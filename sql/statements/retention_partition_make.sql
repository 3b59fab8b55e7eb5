-- sql/statements/retention_partition_make.sql   $1 batch_event or batch_log.
-- One more partition ahead, where one is missing. One watcher at a time: the lock ends with the statement.
SELECT batch_partition_make($1::regclass) AS name

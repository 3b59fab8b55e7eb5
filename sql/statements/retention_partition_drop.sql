-- sql/statements/retention_partition_drop.sql   $1 batch_event or batch_log.
-- The oldest partition of whose batches none is left, where there is one. One watcher at a time: the lock ends with the statement.
SELECT batch_partition_drop($1::regclass) AS name

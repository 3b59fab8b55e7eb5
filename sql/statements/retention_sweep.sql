-- sql/statements/retention_sweep.sql   $1 batch_event or batch_log, $2 batch from which on, $3 days, $4 how many batches to
-- look at, $5 how many rows at most.
-- Rows of batches that are gone, where their partition is not about to be dropped whole. next_id: where to go on, null: all
-- were looked at. One watcher at a time: the lock ends with the statement.
SELECT removed, next_id FROM batch_partition_sweep($1::regclass, $2::bigint, $3::int, $4::int, $5::int)

-- sql/statements/batch_log_position.sql   $1 id. How far the driver's log has been taken, and of which run it is.
SELECT log_lines_count, retries, coalesce(size_bytes, 0) AS size_bytes,
       coalesce(last_at_ns, 0) AS last_at_ns, coalesce(second_count, 0) AS second_count,
       coalesce(second_before_count, 0) AS second_before_count, coalesce(closed, false) AS closed
FROM batch LEFT JOIN batch_log_position ON batch_log_position.batch_id = batch.id
WHERE batch.id = $1::bigint

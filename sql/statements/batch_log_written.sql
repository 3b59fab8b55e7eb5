-- sql/statements/batch_log_written.sql   $1 id, $2 number of lines in all, $3 the last ones as a JSON array.
UPDATE batch SET log_lines_count = $2::bigint, log_tail = $3::jsonb WHERE id = $1::bigint RETURNING id

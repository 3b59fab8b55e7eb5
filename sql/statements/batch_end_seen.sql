-- sql/statements/batch_end_seen.sql   $1 id, $2 'success' or 'dead', $3 reason, $4 message, $5 exit code, $6 of which run (retries).
-- The first end that was seen counts, whatever becomes of the object before the log is complete.
UPDATE batch
SET end_state = $2::batch_state, end_reason = $3::batch_reason, end_message = $4, exit_code = $5::int, changed_at = now()
WHERE id = $1::bigint AND finished_at IS NULL AND end_state IS NULL AND retries = $6::int
RETURNING id

-- sql/statements/batch_waiting_note.sql   $1 id, $2 why it waits.
-- A batch that has moved on keeps its own message.
UPDATE batch SET message = $2, changed_at = now()
WHERE id = $1::bigint AND state = 'starting' AND finished_at IS NULL AND message IS DISTINCT FROM $2
RETURNING id

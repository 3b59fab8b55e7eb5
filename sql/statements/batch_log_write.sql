-- sql/statements/batch_log_write.sql   $1 id, $2 first line of the piece, $3 lines as a JSON array.
-- Archiving may be repeated after a crash; the newer reading of the same pod is the same or longer.
INSERT INTO batch_log (batch_id, first_line, lines)
SELECT $1::bigint, $2::bigint, coalesce(array_agg(line ORDER BY ordinality), '{}')
FROM json_array_elements_text($3::json) WITH ORDINALITY AS piece (line, ordinality)
ON CONFLICT (batch_id, first_line) DO UPDATE SET lines = excluded.lines

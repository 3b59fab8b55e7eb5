-- sql/statements/batch_log_append.sql   $1 id, $2 number of the first new line, $3 new lines as a JSON array, $4 bytes of
-- the whole log, $5 newest time, $6 lines of its second, $7 of the second before, $8 whether no more is kept.
-- Lines and position are one write, and only a writer that knows the last one may append: no row means that somebody
-- else did, or that this very write was done already; read the position again. The last piece grows until it is full.
WITH new_line AS (
	SELECT $2::bigint + ordinality - 1 AS number, line
	FROM jsonb_array_elements_text($3::jsonb) WITH ORDINALITY AS piece (line, ordinality)
), owner AS (
	UPDATE batch
	SET log_lines_count = $2::bigint + jsonb_array_length($3::jsonb),
	    log_tail = (SELECT coalesce(jsonb_agg(line ORDER BY ordinality), '[]')
			FROM (SELECT line, ordinality
			      FROM jsonb_array_elements(batch.log_tail || $3::jsonb) WITH ORDINALITY AS all_line (line, ordinality)
			      ORDER BY ordinality DESC LIMIT 10) newest)
	WHERE id = $1::bigint AND log_lines_count = $2::bigint
	RETURNING id
), piece AS (
	INSERT INTO batch_log (batch_id, first_line, lines)
	SELECT owner.id, number / 1000 * 1000, array_agg(line ORDER BY number)
	FROM owner, new_line
	GROUP BY owner.id, number / 1000 * 1000
	ON CONFLICT (batch_id, first_line) DO UPDATE SET lines = batch_log.lines || excluded.lines
), position AS (
	INSERT INTO batch_log_position (batch_id, size_bytes, last_at_ns, second_count, second_before_count, closed)
	SELECT id, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::boolean FROM owner
	ON CONFLICT (batch_id) DO UPDATE
	SET size_bytes = excluded.size_bytes, last_at_ns = excluded.last_at_ns, second_count = excluded.second_count,
	    second_before_count = excluded.second_before_count, closed = excluded.closed
)
SELECT id FROM owner

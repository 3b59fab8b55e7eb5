-- sql/statements/batch_log_page.sql   $1 id, $2 first line wanted (from 0), $3 how many. One row of lines as JSON.
-- Pieces begin at multiples of 1000, so only those that the page touches are read.
SELECT coalesce(json_agg(line ORDER BY number), '[]') AS lines
FROM (SELECT first_line + ordinality - 1 AS number, line
      FROM batch_log, unnest(lines) WITH ORDINALITY AS piece (line, ordinality)
      WHERE batch_id = $1::bigint
	AND first_line > $2::bigint - 1000 AND first_line < $2::bigint + $3::bigint) numbered
WHERE number >= $2::bigint AND number < $2::bigint + $3::bigint

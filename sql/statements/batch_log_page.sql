-- sql/statements/batch_log_page.sql   $1 id, $2 first line wanted (from 0), $3 how many. One row of lines as JSON.
-- Pieces begin at multiples of 1000, so only those that the page touches are read, and of each only what is wanted is taken.
SELECT coalesce(json_agg(line ORDER BY first_line, ordinality), '[]') AS lines
FROM (SELECT first_line, lines[greatest($2::bigint - first_line, 0) + 1 : least($2::bigint + $3::bigint - first_line, 1000)] AS part
      FROM batch_log
      WHERE batch_id = $1::bigint
	AND first_line > $2::bigint - 1000 AND first_line < $2::bigint + $3::bigint) AS piece,
     unnest(part) WITH ORDINALITY AS of_part (line, ordinality)

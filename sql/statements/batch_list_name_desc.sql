-- sql/statements/batch_list_name_desc.sql   a page of batches whose names begin alike and are few (batch_list_named), newest first.
-- $1 and $2 ids between which, exclusive, $3 how many, $4 how many to look at, $5 states, $6 owner, $7 cluster,
-- $8 name's beginning, $9 accepted from, $10 accepted before, $11 protocol; $5 to $11 may be null. What one page looks
-- at is bounded, so that it costs the same whatever it finds; the row says how far it has looked. Without a match its id
-- is null.
-- The names come first and alone: the planner would else look for them in the order of ids.
WITH named AS MATERIALIZED (
	SELECT id, state, owner, cluster, protocol, name, accepted_at FROM batch
	WHERE deleted_at IS NULL AND name IS NOT NULL AND name ~>=~ $8::text AND name ~<~ ($8::text || chr(1114111))
), looked AS MATERIALIZED (
	SELECT * FROM named WHERE id > $1::bigint AND id < $2::bigint ORDER BY id DESC LIMIT $4::int
), matched AS (
	SELECT id FROM looked
	WHERE ($5::batch_state[] IS NULL OR state = ANY ($5::batch_state[])) AND ($6::text IS NULL OR owner = $6::text)
	  AND ($7::text IS NULL OR cluster = $7::text) AND ($8::text IS NULL OR starts_with(name, $8::text))
	  AND ($9::timestamptz IS NULL OR accepted_at >= $9::timestamptz)
	  AND ($10::timestamptz IS NULL OR accepted_at < $10::timestamptz)
	  AND ($11::batch_protocol IS NULL OR protocol = $11::batch_protocol)
	ORDER BY id DESC LIMIT $3::int
)
SELECT seen.*, page.*
FROM (SELECT count(*) AS looked_count, min(id) AS looked_last FROM looked) AS seen
LEFT JOIN (
	-- OFFSET 0: a look-up an id, however wrong the estimates are
	SELECT batch.* FROM matched CROSS JOIN LATERAL (SELECT * FROM batch_shown WHERE batch_shown.id = matched.id OFFSET 0) AS batch
) AS page ON true
ORDER BY page.id DESC

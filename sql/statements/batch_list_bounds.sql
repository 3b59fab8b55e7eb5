-- sql/statements/batch_list_bounds.sql   $1 accepted from, $2 accepted before; both may be null.
-- Ids between which, exclusive, all batches of that time are. An id is drawn within moments of accepted_at, so what was
-- accepted a minute earlier has a lower one.
SELECT coalesce((SELECT id FROM batch WHERE accepted_at < $1::timestamptz - interval '1 minute'
		 ORDER BY accepted_at DESC, id DESC LIMIT 1), 0) AS low,
       coalesce((SELECT id FROM batch WHERE accepted_at > $2::timestamptz + interval '1 minute'
		 ORDER BY accepted_at, id LIMIT 1), 9223372036854775807) AS high

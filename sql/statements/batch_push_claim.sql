-- sql/statements/batch_push_claim.sql   $1 cluster, $2 claim in milliseconds, $3 how many at most.
-- Takes over pushes that nobody holds any more; never those of a batch to be killed. SKIP LOCKED, because a worker may
-- be paying one of them just now. The first is found without looking at the rest, however many an outage has left behind:
-- by the index in its order, each row with its batch; a join would read all of them for one.
WITH due AS (
	SELECT batch_id FROM batch_push
	WHERE cluster = $1 AND claimed_until < statement_timestamp()
	  AND (SELECT kill_requested_at IS NULL AND finished_at IS NULL FROM batch WHERE id = batch_id)
	ORDER BY claimed_until
	LIMIT $3::int
	FOR UPDATE SKIP LOCKED
), claimed AS (
	UPDATE batch_push SET claimed_until = clock_timestamp() + $2::int * interval '1 millisecond', tries = tries + 1
	WHERE batch_id = ANY (ARRAY(SELECT batch_id FROM due))
	RETURNING batch_id, object, tries
)
SELECT batch.*, claimed.object, claimed.tries FROM claimed JOIN batch ON batch.id = claimed.batch_id ORDER BY batch.id

-- SPDX-License-Identifier: Apache-2.0
-- How many batches may run and wait: who runs at once, who waits, who is refused, and whose turn is next.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(51);

-- Asks for a batch as a worker does; answers its id, or what there is too much of.
CREATE FUNCTION ask(limits jsonb, queue text DEFAULT NULL, usr text DEFAULT NULL, of_cluster text DEFAULT 'default', key text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer record;
BEGIN
	EXECUTE format('EXECUTE batch_accept(%L, ''livy'', NULL, NULL, %L, %L, ''spark'', ''kubeflow'', ''{}'', ''r'', ''{}'', ''5000'', %L, ''x'', 0, 10, NULL, %L, %L, NULL, NULL, 0, 15)',
		gen_random_uuid(), usr, of_cluster, key, queue, limits) INTO answer;
	RETURN coalesce(answer.full_of, answer.id::text);
END $$;
CREATE FUNCTION runs(batch_id text) RETURNS boolean LANGUAGE sql RETURN (SELECT admitted_at IS NOT NULL FROM batch WHERE id = batch_id::bigint);
CREATE FUNCTION says(batch_id text) RETURNS text LANGUAGE sql RETURN (SELECT message FROM batch WHERE id = batch_id::bigint);
CREATE FUNCTION ends(batch_id text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	UPDATE batch SET state = 'success', finished_at = now() WHERE id = batch_id::bigint;
END;
CREATE FUNCTION give(limits jsonb, most integer DEFAULT 50) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(coalesce(proxy_user, '') || ':' || coalesce(queue, ''), ' ' ORDER BY nr)
	FROM batch_turn_give('default', limits, most) WITH ORDINALITY AS given (id, nr) JOIN batch USING (id));

-- No limits.
SELECT ask(NULL) AS id \gset
SELECT ok(runs(:'id'), 'without limits a batch runs at once');
SELECT is(says(:'id'), NULL, 'and has nothing to say');
SELECT is_empty('SELECT FROM pg_locks WHERE locktype = ''advisory'' AND pid = pg_backend_pid()', 'nor waits it for anybody');
SELECT is(batch_limit('{"etl": 3, "*": 1}', 'etl'), 3, 'a name has its own limit');
SELECT is(batch_limit('{"etl": 3, "*": 1}', 'other'), 1, 'another has that of "*"');
SELECT is(batch_limit('{"etl": 3, "*": 1}', ''), 1, 'so has none at all');
SELECT is(batch_limit('{"etl": 3}', 'other'), NULL, 'without it there is no limit');
SELECT is(batch_limit('{"etl": 0, "*": 1}', 'etl'), 0, '0 is a limit');
TRUNCATE batch CASCADE;

-- Each limit.
\set limits '{"running": {"cluster": 3, "queues": {"etl": 1}, "users": {"ann": 2, "*": 1}}}'
SELECT ask(:'limits', 'etl', 'ann') AS one \gset
SELECT ok(runs(:'one'), 'below all limits a batch runs');
SELECT ask(:'limits', 'etl', 'ben') AS two \gset
SELECT ok(NOT runs(:'two'), 'a queue that is full lets it wait');
SELECT is(says(:'two'), 'waits for its turn: queue ''etl'' runs 1 of 1', 'and the row says so');
SELECT ok(claimed_until = 'infinity' AND tries = 0, 'its push is nobody''s to claim') FROM batch_push WHERE batch_id = :two;
SELECT is_empty('EXECUTE batch_push_claim(''default'', 1000, 10)', 'so nobody does');
SELECT is(message, says(:'two'), 'the event says so, too') FROM batch_event WHERE batch_id = :two AND kind = 'accepted';
SELECT ask(:'limits', NULL, 'ann') AS three \gset
SELECT ok(runs(:'three'), 'who has room and takes nobody''s place runs, whoever waits');
SELECT ask(:'limits', 'adhoc', 'ann') AS four \gset
SELECT is(says(:'four'), 'waits for its turn: user ''ann'' runs 2 of 2', 'a user who is full waits');
SELECT ask(:'limits', 'adhoc', 'cat') AS five \gset
SELECT ok(runs(:'five'), 'another user does not');
SELECT ask(:'limits', NULL, 'dan') AS six \gset
SELECT is(says(:'six'), 'waits for its turn: cluster ''default'' runs 3 of 3', 'a cluster that is full lets all wait');
SELECT ok(runs(ask(:'limits', 'etl', 'ann', 'other')), 'another cluster has its own');
SELECT is(batch_turn_explain(:six, :'limits'), 'waits for its turn: cluster ''default'' runs 3 of 3, 2 came before it', 'the place is told when it is asked for');
SELECT is(batch_turn_explain(:two, :'limits'), 'waits for its turn: cluster ''default'' runs 3 of 3, none came before it', 'as things are by then');
SELECT is(batch_turn_explain(:one, :'limits'), NULL, 'what does not wait has none');
SELECT is(give(:'limits'), NULL, 'where nothing is free nobody gets a turn');

-- Turns.
SELECT ends(:'five');
SELECT is(give(:'limits'), 'dan:', 'a place goes to the first whose queue and user have room');
SELECT ok(admitted_at IS NOT NULL AND message IS NULL AND state = 'accepted', 'the batch does not wait any more') FROM batch WHERE id = :six;
SELECT ok(claimed_until < 'infinity', 'its push may be claimed') FROM batch_push WHERE batch_id = :six;
SELECT is(actor, 'watcher', 'and the history has it') FROM batch_event WHERE batch_id = :six AND kind = 'admitted';
SELECT ends(:'one');
SELECT is(give(:'limits'), 'ben:etl', 'a queue and a user: both have room');
EXECUTE batch_kill_request(:'four', NULL, 'r', 'delete') \gset kill_
SELECT ends(:'three');
SELECT is(give(:'limits'), NULL, 'who is to be killed gets no turn');
SELECT is(batch_turn_explain(:four, :'limits'), NULL, 'and waits no more');
TRUNCATE batch CASCADE;

-- Fairness.
\set limits '{"running": {"cluster": 4, "users": {"*": 2}}}'
SELECT ask('{"running": {"cluster": 0}}', 'q', usr) FROM unnest('{ann,ann,ann,ann,ben,ben,cat,cat}'::text[]) WITH ORDINALITY AS asked (usr, nr) ORDER BY nr;
SELECT is(give(:'limits'), 'ann:q ben:q cat:q ann:q', 'users take turns, and among equals the first that came');
SELECT is(give(:'limits'), NULL, 'no more than there is room for');
SELECT ends(id::text) FROM batch WHERE proxy_user = 'ann' AND admitted_at IS NOT NULL;
SELECT is(give(:'limits'), 'ann:q ann:q', 'who has nothing running is next, then who came first');
TRUNCATE batch CASCADE;
SELECT ask(NULL, 'a', 'ann') FROM generate_series(1, 3);
SELECT ask('{"running": {"cluster": 0}}', queue, usr) FROM (VALUES (1, 'b', 'ben'), (2, 'b', 'ann'), (3, 'c', 'ann')) AS asked (nr, queue, usr) ORDER BY nr;
SELECT is(give('{"running": {"cluster": 4}}'), 'ben:b', 'of equals in their queues the one with fewer in the cluster');
SELECT is(give('{"running": {"cluster": 5}}'), 'ann:b', 'then the first');
SELECT is(give(NULL), 'ann:c', 'without limits nobody waits for ever');
TRUNCATE batch CASCADE;

-- How many may wait.
\set limits '{"running": {"cluster": 1}, "waiting": {"cluster": 3, "queues": {"etl": 1}, "users": {"ann": 1}}}'
SELECT ask(:'limits') AS first, ask(:'limits', 'etl', NULL, 'default', 'key') AS waiting \gset
SELECT is(ask(:'limits', 'etl'), 'queue ''etl'' of cluster ''default'' has 1 of 1 batches waiting', 'a queue has only so many places to wait');
SELECT is(count(*), 2::bigint, 'nothing of it is kept') FROM batch;
SELECT is(ask(:'limits', 'etl', NULL, 'default', 'key'), :'waiting', 'a repetition is no new batch, however full it is');
SELECT ok(NOT runs(ask(:'limits', NULL, 'ann')), 'another queue has places');
SELECT is(ask(:'limits', NULL, 'ann'), 'user ''ann'' of cluster ''default'' has 1 of 1 batches waiting', 'so has a user');
SELECT ok(NOT runs(ask(:'limits')), 'and the cluster');
SELECT is(ask(:'limits'), 'cluster ''default'' has 3 of 3 batches waiting', 'until it is full');
EXECUTE batch_kill_request(:'waiting', NULL, 'r', 'delete') \gset kill_
SELECT ok(NOT runs(ask(:'limits', 'etl')), 'who is killed makes room at once');
TRUNCATE batch CASCADE;
\set limits '{"running": {"queues": {"*": 1}}, "waiting": {"queues": {"adhoc": 0}}}'
SELECT ok(runs(ask(:'limits', 'etl', 'ann')), 'one of a queue runs');
SELECT ok(NOT runs(ask(:'limits', 'etl', 'ann')), 'the other waits');
SELECT ok(runs(ask(:'limits', 'adhoc', 'ben')), 'where nobody may wait one runs all the same, though others wait elsewhere');
SELECT is(ask(:'limits', 'adhoc', 'ben'), 'queue ''adhoc'' of cluster ''default'' has 0 of 0 batches waiting', 'and the next one is refused');
TRUNCATE batch CASCADE;

-- A place that has become free is of those that wait, even before they have it.
\set limits '{"running": {"cluster": 1}}'
SELECT ask(:'limits') AS first, ask(:'limits') AS second \gset
SELECT ends(:'first');
SELECT is(says(ask(:'limits')), 'waits for its turn', 'nobody overtakes who only waits for the watcher');
SELECT is(count(*), 1::bigint, 'of the two one gets it') FROM batch_turn_give('default', :'limits', 50);
SELECT ok(runs(:'second'), 'the one that waited');

SELECT finish();
ROLLBACK;

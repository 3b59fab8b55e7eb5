-- SPDX-License-Identifier: Apache-2.0
-- Partitions of events and logs: made ahead, never missing, dropped whole, swept where they stay. (Locks: test_growth.py.)
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(32);

CREATE FUNCTION make(first bigint, last bigint, age interval) RETURNS void LANGUAGE sql AS $$
	WITH made AS (
		INSERT INTO batch (id, uid, request_digest, protocol, cluster, namespace, operator_kind, request, state, accepted_at,
				   finished_at)
		OVERRIDING SYSTEM VALUE
		SELECT n, gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}', 'success', now() - age, now() - age
		FROM generate_series(first, last) AS n RETURNING id
	), event AS (
		INSERT INTO batch_event (batch_id, kind, state) SELECT id, 'accepted', 'accepted' FROM made
	)
	INSERT INTO batch_log SELECT id, n * 1000, '{x}' FROM made, generate_series(0, 1) AS n
$$;
CREATE FUNCTION rows_of(first bigint, last bigint) RETURNS bigint LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM batch_event WHERE batch_id BETWEEN first AND last)
	     + (SELECT count(*) FROM batch_log WHERE batch_id BETWEEN first AND last)
$$;
CREATE VIEW bounds AS SELECT of_table::text, from_id, to_id FROM batch_partition ORDER BY of_table::text, from_id NULLS FIRST;

-- Ahead
SELECT results_eq('SELECT from_id, to_id FROM bounds WHERE of_table = ''batch_log''',
	'VALUES (NULL::bigint, 10000::bigint), (10000, 20000), (20000, 30000), (30000, NULL)', 'migrate makes two ahead, and an open one');
SELECT set_eq('SELECT from_id, to_id FROM bounds WHERE of_table = ''batch_event''',
	'SELECT from_id, to_id FROM bounds WHERE of_table = ''batch_log''', 'of events as of logs');
EXECUTE retention_partition_make('batch_log') \gset made_
SELECT ok(NOT :{?made_name}, 'two ahead are enough');
SELECT make(1, 1, interval '6 days');
SELECT make(9999, 10000, interval '5 days');
SELECT results_eq('SELECT DISTINCT batch_id, tableoid::regclass::text FROM batch_log ORDER BY 1',
	$$VALUES (1::bigint, 'batch_log_0'), (9999, 'batch_log_0'), (10000, 'batch_log_10000')$$, 'each batch is in its partition');
EXECUTE retention_partition_make('batch_log') \gset made_
SELECT is(:'made_name'::text, 'batch_log_40000', 'one more is made when the next begins, of the least size');
SELECT results_eq('SELECT from_id, to_id FROM bounds WHERE of_table = ''batch_log'' AND from_id >= 30000',
	'VALUES (30000::bigint, 40000::bigint), (40000, NULL)', 'out of the open one');
EXECUTE retention_partition_make('batch_log') \gset made_
SELECT ok(NOT :{?made_name}, 'and no more');
SELECT make(25000, 25000, interval '3 hours'), make(35000, 35000, interval '3 hours');

-- Nobody has made any for long.
SELECT lives_ok('SELECT make(123456, 123456, interval ''2 hours'')', 'an id behind all of them finds its place');
EXECUTE retention_partition_make('batch_log') \gset made_
-- 123457 + the 123455 of this week
SELECT is(:'made_name'::text, 'batch_log_250000', 'the open one ends behind what it has, a week at its rate away');
EXECUTE retention_partition_make('batch_log') \gset made_
EXECUTE retention_partition_make('batch_log') \gset made_
EXECUTE retention_partition_make('batch_log') \gset again_
SELECT ok(:{?made_name} AND NOT :{?again_name}, 'and the next are made until two are ahead');
SELECT is(count(*), 2::bigint, 'of the size of that week') FROM batch_partition
WHERE of_table = 'batch_log'::regclass AND from_id > 123456 AND to_id - from_id BETWEEN 123455 AND 133455;
SELECT results_eq('SELECT first_line FROM batch_log WHERE batch_id = 123456 ORDER BY 1', 'VALUES (0::bigint), (1000)', 'nothing was moved');
SELECT lives_ok('SELECT make(9000000000000000, 9000000000000000, interval ''1 hour'')', 'nor is an id out of bounds');
DELETE FROM batch WHERE id = 9000000000000000;
DELETE FROM batch_event WHERE batch_id = 9000000000000000;
DELETE FROM batch_log WHERE batch_id = 9000000000000000;
SELECT throws_ok('UPDATE batch_event SET kind = ''x'' WHERE batch_id = 123456', '23000', NULL, 'an event of a new partition is never changed');
SELECT is(count(*), count(*) FILTER (WHERE reloptions @> '{autovacuum_freeze_min_age=0}'), 'each has its settings for vacuum')
FROM batch_partition JOIN pg_class ON pg_class.oid = name;
SELECT is(attcompression, (SELECT attcompression FROM pg_attribute WHERE attrelid = 'batch_log_0'::regclass AND attname = 'lines'),
	'and compresses as the first does') FROM pg_attribute WHERE attrelid = 'batch_log_250000'::regclass AND attname = 'lines';
SELECT throws_ok('INSERT INTO batch_log VALUES (123456, 0, ''{}'')', '23505', NULL, 'a piece of a log is there once');

-- Whole
EXECUTE retention_partition_drop('batch_log') \gset dropped_
SELECT ok(NOT :{?dropped_name}, 'a partition stays while one of its batches is kept');
DELETE FROM batch WHERE id IN (1, 9999);
EXECUTE retention_partition_drop('batch_log') \gset dropped_
SELECT is(:'dropped_name'::text, 'batch_log_0', 'it goes with the last one');
SELECT is_empty('SELECT FROM batch_log WHERE batch_id < 10000', 'with all its rows');
EXECUTE retention_partition_drop('batch_log') \gset dropped_
SELECT ok(NOT :{?dropped_name}, 'and no other');
DELETE FROM batch WHERE id = 10000;
UPDATE batch SET accepted_at = now() - interval '59 minutes' WHERE id = 25000;
EXECUTE retention_partition_drop('batch_log') \gset dropped_
SELECT ok(NOT :{?dropped_name}, 'an id may still be on its way in, an hour long');
UPDATE batch SET accepted_at = now() - interval '2 hours' WHERE id = 25000;
EXECUTE retention_partition_drop('batch_log') \gset dropped_
SELECT is(:'dropped_name'::text, 'batch_log_10000', 'not longer');
DELETE FROM batch;
EXECUTE retention_partition_drop('batch_event') \gset dropped_
SELECT ok(NOT :{?dropped_name}, 'nothing follows: the newest ones stay');

-- What stays is swept. 20000 to 29999 are one partition; of what came next the times tell when it was full.
DELETE FROM batch_event;
DELETE FROM batch_log;
SELECT make(20000, 20009, interval '97 days');
SELECT make(30000, 30000, interval '92 days');
DELETE FROM batch WHERE id BETWEEN 20000 AND 20008;
EXECUTE retention_sweep('batch_log', 0, 90, 100, 100) \gset swept_
SELECT is(:swept_removed, 0, 'what is about to be dropped whole is left alone');
SELECT is(rows_of(20000, 20008), 27::bigint, 'as it is');
-- the last one of it runs on
UPDATE batch SET accepted_at = now() - interval '98 days' WHERE id = 30000;
EXECUTE retention_sweep('batch_log', 0, 90, 100, 7) \gset swept_
SELECT is(format('%s from %s on', :swept_removed, :swept_next_id), '7 from 0 on', 'what should have been dropped by now is swept, some rows at a time');
EXECUTE retention_sweep('batch_log', 0, 90, 100, 100) \gset swept_
SELECT is(format('%s from %s on', :swept_removed, :swept_next_id), '11 from 30000 on', 'to its end, and on with the next partition');
EXECUTE retention_sweep('batch_event', 0, 90, 4, 100) \gset swept_
SELECT is(format('%s from %s on', :swept_removed, :swept_next_id), '4 from 20004 on', 'some batches at a time');
EXECUTE retention_sweep('batch_event', 20004, 90, 400, 100) \gset swept_
SELECT is(rows_of(20000, 20009), 3::bigint, 'and what runs on keeps its own');
SELECT make(30001, 30001, interval '1 day');
DELETE FROM batch WHERE id = 30001;
EXECUTE retention_sweep('batch_log', 30000, 0, 100, 100) \gset swept_
EXECUTE retention_sweep('batch_event', 30000, 0, 100, 100) \gset swept_
SELECT is(rows_of(30000, 30001), 3::bigint, 'of a batch that was removed by hand nothing stays, though retention removes none');
SELECT max(from_id) AS from_id FROM batch_partition WHERE of_table = 'batch_event'::regclass \gset open_
EXECUTE retention_sweep('batch_event', :open_from_id, 0, 100, 100) \gset swept_
SELECT ok(NOT :{?swept_next_id}, 'behind the last partition a round is over');

SELECT * FROM finish();
ROLLBACK;

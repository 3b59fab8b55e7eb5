-- SPDX-License-Identifier: Apache-2.0
-- Schema report: what its views say of batches whose figures are known, before and after they are in the sums.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(49);
\ir ../data/report/batches.sql

-- Everybody finds out what is what by \d+.
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = 'report'::regnamespace AND relkind = 'v'
	AND obj_description(oid, 'pg_class') IS NULL$$, 'every view says what it is for');
SELECT is_empty($$SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
	WHERE relnamespace = 'report'::regnamespace AND attnum > 0 AND col_description(attrelid, attnum) IS NULL$$,
	'and so does every column of every view');

-- What ends is owed, once.
SELECT is(count(*), 10::bigint, 'what has ended is owed to the sums, what has not is not') FROM batch_rollup_owed;
UPDATE batch SET deleted_at = now() WHERE name = 'etl';
SELECT is(count(*), 10::bigint, 'what changes after the end is not owed again') FROM batch_rollup_owed;

-- The same figures are wanted three times: nothing is in the sums, some of it, all of it.
CREATE FUNCTION figures(words text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN NEXT results_eq('SELECT day::text, batches, succeeded, failed, killed, success_rate FROM report.by_day',
		$want$VALUES ('2025-03-01', 3::bigint, 2::bigint, 1::bigint, 0::bigint, 0.6667), ('2025-03-02', 7, 2, 4, 1, 0.3333)$want$,
		words || ': by day');
	RETURN NEXT results_eq('SELECT team, batches, reasons FROM report.by_team',
		$want$VALUES ('data', 6::bigint, '{"exit_code": 2, "out_of_memory": 1}'::jsonb), ('ml', 2, '{"exit_code": 1}'),
		       (NULL, 2, '{"killed_by_user": 1, "refused": 1}')$want$, words || ': by team, with reasons');
	RETURN NEXT results_eq('SELECT team, day::text, currency, round(core_hours::numeric, 4), round(cost, 4) FROM report.cost_by_team_day
			       WHERE team IS NOT NULL ORDER BY 1, 2',
		$want$VALUES ('data', '2025-03-01', 'EUR', 6.0000, 0.3300), ('data', '2025-03-02', 'EUR', 5.3333, 0.5867),
		       ('ml', '2025-03-01', 'USD', 8.0000, 0.3520), ('ml', '2025-03-02', 'USD', 0.0667, 0.0029)$want$,
		words || ': cost of a team by the day''s price');
	RETURN NEXT results_eq('SELECT ran, round(run_p50_s::numeric, -2), queue_p50_s, round(queue_p99_s::numeric, -2)
			       FROM report.wait_percentiles WHERE day = ''2025-03-01''',
		$want$VALUES (3::bigint, 3800::numeric, 0::float8, 600::numeric)$want$, words || ': percentiles, within a tenth');
	RETURN NEXT results_eq('SELECT reason, sum(batches)::bigint FROM report.failure_reasons GROUP BY 1 ORDER BY 1',
		$want$VALUES ('exit_code', 3::bigint), ('killed_by_user', 1), ('out_of_memory', 1), ('refused', 1)$want$, words || ': reasons');
	PERFORM set_config('report.since', '2025-03-02', true);
	RETURN NEXT results_eq('SELECT "user", batches FROM report.by_user',
		$want$VALUES ('ann', 4::bigint), ('bob', 1), ('cat', 2)$want$, words || ': a range begins with its first day');
	PERFORM set_config('report.since', '', true), set_config('report.until', '2025-03-02', true);
	RETURN NEXT results_eq('SELECT "user", batches FROM report.by_user', $want$VALUES ('ann', 2::bigint), ('bob', 1)$want$,
		words || ': and ends before its last');
	PERFORM set_config('report.until', '', true);
END $$;
SELECT figures('nothing added');
EXECUTE rollup_add(4) \gset some_
SELECT is(:some_batches, 4, 'at most so many are added at once');
SELECT is(count(*), 6::bigint, 'and are no longer owed') FROM batch_rollup_owed;
SELECT figures('some added');
EXECUTE rollup_add(1000) \gset rest_
SELECT is(:rest_batches, 6, 'then the rest');
EXECUTE rollup_add(1000) \gset none_
SELECT is(:none_batches, 0, 'and nothing twice');
SELECT figures('all added');
SELECT is(sum(batches), 10::numeric, 'the sums have each batch once') FROM batch_rollup;
SELECT is(sum(batches), 28::numeric, 'and each time that it has: ten waits, nine starts, nine runs') FROM batch_rollup_time;

-- The other keys have the same shape.
SELECT results_eq('SELECT queue, batches FROM report.by_queue', $$VALUES ('etl', 6::bigint), ('gpu', 2), (NULL, 2)$$, 'by queue');
SELECT results_eq('SELECT cluster, batches FROM report.by_cluster', $$VALUES ('default', 8::bigint), ('west', 2)$$, 'by cluster');
SELECT results_eq('SELECT image, batches FROM report.by_image', $$VALUES ('spark:3.5', 2::bigint), ('spark:4', 7), (NULL, 1)$$, 'by image');
SELECT results_eq('SELECT protocol, batches FROM report.by_protocol', $$VALUES ('k8s', 1::bigint), ('livy', 7), ('spark_rest', 2)$$,
	'by protocol');

-- Batches themselves.
SELECT results_eq($$SELECT queue_s, start_s, run_s, core_hours, round(cost, 4), currency, team FROM report.batch
	WHERE name = 'etl' AND queue_s > 0$$, $$VALUES (60::float8, 20::float8, 3600::float8, 4::float8, 0.4400, 'EUR', 'data')$$,
	'a batch has its times, what it used and what that costs');
SELECT ok(row_to_json(batch)::text NOT LIKE '%not for reports%', 'and nothing of its request') FROM report.batch WHERE name = 'train' LIMIT 1;
SELECT results_eq('SELECT dag, task, run, batches, failed, state, run_s FROM report.airflow_runs',
	$$VALUES ('sales', 'load', 'scheduled__2025-03-02', 2::bigint, 1::bigint, 'success', 600::float8)$$,
	'both tries of a task are one line, which ends as the last one');
SET LOCAL report.since = '2025-03-01';
SELECT results_eq('SELECT name, batches, run_avg_s FROM report.slowest_names',
	$$VALUES ('train', 1::bigint, 7200::float8), ('etl', 2, 3600), ('report', 1, 300)$$, 'the slowest names, slowest first');
SELECT results_eq('SELECT name, changes, failed FROM report.flakiest_names',
	$$VALUES ('etl', 3::bigint, 2::bigint), ('report', 1, 1), ('train', 1, 1)$$, 'the flakiest names, flakiest first');
SELECT results_eq('SELECT cluster, queue, "user", batches, waiting_turn, waiting_push, starting, running, running_cores FROM report.now',
	$$VALUES ('default', 'etl', 'ann', 2::bigint, 1::bigint, 0::bigint, 0::bigint, 1::bigint, NULL::float8),
	         ('default', 'etl', 'bob', 1, 0, 0, 1, 0, NULL), ('default', NULL, 'bob', 2, 0, 1, 0, 1, NULL),
	         ('west', 'gpu', 'cat', 1, 0, 0, 0, 1, NULL)$$, 'what is under way');
SELECT results_eq('SELECT name, why, said, tries FROM report.stuck ORDER BY name',
	$$VALUES ('no-image', 'starting', 'ImagePullBackOff', NULL::integer), ('out-west', 'cluster silent', 'no route', NULL),
	         ('queued', 'waiting for its turn', NULL, NULL), ('unkillable', 'kill not confirmed', NULL, NULL),
	         ('unpushed', 'waiting for a push', 'connection refused', 7)$$, 'what is stuck, and why');
RESET report.since;

-- The label that names the team is a setting; days that are in the sums keep theirs.
UPDATE report_setting SET team_label = 'cost-center';
SELECT is(team, NULL, 'another label, another team') FROM report.batch WHERE name = 'etl' LIMIT 1;
SELECT is(count(*), 2::bigint, 'the sums keep theirs') FROM report.by_team WHERE team IS NOT NULL;

-- Retention takes batches, not sums, and no batch before it is in them.
INSERT INTO batch_rollup_owed SELECT min(id) FROM batch WHERE name = 'etl';
EXECUTE retention_batches(0, 1000) \gset gone_
SELECT is(:gone_batches, 9, 'a batch that is not in the sums is left by retention');
DELETE FROM batch_rollup_owed;
SELECT is(sum(batches), 10::numeric, 'the sums outlive their batches') FROM report.by_day;

-- A range is an index away.
SET LOCAL enable_seqscan = off;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RETURN QUERY EXECUTE 'EXPLAIN ' || query; END $$;
SET LOCAL report.since = '2025-03-02';
SELECT ok(string_agg(line, ' ') LIKE '%batch_accepted%', 'batches of a range by their time') FROM plan_of('SELECT * FROM report.batch') AS line;
SELECT ok(string_agg(line, ' ') LIKE '%batch_rollup_key%', 'and sums by their day') FROM plan_of('SELECT * FROM report.by_team') AS line;
SELECT ok(string_agg(line, ' ') LIKE '%batch_airflow%', 'and a DAG by its name')
FROM plan_of($$SELECT * FROM report.airflow_runs WHERE dag = 'sales'$$) AS line;

SELECT * FROM finish();
ROLLBACK;

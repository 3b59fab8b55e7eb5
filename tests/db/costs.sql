-- SPDX-License-Identifier: Apache-2.0
-- What a request costs does not grow with the ledger: no step of its plan reads more rows than its own.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(12);

-- As a worker has it after some requests: a plan for any values, made when the ledger was as it is now.
SET LOCAL plan_cache_mode = force_generic_plan;
INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request)
SELECT gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}' FROM generate_series(1, 3000);
INSERT INTO batch_push (batch_id, cluster, object, claimed_until) SELECT id, cluster, '{}', 'infinity' FROM batch;
ANALYZE batch;
ANALYZE batch_push;
SELECT max(id) AS id FROM batch \gset

CREATE FUNCTION most_rows(statement text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE ' || statement INTO plan;
	RETURN max(rows::integer) FROM jsonb_path_query(plan,
		'$.** ? (@.type() == "object").keyvalue() ? (@.key == "Actual Rows" || @.key starts with "Rows Removed").value') AS rows;
END $$;

SELECT is(most_rows($$batch_accept('10000000-0000-4000-8000-000000000001', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow',
	'{}', 'r', '{}', 1, 'key', 'x', 0, 10, NULL, NULL, NULL, NULL)$$), 1, 'a batch is accepted');
SELECT is(most_rows($$batch_repeated(NULL, 'key', 'x')$$), 1, 'found by its client''s key');
SELECT is(most_rows(format('batch_show(%s)', :id)), 1, 'shown');
SELECT is(most_rows(format('batch_show_state(%s)', :id)), 1, 'polled');
SELECT is(most_rows(format($$batch_push_deferred(%s, 1, 'away', 0)$$, :id)), 1, 'put off');
SELECT is(most_rows(format($$batch_pushed(%s, 'worker', 0)$$, :id)), 1, 'known to be in Kubernetes');
SELECT is(most_rows(format($$batch_move(%s, 'starting', 'running', NULL, NULL, NULL, NULL, 1, false, NULL, NULL, 0)$$, :id)), 1,
	  'seen to run');
SELECT is(most_rows(format($$batch_kill_request(%s, 'ann', 'r', 'delete')$$, :id)), 1, 'killed');

-- Of a log, and of what happened to a batch, one partition is read, however many there are, and of it what is wanted.
CREATE FUNCTION read_of(statement text, OUT partitions text, OUT blocks integer) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || statement INTO plan;
	SELECT string_agg(DISTINCT node ->> 'Relation Name', ' ') INTO partitions
	FROM jsonb_path_query(plan, '$.** ? (@."Relation Name" starts with "batch_")') AS node
	WHERE (node ->> 'Actual Loops')::integer > 0;
	blocks := (plan #>> '{0,Plan,Shared Hit Blocks}')::integer + (plan #>> '{0,Plan,Shared Read Blocks}')::integer;
END $$;
INSERT INTO batch_log SELECT id, piece * 1000, ARRAY(SELECT 'line ' || n FROM generate_series(1, 1000) AS n)
FROM (VALUES (1), (10001), (20001), (40001)) AS logged (id), generate_series(0, 299) AS piece;
INSERT INTO batch_event (batch_id, kind, state) SELECT id, 'x', 'accepted' FROM generate_series(1, 40000, 10) AS id, generate_series(1, 5);
ANALYZE batch_log;
ANALYZE batch_event;
SELECT is(partitions, 'batch_log_10000', 'a page of a log is in one partition') FROM read_of('EXECUTE batch_log_page(10001, 150000, 100)');
SELECT cmp_ok(blocks, '<=', 12, 'and reads its piece') FROM read_of('EXECUTE batch_log_page(10001, 150000, 100)');
SELECT is(partitions, 'batch_event_20000', 'so do the events of a batch')
FROM read_of('SELECT * FROM batch_event WHERE batch_id = 20001 ORDER BY id');
SELECT cmp_ok(blocks, '<=', 8, 'and read a few blocks') FROM read_of('SELECT * FROM batch_event WHERE batch_id = 20001 ORDER BY id');

SELECT * FROM finish();
ROLLBACK;

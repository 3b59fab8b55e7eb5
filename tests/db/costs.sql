-- SPDX-License-Identifier: Apache-2.0
-- What a request costs does not grow with the ledger: no step of its plan reads more rows than its own.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(8);

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

SELECT * FROM finish();
ROLLBACK;

-- SPDX-License-Identifier: Apache-2.0
-- Reports read of the ledger what they are asked for, and not all of it.
\set ON_ERROR_STOP on
BEGIN;
SELECT plan(5);

INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request, state, accepted_at, pushed_at,
		   started_at, finished_at, airflow_dag)
SELECT gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}', 'success', at, at, at + interval '5 s',
       at + interval '65 s', 'dag'
FROM generate_series(timestamptz '2025-01-01 12:00Z', '2025-10-27 12:00Z', '2 hours') AS at;
ANALYZE batch;
ANALYZE batch_rollup_owed;
SET LOCAL report.since = '2025-03-01';
SET LOCAL report.until = '2025-03-02';
-- in so short a ledger reading all of it costs nothing
SET LOCAL enable_seqscan = off;
SET LOCAL jit = off;

CREATE FUNCTION explained(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
	RETURN plan;
END $$;
CREATE FUNCTION batches_read(query text) RETURNS numeric LANGUAGE sql AS $$
	SELECT sum((step ->> 'Actual Loops')::numeric * ((step ->> 'Actual Rows')::numeric +
		   coalesce((step ->> 'Rows Removed by Filter')::numeric, 0)))
	FROM jsonb_path_query(explained(query), 'strict $.** ? (@."Relation Name" == "batch")') AS step
$$;

SELECT is((SELECT count(*) FROM batch_rollup_owed), (SELECT count(*) FROM batch), 'as after an upgrade all are owed to the sums');
SELECT is(batches_read('SELECT * FROM report.ended'), 12::numeric, 'of a day that is not in the sums its batches are read');
SELECT is(batches_read('SELECT * FROM report.ended_time'), 12::numeric, 'and of its times');
SELECT is(batches_read('SELECT * FROM report.airflow_runs'), 12::numeric, 'each is read once, where all is in one view');
-- thirty batches, each looked up for its other columns
SET LOCAL report.since = '2025-01-02';
SET LOCAL report.until = '2025-12-31';
SELECT is(batches_read('SELECT * FROM report.batch ORDER BY id DESC LIMIT 30'), 60::numeric,
	  'of a long range the newest batches are read from its end');

SELECT * FROM finish();
ROLLBACK;

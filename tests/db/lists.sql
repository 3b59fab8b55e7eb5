-- SPDX-License-Identifier: Apache-2.0
-- The number of listed batches, pages by position, and retention. (Concurrency: tests/http/test_lists.py.)
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(24);

CREATE VIEW counted AS
SELECT batch_listed_total() AS kept, (SELECT count(*) FROM batch WHERE deleted_at IS NULL) AS real;
CREATE FUNCTION make(count int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO batch (uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, state,
			   accepted_at, finished_at, pushed_at)
	SELECT gen_random_uuid(), '', 'livy', 'job' || n % 4 || '-' || n, 'user' || n % 5, CASE n % 3 WHEN 0 THEN 'west' ELSE 'default' END,
	       'spark', 'kubeflow', '{}', (CASE n % 2 WHEN 0 THEN 'dead' ELSE 'success' END)::batch_state, at, at, at
	FROM generate_series(1, count) AS n, LATERAL (SELECT now() - interval '100 days' + n * interval '6 hours' AS at) AS made
$$;

SELECT is(kept, 0::bigint, 'an empty ledger lists none') FROM counted;
SELECT make(200);
SELECT results_eq('SELECT kept, real FROM counted', 'VALUES (200::bigint, 200::bigint)', 'inserts are counted');
UPDATE batch SET deleted_at = now() WHERE owner = 'user1';
SELECT results_eq('SELECT kept, real FROM counted', 'VALUES (160::bigint, 160::bigint)', 'withdrawn ones are not listed');
UPDATE batch SET deleted_at = now() WHERE owner = 'user1';
SELECT results_eq('SELECT kept, real FROM counted', 'VALUES (160::bigint, 160::bigint)', 'a second time changes nothing');
UPDATE batch SET deleted_at = NULL WHERE owner = 'user1' AND cluster = 'west';
SELECT ok(kept = real, 'taken back ones are listed') FROM counted;
DELETE FROM batch WHERE owner = 'user2' OR owner = 'user1';
SELECT ok(kept = real AND real = 120, 'removed ones, listed or not') FROM counted;
SAVEPOINT before;
SELECT make(10);
ROLLBACK TO before;
SELECT ok(kept = real AND real = 120, 'what is rolled back was never counted') FROM counted;

-- ids between, how many, look at, states, owner, cluster, name's beginning, from, before
SELECT min(id) AS first, max(id) AS last FROM batch \gset
SELECT is(count(*), 6::bigint, 'each lead has both orders') FROM pg_prepared_statements
WHERE name IN ('batch_list_id_asc', 'batch_list_id_desc', 'batch_list_owner_asc', 'batch_list_owner_desc', 'batch_list_state_asc', 'batch_list_state_desc');
EXECUTE batch_list_id_asc(0, 9223372036854775807, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL) \gset asc_
SELECT is(:'asc_id'::bigint, :'first'::bigint, 'the oldest comes first');
EXECUTE batch_list_id_desc(0, 9223372036854775807, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL) \gset desc_
SELECT is(:'desc_id'::bigint, :'last'::bigint, 'or the newest');
EXECUTE batch_list_id_asc(:asc_id, 9223372036854775807, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL) \gset next_
SELECT cmp_ok(:'next_id'::bigint, '>', :'asc_id'::bigint, 'a page begins after its position');
EXECUTE batch_list_id_asc(0, 9223372036854775807, 10, 20, NULL, 'nobody', NULL, NULL, NULL, NULL, NULL) \gset none_
SELECT ok(NOT :{?none_id}, 'without a match there is no batch');
SELECT is(:'none_looked_count'::int, 20, 'but how many were looked at');
SELECT cmp_ok(:'none_looked_last'::bigint, '>=', :'first'::bigint + 19, 'and where to go on');
EXECUTE batch_list_named('job1-', 1000) \gset named_
SELECT is(:'named_batches'::bigint, count(*), 'names that begin alike are counted') FROM batch WHERE name LIKE 'job1-%';
EXECUTE batch_list_named('job', 7) \gset many_
SELECT is(:'many_batches'::int, 7, 'as far as one wants to know');

-- Retention
SELECT cluster FROM batch WHERE id = :first \gset
EXECUTE retention_objects(:'cluster', 24, 1) \gset object_
SELECT is(:'object_id'::bigint, :'first'::bigint, 'the object of what ended first is deleted first');
EXECUTE retention_object_deleted(:first) \gset gone_
EXECUTE retention_object_deleted(:first) \gset again_
EXECUTE retention_objects(:'cluster', 24, 1) \gset object_
SELECT isnt(:'object_id'::bigint, :'first'::bigint, 'and not once more');
SELECT is(:'again_id'::bigint, :'first'::bigint, 'that an object is gone may be said twice');
EXECUTE rollup_add(100000) \gset sums_
EXECUTE retention_batches(90, 10) \gset rows_
SELECT is(:'rows_batches'::int, 10, 'a step takes so many batches');
SELECT is_empty(format('SELECT FROM batch WHERE id = %s', :first), 'the oldest first');
SELECT ok(kept = real, 'and they are counted') FROM counted;
EXECUTE retention_batches(90, 100000) \gset rows_
SELECT is_empty('SELECT FROM batch WHERE finished_at < now() - interval ''90 days''', 'until none is too old');
SELECT isnt_empty('SELECT FROM batch WHERE finished_at > now() - interval ''90 days''', 'and no other is taken');

SELECT * FROM finish();
ROLLBACK;

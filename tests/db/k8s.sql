-- SPDX-License-Identifier: Apache-2.0
-- Half-sent submissions of --master k8s://: kept until they are complete, then a batch, once; or gone after a while.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(38);

-- k8s_begin: uid, namespace, pod, application, cluster, owner, config map, pod's JSON, seconds to live
\set one '30000000-0000-4000-8000-000000000001'
\set two '30000000-0000-4000-8000-000000000002'
EXECUTE k8s_begin(:'one', 'spark', 'pi-driver', 'spark-1', NULL, NULL, 'pi-map', '{"kind": "Pod"}', 300) \gset new_
SELECT is(:'new_uid'::text, :'one', 'a submission begins');
SELECT is(:'new_parts'::jsonb, '{}', 'without parts');
EXECUTE k8s_begin(:'two', 'spark', 'pi-driver', 'spark-2', NULL, NULL, 'other-map', '{"kind": "Pod"}', 300) \gset other_
SELECT is(:'other_uid'::text, :'one', 'a pod''s name has one submission');
SELECT is(:'other_app_id'::text, 'spark-1', 'which stays as it is');
EXECUTE k8s_begin(:'two', 'elsewhere', 'pi-driver', 'spark-2', NULL, NULL, 'other-map', '{"kind": "Pod"}', 300) \gset else_
SELECT is(:'else_uid'::text, :'two', 'in another namespace it is another');
SELECT throws_ok($$INSERT INTO k8s_submission VALUES (gen_random_uuid(), 'spark', 'pi-driver', 'a', NULL, NULL, 'm', '{}', '{}', now(), now())$$,
	'23505', NULL, 'the database itself sees to it');

-- k8s_part: uid, kind and name, object, how many at most, owner, how many bytes
SELECT isnt_empty(format($$EXECUTE k8s_part(%L, 'Service/a', '{"a": 1}', 2, NULL, 1000)$$, :'one'), 'a part is kept');
SELECT isnt_empty(format($$EXECUTE k8s_part(%L, 'Service/a', '{"a": 2}', 2, NULL, 1000)$$, :'one'), 'once more');
SELECT isnt_empty(format($$EXECUTE k8s_part(%L, 'Secret/b', '{}', 2, NULL, 1000)$$, :'one'), 'another one');
SELECT is_empty(format($$EXECUTE k8s_part(%L, 'Secret/c', '{}', 2, NULL, 1000)$$, :'one'), 'no more than are allowed');
SELECT isnt_empty(format($$EXECUTE k8s_part(%L, 'Secret/b', '{"b": 1}', 2, NULL, 1000)$$, :'one'), 'but the same again');
SELECT is_empty(format($$EXECUTE k8s_part(%L, 'Secret/b', '{"b": "much"}', 2, NULL, 40)$$, :'one'), 'not more bytes than are allowed');
SELECT is(parts, '{"Service/a": {"a": 2}, "Secret/b": {"b": 1}}', 'the last one counts') FROM k8s_submission WHERE uid = :'one';
SELECT is_empty($$EXECUTE k8s_part('30000000-0000-4000-8000-000000000009', 'Service/a', '{}', 2, NULL, 1000)$$, 'none of what never began');

-- k8s_show, k8s_show_by_pod
SELECT isnt_empty(format('EXECUTE k8s_show(%L, NULL)', :'one'), 'it is found by its uid');
SELECT isnt_empty('EXECUTE k8s_show_by_pod(''spark'', ''pi-driver'', NULL)', 'and by its pod');
SELECT is_empty('EXECUTE k8s_show_by_pod(''spark'', ''pi'', NULL)', 'not by another''s');
UPDATE k8s_submission SET owner = 'ann' WHERE uid = :'one';
SELECT is_empty(format('EXECUTE k8s_show(%L, NULL)', :'one'), 'another''s is not shown');
SELECT isnt_empty(format('EXECUTE k8s_show(%L, ''ann'')', :'one'), 'to its owner it is');
SELECT is_empty(format($$EXECUTE k8s_part(%L, 'Secret/b', '{}', 9, 'bob', 1000)$$, :'one'), 'nor does it take anybody''s parts');
SELECT is_empty('EXECUTE k8s_drop(''spark'', ''pi-driver'', ''bob'')', 'nor is it dropped by anybody');

-- k8s_accept: uid, name, cluster, request, request id, objects, claim ms, whole request, queue, limits, what it asks for
EXECUTE k8s_accept(:'one', 'pi', 'default', '{"a": 1}', 'req1', '{"pod": {}}', 5000, '{}', NULL, NULL, NULL) \gset done_
SELECT is(:'done_is_new'::boolean, true, 'complete, it is a batch');
SELECT is(ARRAY[protocol::text, name, owner, namespace, app_id, driver_pod, operator_kind, state::text],
	ARRAY['k8s', 'pi', 'ann', 'spark', 'spark-1', 'pi-driver', 'none', 'accepted'], 'with what was sent first') FROM batch WHERE uid = :'one';
SELECT is(object, '{"pod": {}}', 'the push that it owes is in the same commit') FROM batch_push WHERE batch_id = :done_id;
SELECT is_empty(format('EXECUTE k8s_show(%L, ''ann'')', :'one'), 'and nothing is half-sent any more');
EXECUTE k8s_accept(:'one', 'pi', 'default', '{"a": 1}', 'req1', '{"pod": {}}', 5000, '{}', NULL, NULL, NULL) \gset twice_
SELECT is(:'twice_id'::text, :'done_id', 'again it is the same batch');
SELECT is(:'twice_is_new'::boolean, false, 'and not a new one');
SELECT is(count(*), 1::bigint, 'with one event') FROM batch_event WHERE batch_id = :done_id;
-- by the limits of its cluster
\set full '{"running": {"cluster": 1}, "waiting": {"cluster": 0}}'
EXECUTE k8s_accept(:'two', 'pi', 'default', '{}', 'r', '{}', 1, '', NULL, :'full', NULL) \gset full_
SELECT is(:'full_full_of'::text, 'cluster ''default'' has 0 of 0 batches waiting', 'with a limit it may be refused');
SELECT isnt_empty(format('EXECUTE k8s_show(%L, NULL)', :'two'), 'and completed later');
EXECUTE k8s_accept(:'one', 'pi', 'default', '{"a": 1}', 'req1', '{"pod": {}}', 5000, '{}', NULL, :'full', NULL) \gset there_
SELECT is(:'there_id'::text, :'done_id', 'not when it is a batch already');

SELECT is_empty($$EXECUTE k8s_accept('30000000-0000-4000-8000-000000000009', 'pi', 'default', '{}', 'r', '{}', 1, '', NULL, NULL, NULL)$$,
	'what never began is no batch');

-- k8s_batch_by_pod: namespace, pod, cluster
EXECUTE k8s_batch_by_pod('spark', 'pi-driver', NULL) \gset by_
SELECT is(:'by_id'::text, :'done_id', 'a batch is found by its pod');
SELECT is_empty('EXECUTE k8s_batch_by_pod(''spark'', ''pi-driver'', ''other'')', 'in its cluster');

-- what is never completed
UPDATE k8s_submission SET expires_at = now() - interval '1 s' WHERE uid = :'two';
SELECT is_empty(format('EXECUTE k8s_show(%L, NULL)', :'two'), 'what has expired is not shown');
SELECT is_empty(format($$EXECUTE k8s_accept(%L, 'pi', 'default', '{}', 'r', '{}', 1, '', NULL, NULL, NULL)$$, :'two'), 'nor completed');
EXECUTE k8s_expire \gset expired_
SELECT is(:'expired_submissions'::text, '1', 'and goes');

SELECT ok(EXISTS (SELECT FROM pg_indexes WHERE indexname = 'batch_k8s_pod'), 'drivers are found by an index');
SELECT * FROM finish();
ROLLBACK;

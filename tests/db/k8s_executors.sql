-- SPDX-License-Identifier: Apache-2.0
-- Applications whose drivers ran before they were seen: one batch each, and what is heard of them.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(37);

-- k8s_app_accept: cluster, namespace, application, owner, name, request, request id, message
EXECUTE k8s_app_accept('default', 'spark', 'spark-1', 'ann', NULL, '{}', 'req1', 'not seen') \gset new_
SELECT is(ARRAY[protocol::text, state::text, owner, namespace, app_id, operator_kind, message],
	ARRAY['k8s', 'running', 'ann', 'spark', 'spark-1', 'client', 'not seen'], 'the first sight makes a batch that runs') FROM batch WHERE id = :new_id;
SELECT ok(pushed_at IS NOT NULL AND started_at IS NOT NULL, 'which owes nothing') FROM batch WHERE id = :new_id;
SELECT is_empty('SELECT FROM batch_push', 'no push');
SELECT is_empty($$EXECUTE k8s_app_accept('default', 'spark', 'spark-1', 'bob', 'x', '{}', 'req2', 'm')$$, 'the second sight makes none');
SELECT is(count(*), 1::bigint, 'there is one event') FROM batch_event;
SELECT isnt_empty($$EXECUTE k8s_app_accept('default', 'elsewhere', 'spark-1', NULL, 'x', '{}', 'r', 'm')$$, 'in another namespace it is another');
SELECT isnt_empty($$EXECUTE k8s_app_accept('other', 'spark', 'spark-1', NULL, 'x', '{}', 'r', 'm')$$, 'and in another cluster');

-- k8s_app_find: namespace, application, cluster
EXECUTE k8s_app_find('spark', 'spark-1', 'default') \gset found_
SELECT is(:'found_id'::text, :'new_id', 'it is found');
SELECT is(:'found_driver_marked'::boolean, false, 'its driver is not known');
SELECT isnt_empty($$EXECUTE k8s_app_find('spark', 'spark-1', NULL)$$, 'in any cluster');
SELECT is_empty($$EXECUTE k8s_app_find('spark', 'spark-2', NULL)$$, 'another is not');

-- k8s_app_heard: id
UPDATE k8s_application SET heard_at = now() - interval '1 hour' WHERE batch_id = :new_id;
SELECT isnt_empty(format('EXECUTE k8s_app_heard(%s)', :new_id), 'what was not heard of for long is');
SELECT is_empty(format('EXECUTE k8s_app_heard(%s)', :new_id), 'not at every request');

-- k8s_app_creating: id, milliseconds, name
SELECT isnt_empty(format('EXECUTE k8s_app_creating(%s, 60000, ''cli'')', :new_id), 'something may be made');
SELECT ok(creating_until > clock_timestamp() + interval '50 s', 'which takes its time') FROM k8s_application WHERE batch_id = :new_id;
SELECT isnt_empty(format('EXECUTE k8s_app_creating(%s, 1, ''other'')', :new_id), 'and something else');
SELECT ok(creating_until > clock_timestamp() + interval '50 s', 'the first one as long') FROM k8s_application WHERE batch_id = :new_id;
SELECT is(name, 'cli', 'the first name stays') FROM batch WHERE id = :new_id;

-- k8s_app_driver: id, pod, uid, container; k8s_app_marked: id
SELECT isnt_empty(format('EXECUTE k8s_app_driver(%s, ''me'', ''u'', ''base'')', :new_id), 'its driver is learned');
SELECT is_empty(format('EXECUTE k8s_app_driver(%s, ''you'', ''v'', NULL)', :new_id), 'once');
SELECT is(ARRAY[driver_pod, object_uid, driver_container, message], ARRAY['me', 'u', 'base', NULL], 'and kept') FROM batch WHERE id = :new_id;

-- k8s_app_due: cluster, silence, limit
EXECUTE k8s_app_due('default', 300, 10) \gset due_
SELECT is(ARRAY[:'due_id', :'due_driver_marked', :'due_is_silent', :'due_is_over'], ARRAY[:'new_id', 'f', 'f', 'f'], 'its labels are due');
EXECUTE k8s_app_marked(:new_id) \gset
SELECT is_empty(format($$SELECT 1 FROM k8s_application WHERE batch_id = %s AND NOT driver_marked$$, :new_id), 'then they are written');
UPDATE k8s_application SET heard_at = now() WHERE cluster = 'default';
SELECT is_empty($$EXECUTE k8s_app_due('default', 300, 10)$$, 'nothing is due');
UPDATE k8s_application SET heard_at = now() - interval '301 s' WHERE batch_id = :new_id;
EXECUTE k8s_app_due('default', 300, 10) \gset due_
SELECT is(ARRAY[:'due_id', :'due_is_silent', :'due_is_over'], ARRAY[:'new_id', 't', 'f'], 'a silent one is');
SELECT isnt_empty(format('EXECUTE k8s_app_look_later(%s, 10)', :new_id), 'it is put off');
SELECT is_empty($$EXECUTE k8s_app_due('default', 300, 10)$$, 'for a while');

-- k8s_app_stopped: id
SELECT isnt_empty(format('EXECUTE k8s_app_stopped(%s)', :new_id), 'its driver stops');
SELECT is_empty(format('EXECUTE k8s_app_stopped(%s)', :new_id), 'once');
EXECUTE k8s_app_due('default', 300, 10) \gset due_
SELECT is(ARRAY[:'due_id', :'due_is_over'], ARRAY[:'new_id', 'f'], 'its pod may still tell how');
UPDATE batch SET stopped_at = now() - interval '301 s' WHERE id = :new_id;
EXECUTE k8s_app_due('default', 300, 10) \gset due_
SELECT is(:'due_is_over'::text, 't', 'not for ever');
SELECT isnt_empty(format('EXECUTE k8s_app_creating(%s, 1, NULL)', :new_id), 'a driver that wants something again');
SELECT is(stopped_at, NULL, 'has not stopped') FROM batch WHERE id = :new_id;

-- a kill: nothing is made any more, and what may be being made is waited for
EXECUTE batch_kill_request(:new_id, NULL, NULL, 'kill') \gset
SELECT is_empty(format('EXECUTE k8s_app_creating(%s, 1, NULL)', :new_id), 'nothing is made for what is to be killed');
EXECUTE batch_kill_owed('default', 10) \gset owed_
SELECT is(:'owed_held'::boolean, true, 'a worker may be making something');
EXECUTE batch_move(:new_id, 'running', 'killed', 'killed_by_user', NULL, NULL, NULL, 1, 'f', NULL, NULL, 0) \gset
SELECT is_empty(format('SELECT FROM k8s_application WHERE batch_id = %s', :new_id), 'nothing is heard of what has ended');

SELECT ok(EXISTS (SELECT FROM pg_indexes WHERE indexname = 'batch_k8s_application'), 'applications are found by an index');
SELECT * FROM finish();
ROLLBACK;

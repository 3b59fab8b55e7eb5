-- SPDX-License-Identifier: Apache-2.0
-- The schema: what is there, and what the database itself does not allow, whoever asks.
\set ON_ERROR_STOP on
BEGIN;
SELECT plan(68);

SELECT set_eq('SELECT relname::text FROM pg_class WHERE relnamespace = ''public''::regnamespace AND relkind IN (''r'', ''p'') AND NOT relispartition',
	ARRAY['gateway', 'batch', 'batch_push', 'batch_event', 'batch_listed_block', 'batch_listed_border', 'batch_listed_change', 'batch_log', 'batch_log_position', 'cluster_watch', 'k8s_submission', 'k8s_application', 'batch_rollup', 'batch_rollup_time', 'batch_rollup_owed', 'report_price', 'report_setting', 'schema_migration'], 'these are the tables');
SELECT has_view('batch_brief');
SELECT has_pk(name) FROM unnest(ARRAY['gateway', 'batch', 'batch_push', 'batch_listed_block', 'batch_listed_border', 'batch_log', 'batch_log_position', 'cluster_watch', 'k8s_submission', 'k8s_application', 'batch_rollup_owed', 'report_price', 'report_setting']) name;
SELECT col_not_null('batch', name, name || ' is always known')
FROM unnest(ARRAY['uid', 'protocol', 'cluster', 'namespace', 'object_name', 'request', 'state', 'accepted_at']) name;
SELECT isnt(obj_description(name::regclass), NULL, name || ' has a comment for whoever uses psql')
FROM unnest(ARRAY['batch_rollup', 'batch_rollup_time', 'batch_measured', 'batch_partition', 'gateway', 'batch', 'batch_push', 'batch_event', 'batch_listed_block', 'batch_listed_border', 'batch_listed_change', 'batch_log', 'batch_log_position', 'cluster_watch', 'k8s_submission', 'k8s_application', 'batch_rollup_owed', 'report_price', 'report_setting']) name;
SELECT has_index('batch', name::name, name || ' exists') FROM unnest(ARRAY['batch_name_unfinished', 'batch_unfinished', 'batch_kill_owed']) name;
SELECT index_is_unique('batch_name_unfinished');
SELECT index_is_unique('batch_uid');

-- One gateway, with a key that fits into a label.
SELECT matches((SELECT key FROM gateway), '^[0-9a-f]{8}$', 'the gateway has a key of its own');
SELECT throws_ok('INSERT INTO gateway DEFAULT VALUES', '23505', NULL, 'there is one gateway a database');

CREATE FUNCTION new_batch(name text, OUT id bigint) LANGUAGE sql AS $$
	INSERT INTO batch (uid, request_digest, protocol, name, cluster, namespace, operator_kind, request)
	VALUES (gen_random_uuid(), '', 'livy', $1, 'default', 'spark', 'kubeflow', '{}') RETURNING id $$;

SELECT is(new_batch('first'), 1::bigint, 'ids begin at 1');
SELECT is((SELECT object_name FROM batch WHERE id = 1), (SELECT 'sg-1-' || left(uid::text, 8) FROM batch WHERE id = 1),
	'the object''s name follows from the row alone');
SELECT cmp_ok(length('sg-999999999999999-12345678'), '<=', 30, 'and has room for what Spark appends to it');
SELECT throws_ok('UPDATE batch SET object_name = ''x''', '428C9', NULL, 'nobody can give the object another name');
SELECT throws_ok('INSERT INTO batch (id, uid, request_digest, protocol, cluster, namespace, operator_kind, request)
	VALUES (7, gen_random_uuid(), '''', ''livy'', ''c'', ''n'', ''k'', ''{}'')', '428C9', NULL, 'nobody can choose an id');

-- Names.
SELECT throws_ok('SELECT new_batch(''first'')', '23505', NULL, 'an unfinished batch''s name is taken');
SELECT lives_ok('SELECT new_batch(NULL), new_batch(NULL)', 'batches without a name do not meet');
UPDATE batch SET state = 'success', finished_at = now() WHERE id = 1;
SELECT lives_ok('SELECT new_batch(''first'')', 'a finished batch''s name is free again');
UPDATE batch SET deleted_at = now() WHERE name = 'first' AND finished_at IS NULL;
SELECT lives_ok('SELECT new_batch(''first'')', 'a deleted batch''s name is free again');

-- A final state is written once.
SELECT throws_ok('UPDATE batch SET state = ''dead'' WHERE id = 1', '23000', NULL, 'a final state never changes');
SELECT throws_ok('UPDATE batch SET exit_code = 9 WHERE id = 1', '23000', NULL, 'nor does its exit code');
SELECT throws_ok('UPDATE batch SET finished_at = now() + interval ''1 s'' WHERE id = 1', '23000', NULL, 'nor does its time');
SELECT throws_ok('UPDATE batch SET reason = ''exit_code'', message = ''x'' WHERE id = 1', '23000', NULL, 'nor its reason');
SELECT throws_ok('UPDATE batch SET state = ''running'', finished_at = NULL WHERE id = 1', '23000', NULL, 'nor does it come back to life');
SELECT lives_ok('UPDATE batch SET deleted_at = now(), log_lines_count = 3 WHERE id = 1', 'what is no part of the end may still change');
SELECT throws_ok('UPDATE batch SET state = ''success'' WHERE finished_at IS NULL', '23514', NULL, 'a final state has a time');
SELECT throws_ok('UPDATE batch SET finished_at = now() WHERE finished_at IS NULL', '23514', NULL, 'and only a final state has');

-- The audit.
INSERT INTO batch_event (batch_id, kind, state) VALUES (1, 'accepted', 'accepted');
SELECT throws_ok('UPDATE batch_event SET kind = ''x''', '23000', NULL, 'an event is never changed');
SELECT lives_ok('DELETE FROM batch WHERE id = 1', 'it holds no batch back');

SELECT * FROM finish();
ROLLBACK;

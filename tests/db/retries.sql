-- SPDX-License-Identifier: Apache-2.0
-- A batch that is run again: one commit instead of an end, and nothing of an earlier run counts any more.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(34);

EXECUTE batch_accept('30000000-0000-4000-8000-000000000001', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{"spec": 1}', '5000', NULL, '', 2, 3600, '{exit_code,evicted}', NULL, NULL, NULL, NULL, 0, 15) \gset
SELECT is(ARRAY[retry_max::text, retry_interval_s::text, retry_reasons::text, retries::text], '{2,3600,"{exit_code,evicted}",0}', 'a batch keeps when it is to be run again') FROM batch WHERE id = :id;
EXECUTE batch_pushed(:id, 'worker', 0) \gset
EXECUTE batch_move(:id, 'starting', 'running', NULL, NULL, 'spark-1', 'pod-1', 1, 't', NULL, 'object-1', 0) \gset
EXECUTE batch_log_append(:id, 0, '["a", "b"]', 4, 1000, 2, 1, false) \gset
EXECUTE batch_end_seen(:id, 'dead', 'exit_code', 'it failed', 3, 0) \gset

SELECT isnt_empty(format($$EXECUTE batch_retry(%s, 0, 'exit_code', E'it\nfailed', 3, '{"spec": 2}')$$, :id), 'it is run again');
SELECT ok(state = 'starting' AND retries = 1 AND attempts = 2 AND finished_at IS NULL AND started_at IS NOT NULL, 'the next run is counted, and it has not ended') FROM batch WHERE id = :id;
SELECT ok((end_state, end_reason, end_message, exit_code, app_id, driver_pod, object_uid, pushed_at, reason) IS NULL AND NOT driver_followed,
	'what belonged to the first run is gone') FROM batch WHERE id = :id;
SELECT matches(message, E'^run 1 of 3 failed: it\nfailed, and the next begins at \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$', 'its message says what it waits for') FROM batch WHERE id = :id;
SELECT is((SELECT object FROM batch_push WHERE batch_id = :id), '{"spec": 2}'::jsonb, 'the push that it owes is in the same commit');
SELECT ok((SELECT claimed_until > clock_timestamp() + interval '59 min' AND tries = 0 FROM batch_push WHERE batch_id = :id), 'and is due when the interval is over');
SELECT results_eq(format($$SELECT kind, state::text, reason::text, message ~ '^run 1 of 3 failed: .* \(exit code 3\)$' FROM batch_event WHERE batch_id = %s ORDER BY id DESC LIMIT 1$$, :id),
	$$VALUES ('retry', 'starting', 'exit_code', true)$$, 'so is the event');
SELECT is(log_lines_count, 3::bigint, 'so is a line between the logs of two runs') FROM batch WHERE id = :id;
SELECT ok(lines[3] ~ '^\(sparkgate: run 1 of 3 failed: it failed, and the next begins at .*\)$' AND log_tail ->> -1 = lines[3], 'which is one line')
FROM batch JOIN batch_log ON batch_id = id WHERE id = :id;
EXECUTE batch_log_position(:id) \gset at_
SELECT is(ARRAY[:'at_log_lines_count', :'at_retries', :'at_size_bytes', :'at_last_at_ns', :'at_second_count', :'at_second_before_count']::text[],
	'{3,1,4,0,0,0}', 'the next driver''s log is read from its beginning');

-- Whoever still speaks of the first run is not heard.
SELECT is_empty(format($$EXECUTE batch_retry(%s, 0, 'exit_code', 'it failed', 3, '{"spec": 3}')$$, :id), 'once');
SELECT is_empty(format($$EXECUTE batch_log_append(%s, 2, '["c"]', 6, 1001, 1, 0, false)$$, :id), 'no line of it comes late');
SELECT is_empty(format($$EXECUTE batch_move(%s, 'starting', 'dead', 'failed', 'late', NULL, NULL, 1, false, 1, 'object-1', 0)$$, :id), 'no end');
SELECT is_empty(format($$EXECUTE batch_end_seen(%s, 'dead', 'failed', 'late', 1, 0)$$, :id), 'nor that one was seen');
SELECT is_empty(format($$EXECUTE batch_refused(%s, 'late', 0)$$, :id), 'no refusal');
EXECUTE batch_pushed(:id, 'worker', 0) \gset late_
SELECT ok(:'late_retries' = '1' AND pushed_at IS NULL, 'its push is not the next run''s') FROM batch WHERE id = :id;
SELECT lives_ok(format($$EXECUTE batch_push_deferred(%s, 0, 'late', 0)$$, :id), 'nor is that it was put off');
SELECT ok((SELECT claimed_until > clock_timestamp() + interval '59 min' FROM batch_push WHERE batch_id = :id), 'which is still owed, and in its time');
SELECT is_empty($$EXECUTE batch_push_claim('default', 5000, 10)$$, 'nobody takes it before');

-- A kill before the next run waits for nobody: the push was in no one's hands.
SAVEPOINT waiting;
EXECUTE batch_kill_request(:id, NULL, 'r', 'delete') \gset
EXECUTE batch_kill_owed('default', 10) \gset owed_
SELECT ok(:'owed_id' = :'id' AND NOT :'owed_held'::boolean, 'a kill between two runs need not wait');
UPDATE batch_push SET claimed_until = clock_timestamp() - interval '1 s' WHERE batch_id = :id;
SELECT is_empty($$EXECUTE batch_push_claim('default', 5000, 10)$$, 'and no object is made any more');
SELECT is_empty(format($$EXECUTE batch_retry(%s, 1, 'exit_code', 'it failed', 3, '{}')$$, :id), 'nor is it run again');
ROLLBACK TO waiting;

-- The second run.
UPDATE batch_push SET claimed_until = clock_timestamp() - interval '1 s' WHERE batch_id = :id;
EXECUTE batch_push_claim('default', 5000, 10) \gset claim_
SELECT is(ARRAY[:'claim_id', :'claim_retries', :'claim_tries']::text[], ARRAY[:'id', '1', '1'], 'then the push is anybody''s');
EXECUTE batch_kill_request(:id, NULL, 'r', 'kill') \gset
EXECUTE batch_kill_owed('default', 10) \gset owed_
SELECT ok(:'owed_held'::boolean, 'and a kill waits for whoever has it in hand');
UPDATE batch SET kill_requested_at = NULL WHERE id = :id;
EXECUTE batch_pushed(:id, 'watcher', 1) \gset pushed_
SELECT ok(:'pushed_pushed_at' <> '' AND NOT EXISTS (SELECT FROM batch_push WHERE batch_id = :id), 'a push of this run counts');
EXECUTE batch_log_append(:id, 3, '["c", "d", "e", "f", "g", "h", "i"]', 18, 2000, 1, 0, false) \gset
EXECUTE batch_retry(:id, 1, 'evicted', NULL, NULL, '{}') \gset
SELECT is(log_lines_count, 11::bigint, 'a second line stands behind the second log') FROM batch WHERE id = :id;
SELECT is(jsonb_array_length(log_tail), 10, 'ten lines are the tail') FROM batch WHERE id = :id;
SELECT is((SELECT cardinality(lines) FROM batch_log WHERE batch_id = :id), 11, 'and all of them are kept');
SELECT ok(message LIKE 'run 2 of 3 failed: evicted, and %' AND attempts = 3, 'without a message there is the reason') FROM batch WHERE id = :id;
SELECT is_empty(format($$EXECUTE batch_retry(%s, 2, 'exit_code', 'it failed', 3, '{}')$$, :id), 'no retry is left after the last');

EXECUTE batch_refused(:id, 'no such namespace', 2) \gset
SELECT ok(state = 'error' AND log_lines_count = 12 AND log_tail ->> -1 = 'no such namespace', 'what cannot be pushed any more is refused, behind the logs')
FROM batch WHERE id = :id;
SELECT is((SELECT lines[12] FROM batch_log WHERE batch_id = :id), 'no such namespace', 'which are all kept');
SET session_replication_role = replica;
UPDATE batch SET finished_at = now() - interval '25 hours' WHERE id = :id;
EXECUTE retention_objects('default', 24, 10) \gset old_
SELECT is(:'old_id'::text, :'id', 'the objects of its runs are taken away, though the last was never made');

SELECT * FROM finish();

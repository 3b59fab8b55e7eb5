-- SPDX-License-Identifier: Apache-2.0
-- What each statement does, and that a repetition of it does no harm.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(96);

SELECT is(count(*), :statements::bigint, 'every file of sql/statements prepares on a fresh schema') FROM pg_prepared_statements;

-- batch_accept: uid, protocol, name, owner, proxy_user, cluster, namespace, operator, request, request id, spec, claim ms, key, whole request,
-- retries at most, seconds before each, reasons, queue, limits, what it asks for, why it is not pushed now, milliseconds since then, seconds of silence
\set uid '10000000-0000-4000-8000-000000000001'
EXECUTE batch_accept(:'uid', 'livy', 'one', NULL, NULL, 'default', 'spark', 'kubeflow', '{"a": 1}', 'req1', '{"spec": 1}', '5000', NULL, '{"a": 1}', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset new_
SELECT is(:'new_is_new'::boolean, true, 'a batch is accepted');
SELECT is(:'new_state'::text, 'accepted', 'its state is accepted');
SELECT is(:'new_uid'::text, :'uid', 'it has the uid that it was given');
SELECT is((SELECT object FROM batch_push WHERE batch_id = :new_id), '{"spec": 1}'::jsonb, 'the push that it owes is in the same commit');
SELECT ok((SELECT claimed_until > clock_timestamp() + interval '3 s' FROM batch_push WHERE batch_id = :new_id), 'and claimed by whoever accepted it');
SELECT results_eq(format('SELECT kind, state::text, request_id FROM batch_event WHERE batch_id = %s', :new_id),
	$$VALUES ('accepted', 'accepted', 'req1')$$, 'and so is the event');
EXECUTE batch_accept(:'uid', 'livy', 'one', NULL, NULL, 'default', 'spark', 'kubeflow', '{"a": 1}', 'req1', '{"spec": 1}', '5000', NULL, '{"a": 1}', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset twice_
SELECT is(:'twice_id'::text, :'new_id', 'the same uid again is the same batch');
SELECT is(:'twice_is_new'::boolean, false, 'and not a new one');
SELECT is(count(*), 1::bigint, 'there is one row') FROM batch;
SELECT is(count(*), 1::bigint, 'one push') FROM batch_push;
SELECT is(count(*), 1::bigint, 'and one event') FROM batch_event;

-- A client's key makes the uid.
EXECUTE batch_accept('10000000-0000-4000-8000-000000000002', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '1', 'key', 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset key_
EXECUTE batch_accept('10000000-0000-4000-8000-000000000003', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '1', 'key', 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset again_
SELECT is(:'again_id'::text, :'key_id', 'the same key is the same batch, whichever worker has it');
SELECT is(:'again_is_same'::boolean, true, 'the request is the same');
EXECUTE batch_accept('10000000-0000-4000-8000-000000000004', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '1', 'key', 'y', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset other_
SELECT is(:'other_is_same'::boolean, false, 'another request with that key is seen to be another');
EXECUTE batch_accept('10000000-0000-4000-8000-000000000005', 'livy', NULL, 'ann', NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '1', 'key', 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset ann_
SELECT isnt(:'ann_id'::text, :'key_id', 'another owner''s key is another key');

-- What is not pushed now: of a batch that nobody sees again below, and whose deletion takes what it owes.
EXECUTE batch_accept('10000000-0000-4000-8000-000000000009', 'livy', NULL, NULL, NULL, 'distant', 'spark', 'kubeflow', '{}', 'r', '{}', '60000', NULL, 'x', 0, 10, NULL, NULL, NULL, NULL, 'away', 500, 15) \gset put_off_
SELECT is(:'put_off_message'::text, 'away', 'what is not pushed now says why');
SELECT ok(tries = 0 AND last_error = 'away', 'nobody has had it in hand') FROM batch_push WHERE batch_id = :put_off_id;
SELECT is(:'put_off_is_followed'::boolean, false, 'no watcher hears of a cluster that none has noted');
EXECUTE batch_push_claim('distant', 1000, 10) \gset distant_
SELECT is(:'distant_id'::text, :'put_off_id', 'and anybody may push it at once');
INSERT INTO cluster_watch (cluster, watcher, leased_at, heard_at) VALUES ('distant', 'w', now(), now() - interval '10 s');
EXECUTE batch_accept('10000000-0000-4000-8000-000000000010', 'livy', NULL, NULL, NULL, 'distant', 'spark', 'kubeflow', '{}', 'r', '{}', '1', NULL, 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset heard_
SELECT is(:'heard_is_followed'::boolean, true, 'a watcher that had a word of it follows it');
EXECUTE batch_accept('10000000-0000-4000-8000-000000000011', 'livy', NULL, NULL, NULL, 'distant', 'spark', 'kubeflow', '{}', 'r', '{}', '1', NULL, 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 5) \gset unheard_
SELECT is(:'unheard_is_followed'::boolean, false, 'but not one whose last word is too long ago');
EXECUTE batch_accept('10000000-0000-4000-8000-000000000013', 'livy', NULL, NULL, NULL, 'distant', 'spark', 'kubeflow', '{}', 'r', '{}', '60000', NULL, 'x', 0, 10, NULL, NULL, NULL, NULL, 'away', 20000, 15) \gset heard_since_
SELECT ok(message IS NULL AND tries = 1 AND last_error IS NULL, 'what a watcher has heard since then counts more') FROM batch JOIN batch_push ON batch_id = id WHERE id = :heard_since_id;
SELECT lives_ok('EXECUTE cluster_watch_note(''distant'', ''w'', ''left'', NULL)', 'a watcher notes that it leaves');
EXECUTE batch_accept('10000000-0000-4000-8000-000000000014', 'livy', NULL, NULL, NULL, 'distant', 'spark', 'kubeflow', '{}', 'r', '{}', '1', NULL, 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset left_
SELECT is(:'left_is_followed'::boolean, false, 'nor one that has left');
UPDATE cluster_watch SET last_error = 'cut off', left_at = NULL WHERE cluster = 'distant';
EXECUTE batch_accept('10000000-0000-4000-8000-000000000012', 'livy', NULL, NULL, NULL, 'distant', 'spark', 'kubeflow', '{}', 'r', '{}', '1', NULL, 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset cut_off_
SELECT is(:'cut_off_is_followed'::boolean, false, 'nor one that is cut off');
DELETE FROM cluster_watch WHERE cluster = 'distant';
DELETE FROM batch WHERE cluster = 'distant';
SELECT is_empty('SELECT FROM batch_push WHERE cluster = ''distant''', 'what a deleted batch owed goes with it');

-- batch_move: id, expected, wanted, reason, message, app id, pod, attempts, follow, exit code, object uid, run
EXECUTE batch_move(:'new_id', 'accepted', 'running', NULL, NULL, 'spark-1', 'pod-1', '1', 'f', NULL, 'object-1', 0) \gset moved_
SELECT is(:'moved_id'::text, :'new_id', 'a move from the expected state is won');
SELECT ok(started_at IS NOT NULL AND finished_at IS NULL AND app_id = 'spark-1' AND driver_pod = 'pod-1', 'running has a start and what was learned') FROM batch WHERE id = :new_id;
SELECT is_empty(format('EXECUTE batch_move(%L, ''accepted'', ''dead'', NULL, NULL, NULL, NULL, 1, false, 1, NULL, 0)', :'new_id'), 'a move from another state is lost');
SELECT is(state::text, 'running', 'and changes nothing') FROM batch WHERE id = :new_id;
EXECUTE batch_move(:'new_id', 'running', 'running', NULL, NULL, NULL, NULL, '2', 't', NULL, 'object-2', 0) \gset same_
SELECT ok(driver_followed AND attempts = 2 AND app_id = 'spark-1' AND object_uid = 'object-1', 'what is merely learned is kept, and what is not said stays') FROM batch WHERE id = :new_id;
SELECT is(count(*), 2::bigint, 'but is no event') FROM batch_event WHERE batch_id = :new_id;
EXECUTE batch_end_seen(:'new_id', 'success', NULL, NULL, '0', 0) \gset end_
SELECT ok(state = 'running' AND end_state = 'success' AND exit_code = 0, 'an end is written before the state') FROM batch WHERE id = :new_id;
SELECT is_empty(format('EXECUTE batch_end_seen(%L, ''dead'', ''failed'', ''late'', 1, 0)', :'new_id'), 'the first one that is seen counts');
EXECUTE batch_move(:'new_id', 'running', 'success', NULL, NULL, NULL, NULL, '1', 'f', '0', NULL, 0) \gset done_
SELECT ok(finished_at IS NOT NULL, 'a final state has its time') FROM batch WHERE id = :new_id;
SELECT is_empty(format('SELECT FROM batch_push WHERE batch_id = %s', :new_id), 'and nothing is owed any more');
SELECT is_empty(format('EXECUTE batch_move(%L, ''success'', ''dead'', NULL, NULL, NULL, NULL, 1, false, 1, NULL, 0)', :'new_id'), 'nothing moves a final state');
SELECT is_empty(format('EXECUTE batch_end_seen(%L, ''dead'', ''failed'', ''late'', 1, 0)', :'new_id'), 'nor does a later end');
SELECT results_eq(format('SELECT kind, state::text FROM batch_event WHERE batch_id = %s ORDER BY id', :new_id),
	$$VALUES ('accepted', 'accepted'), ('state', 'running'), ('state', 'success')$$, 'the events tell the story');

-- batch_pushed
EXECUTE batch_pushed(:'key_id', 'worker', 0) \gset pushed_
SELECT is(:'pushed_state'::text, 'starting', 'a pushed batch is starting');
SELECT isnt(:'pushed_pushed_at'::text, '', 'and has its time');
SELECT is_empty(format('SELECT FROM batch_push WHERE batch_id = %s', :key_id), 'nothing is owed');
EXECUTE batch_pushed(:'key_id', 'watcher', 0) \gset repushed_
SELECT is(:'repushed_id'::text, :'key_id', 'who says so again gets the row');
SELECT is(count(*), 1::bigint, 'and there is one event of it') FROM batch_event WHERE batch_id = :key_id AND kind = 'pushed';

-- batch_pushed_all
INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request, retry_max, retries)
SELECT gen_random_uuid(), '', 'livy', 'arrivals', 'spark', 'kubeflow', '{}', 1, n / 3 FROM generate_series(1, 3) AS n;
INSERT INTO batch_push (batch_id, cluster, object, claimed_until) SELECT id, cluster, '{}', now() FROM batch WHERE cluster = 'arrivals';
PREPARE noted AS SELECT count(*) FILTER (WHERE state = 'starting' AND pushed_at IS NOT NULL), count(*) FILTER (WHERE state = 'accepted'),
	(SELECT count(*) FROM batch_push WHERE cluster = 'arrivals'), (SELECT count(*) FROM batch_event JOIN batch AS of ON of.id = batch_id
	 WHERE of.cluster = 'arrivals' AND kind = 'pushed' AND actor = 'watch') FROM batch WHERE cluster = 'arrivals';
SELECT array_agg(id) AS ids FROM batch WHERE cluster = 'arrivals' \gset
SELECT isnt_empty(format('EXECUTE batch_pushed_all(%L, ''{0,0,0}'', ''watch'')', :'ids'), 'several are known to be in Kubernetes');
SELECT results_eq('EXECUTE noted', 'VALUES (2::bigint, 1::bigint, 1::bigint, 2::bigint)', 'but not one of which an earlier run is');
SELECT is_empty(format('EXECUTE batch_pushed_all(%L, ''{0,0,0}'', ''watch'')', :'ids'), 'it is news once');
SELECT results_eq('EXECUTE noted', 'VALUES (2::bigint, 1::bigint, 1::bigint, 2::bigint)', 'and changes nothing again');
DELETE FROM batch WHERE cluster = 'arrivals';

-- batch_push_claim, batch_push_deferred
SELECT is_empty('EXECUTE batch_push_claim(''default'', 1000, 0)', 'no more is claimed than asked for');
SELECT pg_sleep(0.01);
EXECUTE batch_push_claim('default', '60000', '10') \gset claim_
SELECT is(:'claim_id'::text, :'ann_id', 'a push that nobody holds is taken over');
SELECT is(:'claim_tries'::text, '2', 'its tries are counted');
SELECT is_empty('EXECUTE batch_push_claim(''default'', 1000, 10)', 'and is held from then on');
SELECT is_empty('EXECUTE batch_push_claim(''other'', 1000, 10)', 'another cluster''s are not seen');
SELECT lives_ok(format('EXECUTE batch_push_deferred(%L, ''0'', ''quota'', 0)', :'ann_id'), 'a push is put off');
SELECT is(message, 'quota', 'and the batch says why') FROM batch WHERE id = :ann_id;
SELECT is(last_error, 'quota', 'so does the push') FROM batch_push WHERE batch_id = :ann_id;

-- batch_kill_request: id, actor, request id, kind
EXECUTE batch_kill_request(:'ann_id', 'ann', 'r9', 'delete') \gset kill_
SELECT ok(:'kill_kill_requested_at' <> '' AND :'kill_deleted_at' <> '', 'a DELETE of an unfinished batch asks for its kill');
SELECT is_empty('EXECUTE batch_push_claim(''default'', 1000, 10)', 'what is to be killed is not pushed any more');
SELECT is(count(*), 1::bigint, 'the event has actor and request') FROM batch_event WHERE batch_id = :ann_id AND kind = 'delete' AND actor = 'ann' AND request_id = 'r9';
EXECUTE batch_kill_request(:'ann_id', 'ann', 'r9', 'delete') \gset rekill_
SELECT is(:'rekill_kill_requested_at'::text, :'kill_kill_requested_at', 'a second request changes nothing');
EXECUTE batch_kill_owed('default', '10') \gset owed_
SELECT is(:'owed_id'::text, :'ann_id', 'the kill is owed');
SELECT is(:'owed_held'::boolean, false, 'and nobody holds its push');
SELECT is_empty('EXECUTE batch_kill_owed(''other'', 10)', 'not by another cluster');
EXECUTE batch_kill_request(:'new_id', NULL, 'r', 'delete') \gset late_
SELECT is(kill_requested_at, NULL, 'a finished batch is only deleted') FROM batch WHERE id = :new_id;
SELECT is(state::text, 'success', 'and keeps its end') FROM batch WHERE id = :new_id;
SELECT is_empty('EXECUTE batch_kill_request(0, NULL, ''r'', ''delete'')', 'what is not there is not killed');

-- batch_kill_all: protocol, cluster, actor, request id
EXECUTE batch_accept('10000000-0000-4000-8000-000000000007', 'spark_rest', 'app', 'ann', NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '1', NULL, '', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset rest_
EXECUTE batch_accept('10000000-0000-4000-8000-000000000008', 'spark_rest', 'app', 'bob', NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '1', NULL, '', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset bobs_
SELECT isnt(:'rest_id'::text, :'bobs_id'::text, 'applications of Spark may have one name');
EXECUTE batch_kill_all('spark_rest', 'other', NULL, 'r10') \gset elsewhere_
SELECT is(:'elsewhere_batches'::bigint, 0::bigint, 'what runs in another cluster is not killed');
EXECUTE batch_kill_all('spark_rest', NULL, 'ann', 'r10') \gset anns_
SELECT is(:'anns_batches'::bigint, 1::bigint, 'a user kills what is theirs');
EXECUTE batch_kill_all('spark_rest', 'default', NULL, 'r11') \gset all_
SELECT is(:'all_batches'::bigint, 1::bigint, 'and nobody''s wish is counted twice');
SELECT results_eq(format('SELECT batch_id, actor, request_id FROM batch_event WHERE kind = ''kill'' AND batch_id IN (%s, %s) ORDER BY batch_id', :rest_id, :bobs_id),
	format($$VALUES (%s::bigint, 'ann', 'r10'), (%s::bigint, NULL, 'r11')$$, :rest_id, :bobs_id), 'each has its event');
SELECT is(count(*), 0::bigint, 'what came by another door is left alone') FROM batch WHERE protocol = 'livy' AND kill_requested_at IS NOT NULL AND finished_at IS NULL AND id <> :ann_id;
DELETE FROM batch WHERE protocol = 'spark_rest';

-- batch_refused
EXECUTE batch_accept('10000000-0000-4000-8000-000000000006', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '1', NULL, '', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset no_
EXECUTE batch_refused(:'no_id', 'no such namespace', 0) \gset refused_
SELECT results_eq(format('SELECT state::text, reason::text, message, log_lines_count, log_tail FROM batch WHERE id = %s', :no_id),
	$$VALUES ('error', 'refused', 'no such namespace', 1::bigint, '["no such namespace"]'::jsonb)$$, 'a refused batch keeps the words');
SELECT is_empty(format('EXECUTE batch_refused(%L, ''x'', 0)', :'no_id'), 'once');
SELECT is_empty(format('EXECUTE batch_refused(%L, ''x'', 0)', :'key_id'), 'what was pushed is not refused');

-- Lists, logs.
SELECT is(count(*), 2::bigint, 'deleted ones are not listed') FROM batch WHERE deleted_at IS NULL;
EXECUTE batch_count \gset
SELECT is(:'total'::text, '2', 'nor counted');
SELECT lives_ok(format($$EXECUTE batch_log_append(%L, 0, '["a", "b", "c", "d"]', 8, 1, 1, 0, false)$$, :'new_id'), 'a log is begun');
EXECUTE batch_log_page(:'new_id', '1', '2') \gset page_
SELECT is(:'page_lines'::text, '["b", "c"]', 'a page has the lines asked for');
EXECUTE batch_log_page(:'new_id', '4', '10') \gset past_
SELECT is(:'past_lines'::text, '[]', 'a page past the end has none');
EXECUTE batch_log_page(:'no_id', '0', '10') \gset words_
SELECT is(:'words_lines'::text, '["no such namespace"]', 'a refusal''s words are its log');
EXECUTE batch_log_page('0', '0', '10') \gset none_
SELECT is(:'none_lines'::text, '[]', 'no log is an empty one');

-- lease, metrics
EXECUTE lease_try('default') \gset
SELECT is(:'leased'::boolean, true, 'a lease that nobody has is given');
SELECT lives_ok('EXECUTE cluster_watch_note(''default'', ''host/1'', ''synced'', NULL)', 'a watcher notes that it lives');
SELECT isnt_empty('EXECUTE metrics_clusters', 'and metrics see it');

-- operators
SELECT is_empty('EXECUTE cluster_operator(''nowhere'')', 'of a cluster that nobody has followed nothing is known');
SELECT results_eq('EXECUTE cluster_operator(''default'')', ARRAY[NULL::text], 'nor of one that was not asked');
SELECT lives_ok('EXECUTE cluster_operator_note(''default'', ''apache'')', 'a watcher notes the operator that it found');
SELECT results_eq('EXECUTE cluster_operator(''default'')', ARRAY['apache'], 'and workers read it');
EXECUTE cluster_list \gset all_
SELECT ok(:'all_cluster' = 'default' AND :'all_operator_found' = 'apache' AND :'all_operator_found_at' <> '',
	  'as does whoever asks for the clusters');
SELECT is((SELECT count(*) FROM cluster_watch WHERE cluster = 'nowhere'), 0::bigint, 'a note makes no cluster');
INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request, pushed_at)
SELECT gen_random_uuid(), '', 'livy', 'switched', 'n', kind, '{}', CASE WHEN kind = 'unpushed' THEN NULL ELSE now() END
FROM unnest(ARRAY['kubeflow', 'sparkgate', 'apache', 'none', 'unpushed']) kind;
SELECT results_eq('SELECT operator_kind FROM batch WHERE cluster = ''switched'' AND pushed_at IS NULL',
		  ARRAY['unpushed'], 'one of them is not there yet');
EXECUTE batch_other_operator('switched', 'apache', '0', '1') \gset one_
SELECT is(:'one_operator_kind'::text, 'kubeflow', 'with Apache''s operator, Kubeflow''s are the others');
EXECUTE batch_other_operator('switched', 'apache', :'one_id', '1') \gset two_
SELECT is(:'two_operator_kind'::text, 'sparkgate', 'and those of the gateway''s own, which read the same definition');
EXECUTE batch_other_operator('switched', 'sparkgate', '0', '1') \gset three_
SELECT is(:'three_operator_kind'::text, 'apache', 'with that one, Apache''s');

SELECT * FROM finish();
ROLLBACK;

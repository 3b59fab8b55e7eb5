-- SPDX-License-Identifier: Apache-2.0
-- A driver's log grows by whole writes of lines and position, and only for a writer that knows its end.
\set ON_ERROR_STOP on
\i :prepare
BEGIN;
SELECT plan(16);

EXECUTE batch_accept('20000000-0000-4000-8000-000000000001', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow', '{}', 'r', '{}', '5000', NULL, '', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15) \gset
EXECUTE batch_log_position(:id) \gset at_
SELECT is(:'at_log_lines_count'::text, '0', 'a new batch has no log');

SELECT isnt_empty(format($$EXECUTE batch_log_append(%s, 0, '["a", "b"]', 4, 1000, 2, 0, false)$$, :id), 'lines are written');
SELECT is_empty(format($$EXECUTE batch_log_append(%s, 0, '["a", "b"]', 4, 1000, 2, 0, false)$$, :id), 'once');
SELECT is_empty(format($$EXECUTE batch_log_append(%s, 3, '["d"]', 4, 1000, 2, 0, false)$$, :id), 'and not with a gap');
EXECUTE batch_log_position(:id) \gset at_
SELECT is(ARRAY[:'at_log_lines_count', :'at_size_bytes', :'at_last_at_ns', :'at_second_count', :'at_second_before_count']::text[],
	'{2,4,1000,2,0}', 'the position is what was written with them');
SELECT ok(NOT :'at_closed'::boolean, 'and more may come');
SELECT isnt_empty(format($$EXECUTE batch_log_append(%s, 2, '[]', 4, 1000, 2, 0, true)$$, :id), 'a position without lines is one, too');
EXECUTE batch_log_position(:id) \gset at_
SELECT ok(:'at_closed'::boolean, 'and is kept');

SELECT isnt_empty(format('EXECUTE batch_log_append(%s, 2, %L, 4, 1000, 2, 0, false)', :id,
	(SELECT jsonb_agg(number::text) FROM generate_series(2, 2500) number)), 'a write may reach over several pieces');
SELECT results_eq(format('SELECT first_line, cardinality(lines) FROM batch_log WHERE batch_id = %s ORDER BY 1', :id),
	'VALUES (0::bigint, 1000), (1000, 1000), (2000, 501)', 'pieces begin at multiples of 1000 and are filled');
EXECUTE batch_log_page(:id, 998, 4) \gset page_
SELECT is(:'page_lines'::json::jsonb, '["998", "999", "1000", "1001"]', 'a page reaches over them');
SELECT is(log_lines_count, 2501::bigint, 'the batch knows how many lines there are') FROM batch WHERE id = :id;
SELECT is(log_tail, '["2491", "2492", "2493", "2494", "2495", "2496", "2497", "2498", "2499", "2500"]', 'and the last ten')
FROM batch WHERE id = :id;

-- batch_waiting, batch_waiting_note
UPDATE batch SET state = 'starting', pushed_at = now() - interval '11 s' WHERE id = :id;
EXECUTE batch_waiting('default', 0, 5) \gset waiting_
SELECT is(:'waiting_id'::text, :'id', 'a batch that has not run for a while is looked at');
SELECT isnt_empty(format('EXECUTE batch_waiting_note(%s, ''ErrImagePull'')', :id), 'why is noted');
SELECT is_empty(format('EXECUTE batch_waiting_note(%s, ''ErrImagePull'')', :id), 'once');

SELECT * FROM finish();
ROLLBACK;

-- SPDX-License-Identifier: Apache-2.0
-- The place of a batch in the list and the number of all, from blocks of ids. (Two sessions: test_races.py.)
\set ON_ERROR_STOP on
\i :prepare
-- What is settled has been committed: the tests' own transaction would be waited for.
CREATE FUNCTION come(ids bigint[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO batch (id, uid, request_digest, protocol, cluster, namespace, operator_kind, request)
	OVERRIDING SYSTEM VALUE
	SELECT id, gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}' FROM unnest(ids) AS id;
	SELECT setval('batch_id_seq', max(id)) FROM batch
$$;
CREATE PROCEDURE settle(most int) LANGUAGE plpgsql AS $$
BEGIN
	WHILE batch_listed_settle(most) LOOP
	END LOOP;
END $$;
CREATE VIEW blocks AS
SELECT settled_before AS border, (SELECT count(*) FROM batch_listed_block WHERE size = 100) AS blocks,
       (SELECT count(*) FROM batch_listed_change WHERE first_id < settled_before) AS changes
FROM batch_listed_border;
-- Of all places those that have another id than a count of the rows before; and one too many when the total is another.
CREATE FUNCTION wrong() RETURNS SETOF bigint LANGUAGE sql AS $$
	WITH listed AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM batch WHERE deleted_at IS NULL)
	SELECT place FROM listed WHERE batch_listed_at(place) IS DISTINCT FROM id
	UNION ALL
	SELECT -1 FROM (SELECT count(*) AS batches FROM listed) AS real
	WHERE batches <> batch_listed_total()
	   OR batch_listed_at(batches) IS NOT NULL OR batch_listed_at(batches + 1000000) IS NOT NULL
$$;

SELECT plan(21);
SELECT is_empty('SELECT wrong()', 'an empty ledger has no places');
SELECT come(ARRAY(SELECT generate_series(1, 99)));
CALL settle(1000);
SELECT results_eq('TABLE blocks', 'VALUES (0::bigint, 0::bigint, 0::bigint)',
		  'a block of which ids are to come is not settled');
SELECT come(ARRAY(SELECT generate_series(100, 350) UNION SELECT generate_series(9990, 10110)
		  UNION SELECT generate_series(999950, 1000350) UNION SELECT generate_series(3000000, 3000150, 3) ORDER BY 1));
SELECT is_empty('SELECT wrong()', 'what is not settled is counted where it is');
CALL settle(1000);
SELECT results_eq('TABLE blocks', 'VALUES (3000100::bigint, 13::bigint, 0::bigint)',
		  'settled to the last whole block, however far in steps');
SELECT is_empty('SELECT wrong()', 'the same over blocks of all sizes');
SELECT results_eq('SELECT size, sum(batches)::bigint FROM batch_listed_block GROUP BY 1 ORDER BY 1',
		  'SELECT size, (SELECT count(*) FROM batch WHERE id < 3000100) FROM unnest(ARRAY[100, 10000, 1000000]) AS size',
		  'each size holds all of them');

BEGIN;
DELETE FROM batch WHERE id % 3 = 0 OR id BETWEEN 200 AND 299;
SELECT cmp_ok(changes, '>', 0::bigint, 'what goes leaves a note') FROM blocks;
SELECT is_empty('SELECT wrong()', 'and is gone in its own commit already');
ROLLBACK;
SELECT is_empty('SELECT wrong()', 'what is rolled back has not gone');
DELETE FROM batch WHERE id % 3 = 0 OR id BETWEEN 200 AND 299;
UPDATE batch SET deleted_at = now() WHERE id % 5 = 0;
UPDATE batch SET deleted_at = now() WHERE id % 5 = 0;
UPDATE batch SET deleted_at = NULL WHERE id % 10 = 0;
SELECT is_empty('SELECT wrong()', 'removed, withdrawn and taken back ones');
CALL settle(1000);
SELECT results_eq('TABLE blocks', 'VALUES (3000100::bigint, 11::bigint, 0::bigint)',
		  'notes become part of their blocks, and empty blocks go');
SELECT is_empty('SELECT wrong()', 'and nothing else changes');
DELETE FROM batch WHERE id BETWEEN 3000100 AND 3000150;
SELECT come(ARRAY(SELECT generate_series(3000151, 3000420)));
UPDATE batch SET deleted_at = now() WHERE id % 7 = 0;
CALL settle(1000);
CALL settle(1000);
SELECT results_eq('SELECT border, changes FROM blocks', 'VALUES (3000400::bigint, 0::bigint)',
		  'what went before its block was settled');
SELECT is_empty('SELECT wrong()', 'is not counted either');
INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request, deleted_at)
SELECT gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}', now() FROM generate_series(1, 300);
CALL settle(1000);
UPDATE batch SET deleted_at = NULL WHERE id > 3000420 AND id % 4 = 0;
CALL settle(1000);
SELECT is_empty('SELECT wrong()', 'what came withdrawn and is taken back');

SELECT come(ARRAY[777, 778]);
SELECT isnt_empty('SELECT wrong()', 'ids put in by hand below the border are not known');
SELECT batch_listed_forget();
SELECT is_empty('SELECT wrong()', 'until the blocks are forgotten');
CALL settle(1000);
SELECT is_empty('SELECT wrong()', 'and made anew');

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_like('SELECT batch_listed_settle(1000)', '%what commits while it runs%',
		   'who cannot see what commits meanwhile is refused');
ROLLBACK;
TRUNCATE batch RESTART IDENTITY CASCADE;
SELECT results_eq('TABLE blocks', 'VALUES (0::bigint, 0::bigint, 0::bigint)', 'emptied with the ledger');
SELECT come(ARRAY(SELECT generate_series(1, 250)));
CALL settle(1000);
SELECT is_empty('SELECT wrong()', 'and ids may begin anew');

SELECT * FROM finish();

-- SPDX-License-Identifier: Apache-2.0
-- What a request costs does not grow with the ledger: no step of its plan reads more rows than its own, and with ten
-- times as many batches it touches as many pages of the database, but for an index that is one level deeper.
\set ON_ERROR_STOP on
\i :prepare

-- As the gateway leaves them. Without triggers, which owe each to the sums of reports; outside of a transaction, because
-- who is still writing cannot be settled.
CREATE PROCEDURE fill(upto int) LANGUAGE plpgsql AS $$
BEGIN
	SET session_replication_role = replica;
	INSERT INTO batch (uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, state,
			   accepted_at, finished_at, pushed_at, started_at, log_lines_count)
	SELECT gen_random_uuid(), '', (CASE n % 4 WHEN 0 THEN 'k8s' ELSE 'livy' END)::batch_protocol,
	       CASE WHEN n <= 10000 THEN 'job' ELSE 'task' END || n % 50 || '-' || n,
	       'user' || n % 50, CASE n % 3 WHEN 0 THEN 'west' ELSE 'default' END, 'spark', 'kubeflow', '{}',
	       (CASE n % 2 WHEN 0 THEN 'dead' ELSE 'success' END)::batch_state, at, at, at, at, 100000
	FROM generate_series((SELECT count(*) + 1 FROM batch), upto) AS n,
	     LATERAL (SELECT '2026-01-01'::timestamptz + n * interval '1 minute' AS at) AS made;
	RESET session_replication_role;
	INSERT INTO batch_event (batch_id, kind, state) SELECT id, 'accepted', state FROM batch WHERE id > upto - 100;
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until)
	SELECT id, cluster, '{}', 'infinity' FROM batch WHERE id > upto - 1000;
	INSERT INTO batch_log
	SELECT upto, first_line, ARRAY(SELECT 'line ' || first_line + n FROM generate_series(0, 999) AS n)
	FROM generate_series(0, upto * 2 - 1000, 1000) AS first_line;
	COMMIT;
	WHILE batch_listed_settle(1000000) LOOP
		COMMIT;
	END LOOP;
END $$;
-- As a worker has it after some requests: a plan for any values, made when the ledger was as it is now.
SET plan_cache_mode = force_generic_plan;

CREATE FUNCTION most_rows(statement text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE ' || statement INTO plan;
	RETURN max(rows::integer) FROM jsonb_path_query(plan,
		'$.** ? (@.type() == "object").keyvalue() ? (@.key == "Actual Rows" || @.key starts with "Rows Removed").value') AS rows;
END $$;
-- Of the database, once it knows its own catalogue; those of functions are among them.
CREATE FUNCTION pages(statement text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	FOR i IN 1..2 LOOP
		EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ' || statement INTO plan;
	END LOOP;
	RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::integer + (plan #>> '{0,Plan,Shared Read Blocks}')::integer;
END $$;

-- {last} is the newest id, which all are up to.
CREATE TABLE read (what text, statement text, most integer, before integer);
INSERT INTO read VALUES
	('the number of all', 'batch_count', 20),
	('the first page of the list', 'batch_list(0, 100)', 100),
	('a page from the middle of the list', 'batch_list({last} / 2, 100)', 100),
	('the last page of the list', 'batch_list({last} - 100, 100)', 100),
	('a page behind the end of the list', 'batch_list({last} + 100, 100)', 50),
	('a batch', 'batch_show({last})', 10),
	('its state', 'batch_show_state({last})', 10),
	('a batch by its name', 'batch_show_by_name(''job0-10000'')', 10),
	('the first page of a log', 'batch_log_page({last}, 0, 100)', 20),
	('the last page of a log', 'batch_log_page({last}, {last} * 2 - 100, 100)', 20),
	('names that begin alike', 'batch_list_named(''job7-'', 5001)', 100),
	('the ids of a time', 'batch_list_bounds(''2026-01-03'', ''2026-01-04'')', 10);
INSERT INTO read
SELECT format('a page by %s, %s %s', lead, way, place),
       format('batch_list_%s_%s(%s, %s, 21, 84, %s, NULL, NULL, NULL)', lead, way, low, high, filter), 500
FROM (VALUES ('id', 'NULL, NULL, NULL, NULL'), ('owner', 'NULL, ''user7'', NULL, NULL'),
	     ('cluster', 'NULL, NULL, ''west'', NULL'), ('state', '''{success,dead}'', NULL, NULL, NULL'),
	     ('name', 'NULL, NULL, NULL, ''job7-''')) AS leads (lead, filter),
     (VALUES ('asc', 'at first', '0', '9223372036854775807'), ('asc', 'far away', '{last} / 2', '9223372036854775807'),
	     ('desc', 'at first', '0', '9223372036854775807'), ('desc', 'far away', '0', '{last} / 2')
     ) AS ways (way, place, low, high);

SELECT plan(15 + 2 * count(*)::integer) FROM read;
CALL fill(10000);
VACUUM ANALYZE;
UPDATE read SET before = pages(replace(statement, '{last}', '10000'));
SELECT cmp_ok(before, '<=', most, what) FROM read;
CALL fill(100000);
VACUUM ANALYZE;
SELECT cmp_ok(pages(replace(statement, '{last}', '100000')), '<=', before * 3 / 2 + 20,
	      what || ', of ten times as many batches')
FROM read;

BEGIN;
INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request)
VALUES (gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}') RETURNING id AS other_id, uid AS other_uid \gset
INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request)
VALUES (gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}') RETURNING id \gset
INSERT INTO batch_push (batch_id, cluster, object, claimed_until)
SELECT id, 'default', '{}', 'infinity' FROM unnest(ARRAY[:other_id, :id]::bigint[]) AS id;
SELECT is(most_rows($$batch_accept('10000000-0000-4000-8000-000000000001', 'livy', NULL, NULL, NULL, 'default', 'spark', 'kubeflow',
	'{}', 'r', '{}', 1, 'key', 'x', 0, 10, NULL, NULL, NULL, NULL, NULL, 0, 15)$$), 1, 'a batch is accepted');
SELECT is(most_rows($$batch_repeated(NULL, 'key', 'x')$$), 1, 'found by its client''s key');
SELECT is(most_rows(format('batch_show(%s)', :id)), 1, 'shown');
SELECT is(most_rows(format('batch_show_state(%s)', :id)), 1, 'polled');
SELECT is(most_rows(format($$batch_push_deferred(%s, 1, 'away', 0)$$, :id)), 1, 'put off');
SELECT is(most_rows(format($$batch_pushed(%s, 'worker', 0)$$, :id)), 1, 'known to be in Kubernetes');
SELECT is(most_rows(format($$batch_show_by_uids('{%s}')$$, :'other_uid')), 1, 'found by an object''s label');
SELECT is(most_rows(format($$batch_pushed_all('{%s}', '{0}', 'watch')$$, :other_id)), 1, 'seen in Kubernetes');
SELECT is(most_rows(format($$batch_move(%s, 'starting', 'running', NULL, NULL, NULL, NULL, 1, false, NULL, NULL, 0)$$, :id)), 1,
	  'seen to run');
SELECT is(most_rows(format($$batch_kill_request(%s, 'ann', 'r', 'delete')$$, :id)), 1, 'killed');

INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request)
SELECT gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}' FROM generate_series(1, 3000);
INSERT INTO batch_push (batch_id, cluster, object, claimed_until)
SELECT id, cluster, '{}', now() - interval '1 s' FROM batch WHERE id > :id
ON CONFLICT DO NOTHING;
ANALYZE batch;
ANALYZE batch_push;
SELECT is(most_rows($$batch_push_claim('default', 1000, 1)$$), 1, 'one of many that are owed is claimed');

-- Of a log, and of what happened to a batch, one partition is read, however many there are, and of it what is wanted.
CREATE FUNCTION read_of(statement text, OUT partitions text, OUT blocks integer) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || statement INTO plan;
	SELECT string_agg(DISTINCT node ->> 'Relation Name', ' ') INTO partitions
	FROM jsonb_path_query(plan, '$.** ? (@."Relation Name" starts with "batch_")') AS node
	WHERE (node ->> 'Actual Loops')::integer > 0;
	blocks := (plan #>> '{0,Plan,Shared Hit Blocks}')::integer + (plan #>> '{0,Plan,Shared Read Blocks}')::integer;
END $$;
INSERT INTO batch_log SELECT id, piece * 1000, ARRAY(SELECT 'line ' || n FROM generate_series(1, 1000) AS n)
FROM (VALUES (1), (10001), (20001), (40001)) AS logged (id), generate_series(0, 299) AS piece;
INSERT INTO batch_event (batch_id, kind, state) SELECT id, 'x', 'accepted' FROM generate_series(1, 40000, 10) AS id, generate_series(1, 5);
ANALYZE batch_log;
ANALYZE batch_event;
SELECT is(partitions, 'batch_log_10000', 'a page of a log is in one partition') FROM read_of('EXECUTE batch_log_page(10001, 150000, 100)');
SELECT cmp_ok(blocks, '<=', 12, 'and reads its piece') FROM read_of('EXECUTE batch_log_page(10001, 150000, 100)');
SELECT is(partitions, 'batch_event_20000', 'so do the events of a batch')
FROM read_of('SELECT * FROM batch_event WHERE batch_id = 20001 ORDER BY id');
SELECT cmp_ok(blocks, '<=', 8, 'and read a few blocks') FROM read_of('SELECT * FROM batch_event WHERE batch_id = 20001 ORDER BY id');

SELECT * FROM finish();
ROLLBACK;

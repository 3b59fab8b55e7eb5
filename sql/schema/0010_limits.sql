-- sql/schema/0010_limits.sql   how many batches may run and wait: who has a turn, and who waits for one.
-- SPDX-License-Identifier: Apache-2.0

ALTER TABLE batch
	ADD COLUMN queue text,
	ADD COLUMN admitted_at timestamptz DEFAULT now();
COMMENT ON COLUMN batch.queue IS 'As the client asked for it; null: none.';
COMMENT ON COLUMN batch.admitted_at IS 'When it got its turn to run; null: it waits, because limits of its cluster are reached.';

CREATE OR REPLACE VIEW batch_brief AS
SELECT id, uid, client_key, protocol, name, owner, proxy_user, cluster, namespace, operator_kind, object_name, request_id, state,
       reason, message, app_id, driver_pod, driver_followed, attempts, accepted_at, pushed_at, started_at, finished_at,
       kill_requested_at, deleted_at, changed_at, log_lines_count, log_tail,
       exit_code, object_uid, end_state, end_reason, end_message, driver_container, stopped_at,
       retry_max, retry_interval_s, retry_reasons, retries,
       queue, admitted_at
FROM batch;

-- Whose turn it is. A batch counts for its cluster, its queue ('' when it names none) and its user ('' when nobody is
-- known); killed before its turn it waits no more, killed after it it runs until Kubernetes confirms.
CREATE VIEW turn_taken AS
SELECT id, cluster, coalesce(queue, '') AS queue, coalesce(proxy_user, owner, '') AS owner
FROM batch WHERE admitted_at IS NOT NULL AND finished_at IS NULL;
CREATE VIEW turn_awaited AS
SELECT id, cluster, coalesce(queue, '') AS queue, coalesce(proxy_user, owner, '') AS owner
FROM batch WHERE admitted_at IS NULL AND finished_at IS NULL AND kill_requested_at IS NULL;
COMMENT ON VIEW turn_taken IS 'Unfinished batches that had their turn: they count as running.';
COMMENT ON VIEW turn_awaited IS 'Batches that wait for their turn, by the limits of their cluster.';
CREATE INDEX batch_turn_taken ON batch (cluster, coalesce(queue, ''), coalesce(proxy_user, owner, ''))
	WHERE admitted_at IS NOT NULL AND finished_at IS NULL;
CREATE INDEX batch_turn_awaited ON batch (cluster, coalesce(queue, ''), coalesce(proxy_user, owner, ''), id)
	WHERE admitted_at IS NULL AND finished_at IS NULL AND kill_requested_at IS NULL;

-- Limits are {"running": {"cluster": 9, "queues": {"etl": 3, "*": 1}, "users": {...}}, "waiting": {...}}, each part of it
-- optional. null: there is none.
CREATE FUNCTION batch_limit(limits jsonb, name text) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN coalesce(limits ->> name, limits ->> '*')::integer;
COMMENT ON FUNCTION batch_limit IS 'The limit of that name, else that of all others ("*"), else null.';

-- Who counts, and who writes by what it counted, does so alone.
CREATE FUNCTION batch_turn_lock(of_cluster text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtext('sparkgate turn'), hashtext(of_cluster));
END;

-- Which limit is reached by those that run (or, with `awaited`, wait): the first of cluster, queue and user; kind is null
-- where there is room in all.
CREATE FUNCTION batch_turn_full(of_cluster text, of_queue text, of_owner text, allowed jsonb, awaited boolean,
				OUT kind text, OUT name text, OUT used bigint, OUT most integer) LANGUAGE plpgsql AS $$
DECLARE
	of_all bigint;
	of_same_queue bigint;
	of_same_owner bigint;
BEGIN
	IF allowed IS NULL THEN
		RETURN;
	END IF;
	IF awaited THEN
		SELECT count(*), count(*) FILTER (WHERE queue = of_queue), count(*) FILTER (WHERE owner = of_owner)
		INTO of_all, of_same_queue, of_same_owner FROM turn_awaited WHERE cluster = of_cluster;
	ELSE
		SELECT count(*), count(*) FILTER (WHERE queue = of_queue), count(*) FILTER (WHERE owner = of_owner)
		INTO of_all, of_same_queue, of_same_owner FROM turn_taken WHERE cluster = of_cluster;
	END IF;
	SELECT each.* INTO kind, name, used, most FROM (VALUES
		('cluster', of_cluster, of_all, (allowed ->> 'cluster')::integer),
		('queue', of_queue, of_same_queue, batch_limit(allowed -> 'queues', of_queue)),
		('user', of_owner, of_same_owner, batch_limit(allowed -> 'users', of_owner))
	) AS each (kind, name, used, most) WHERE each.used >= each.most LIMIT 1;
END $$;

-- Of those that wait and whose limits have room: the one whose user has the fewest running in its queue, then in the
-- cluster, then who came first. With `beside_queue` and `beside_owner` only who takes a place from such a batch. Of each
-- user in each queue only the first is looked at, however many wait.
CREATE FUNCTION batch_turn_next(of_cluster text, limits jsonb, beside_queue text DEFAULT NULL, beside_owner text DEFAULT NULL)
RETURNS bigint LANGUAGE sql AS $$
	WITH RECURSIVE first AS (
		(SELECT queue, owner, id FROM turn_awaited WHERE cluster = of_cluster ORDER BY queue, owner, id LIMIT 1)
		UNION ALL
		SELECT after.* FROM first CROSS JOIN LATERAL (
			SELECT queue, owner, id FROM turn_awaited
			WHERE cluster = of_cluster AND (queue, owner) > (first.queue, first.owner)
			ORDER BY queue, owner, id LIMIT 1
		) AS after
	), runs AS MATERIALIZED (
		SELECT queue, owner, count(*) AS batches FROM turn_taken WHERE cluster = of_cluster GROUP BY queue, owner
	), of_queue AS (
		SELECT queue, sum(batches) AS batches FROM runs GROUP BY queue
	), of_owner AS (
		SELECT owner, sum(batches) AS batches FROM runs GROUP BY owner
	)
	SELECT first.id
	FROM first LEFT JOIN runs USING (queue, owner) LEFT JOIN of_queue USING (queue) LEFT JOIN of_owner USING (owner)
	WHERE coalesce((SELECT coalesce(sum(batches), 0) FROM runs) < (limits #>> '{running,cluster}')::integer, true)
	  AND coalesce(coalesce(of_queue.batches, 0) < batch_limit(limits #> '{running,queues}', queue), true)
	  AND coalesce(coalesce(of_owner.batches, 0) < batch_limit(limits #> '{running,users}', owner), true)
	  AND (beside_queue IS NULL OR limits #> '{running,cluster}' IS NOT NULL OR queue = beside_queue OR owner = beside_owner)
	ORDER BY coalesce(runs.batches, 0), coalesce(of_owner.batches, 0), first.id
	LIMIT 1
$$;

-- May a new batch run at once? verdict is run, wait, full, or there: another request with its uid was quicker. Sees what
-- was committed before it got the lock, not what was when its statement began.
CREATE FUNCTION batch_turn_ask(of_cluster text, of_queue text, of_owner text, of_uid uuid, limits jsonb,
			       OUT verdict text, OUT message text) LANGUAGE plpgsql AS $$
DECLARE
	reached record;
BEGIN
	verdict := 'run';
	IF limits IS NULL THEN
		RETURN;
	END IF;
	of_queue := coalesce(of_queue, '');
	of_owner := coalesce(of_owner, '');
	PERFORM batch_turn_lock(of_cluster);
	IF EXISTS (SELECT FROM batch WHERE uid = of_uid) THEN
		verdict := 'there';
		RETURN;
	END IF;
	SELECT * INTO reached FROM batch_turn_full(of_cluster, of_queue, of_owner, limits -> 'running', false);
	IF reached.kind IS NULL AND batch_turn_next(of_cluster, limits, of_queue, of_owner) IS NULL THEN
		RETURN;
	END IF;
	verdict := 'wait';
	message := batch_turn_message(reached.kind, reached.name, reached.used, reached.most, NULL);
	SELECT * INTO reached FROM batch_turn_full(of_cluster, of_queue, of_owner, limits -> 'waiting', true);
	IF reached.kind IS NOT NULL THEN
		verdict := 'full';
		message := format('%s has %s of %s batches waiting', batch_turn_name(reached.kind, reached.name, of_cluster),
				  reached.used, reached.most);
	END IF;
END $$;

-- For people.
CREATE FUNCTION batch_turn_name(kind text, name text, of_cluster text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN kind || ' ' || quote_literal(name) || CASE WHEN name = '' THEN ' (none is named)' ELSE '' END ||
       CASE WHEN kind = 'cluster' OR of_cluster IS NULL THEN '' ELSE ' of cluster ' || quote_literal(of_cluster) END;
CREATE FUNCTION batch_turn_message(kind text, name text, used bigint, most integer, before bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'waits for its turn' || coalesce(': ' || batch_turn_name(kind, name, NULL) || ' runs ' || used || ' of ' || most, '') ||
       CASE WHEN before IS NULL THEN '' WHEN before = 0 THEN ', none came before it'
	    WHEN before >= 1000 THEN ', 1000 or more came before it' ELSE ', ' || before || ' came before it' END;

-- What a batch waits for just now: counted when somebody reads it, so that nobody writes it to all that wait.
CREATE FUNCTION batch_turn_explain(of_batch bigint, limits jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	waiting record;
	reached record;
	before bigint;
BEGIN
	SELECT * INTO waiting FROM turn_awaited WHERE id = of_batch;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	SELECT * INTO reached
	FROM batch_turn_full(waiting.cluster, waiting.queue, waiting.owner, limits -> 'running', false);
	SELECT count(*) INTO before FROM (
		SELECT FROM turn_awaited AS other
		WHERE other.cluster = waiting.cluster AND other.id < waiting.id
		  AND (reached.kind IS DISTINCT FROM 'queue' OR other.queue = waiting.queue)
		  AND (reached.kind IS DISTINCT FROM 'user' OR other.owner = waiting.owner)
		LIMIT 1000
	) AS others;
	RETURN batch_turn_message(reached.kind, reached.name, reached.used, reached.most, before);
END $$;

-- Gives the next ones their turn, as long as there is room, `most` at a time; without limits all that wait have room. Ends
-- early when it takes long, for whoever asks waits meanwhile: with 10,000 batches of as many users each turn takes 60 ms,
-- with as many of 100 users 1 ms.
CREATE FUNCTION batch_turn_give(of_cluster text, limits jsonb, most integer) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	next_id bigint;
	began_at timestamptz;
BEGIN
	IF NOT EXISTS (SELECT FROM turn_awaited WHERE cluster = of_cluster) THEN
		RETURN;
	END IF;
	PERFORM batch_turn_lock(of_cluster);
	began_at := clock_timestamp();
	FOR i IN 1..most LOOP
		next_id := batch_turn_next(of_cluster, limits);
		EXIT WHEN next_id IS NULL OR (i > 1 AND clock_timestamp() > began_at + interval '250 ms');
		-- a kill may come at this moment: whoever is first has the row
		UPDATE batch SET admitted_at = clock_timestamp(), message = NULL, changed_at = now()
		WHERE id = next_id AND admitted_at IS NULL AND finished_at IS NULL AND kill_requested_at IS NULL;
		CONTINUE WHEN NOT FOUND;
		UPDATE batch_push SET claimed_until = clock_timestamp() WHERE batch_id = next_id;
		INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
		SELECT id, 'admitted', state, 'watcher', request_id FROM batch WHERE id = next_id;
		RETURN NEXT next_id;
	END LOOP;
END $$;

-- Whoever follows the cluster learns that there is a place, though another has ended the batch.
CREATE FUNCTION batch_turn_freed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM turn_awaited WHERE cluster = NEW.cluster) THEN
		PERFORM pg_notify('sparkgate_' || NEW.cluster, NEW.id::text);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER batch_turn_freed AFTER UPDATE OF finished_at ON batch FOR EACH ROW
	WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION batch_turn_freed();

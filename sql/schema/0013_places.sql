-- sql/schema/0013_places.sql   the place of a batch in the list, and how many there are, without reading all of them.
-- SPDX-License-Identifier: Apache-2.0

-- A batch as a page of a list shows it: of a hundred of them each column counts.
CREATE VIEW batch_shown AS
SELECT id, protocol, name, owner, proxy_user, cluster, object_name, state, reason, message, app_id, driver_pod,
       accepted_at, started_at, finished_at, kill_requested_at, deleted_at, log_tail, exit_code, retries
FROM batch;
COMMENT ON VIEW batch_shown IS 'A batch as a page of a list shows it.';

-- How many batches are listed, by blocks of ids: as small ones as a page may step over, and sums of a hundred of those
-- each. Nothing is written for a batch that comes: what is at or above the border is counted when somebody asks, and
-- a watcher moves the border on behind those that come. So submissions never meet in a row. A batch that goes leaves
-- a row in batch_listed_change, in the same commit, and nobody waits for anybody there either.
--
-- Exact in every snapshot: a block and the changes to it are together what has come into it, less what has gone. What
-- has come is settled below the border; of what goes, each snapshot sees row and change alike; and a change goes into
-- its block in one commit.
CREATE TABLE batch_listed_block (
	size integer NOT NULL CHECK (size IN (100, 10000, 1000000)),
	first_id bigint NOT NULL,
	batches bigint NOT NULL,
	PRIMARY KEY (size, first_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE batch_listed_block IS
	'Listed batches among so many ids from first_id on, changes that are not in yet aside; absent: none.';

CREATE TABLE batch_listed_change (
	first_id bigint NOT NULL,
	batches bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE batch_listed_change IS
	'What has gone from the list since (negative), by the smallest block; only added to and taken from.';

CREATE TABLE batch_listed_border (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	settled_before bigint NOT NULL DEFAULT 0,
	wanted_before bigint NOT NULL DEFAULT 0,
	writers text[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);
INSERT INTO batch_listed_border DEFAULT VALUES;
COMMENT ON TABLE batch_listed_border IS 'One row: which ids are in the blocks.';
COMMENT ON COLUMN batch_listed_border.settled_before IS 'Lower ones are; others are counted when they are asked for.';
COMMENT ON COLUMN batch_listed_border.wanted_before IS 'Lower ones had been drawn by then.';
COMMENT ON COLUMN batch_listed_border.writers IS
	'Who wrote batches then (pg_locks.virtualtransaction): any of them may still commit such an id.';

CREATE VIEW batch_writer AS
SELECT virtualtransaction AS writer FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND relation = 'batch'::regclass
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
COMMENT ON VIEW batch_writer IS 'Transactions under way that have written batches, or are about to.';

-- Without the blocks all is right, and slow until they are made anew. For TRUNCATE, and after batches were put in by
-- hand with ids that had been drawn before.
CREATE FUNCTION batch_listed_forget() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- a settler that has begun would put its blocks in afterwards
	PERFORM pg_advisory_xact_lock(hashtext('sparkgate listed'), 0);
	UPDATE batch_listed_border SET settled_before = 0, wanted_before = 0, writers = '{}';
	DELETE FROM batch_listed_block;
END $$;

-- Nobody else writes from here on; readers wait only for the last moments, when the trigger of each insert goes.
LOCK TABLE batch IN SHARE ROW EXCLUSIVE MODE;
CREATE OR REPLACE FUNCTION batch_listed_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		INSERT INTO batch_listed_change
		SELECT id - id % 100, -count(*) FROM old_rows WHERE deleted_at IS NULL GROUP BY 1;
	ELSIF TG_OP = 'UPDATE' THEN
		INSERT INTO batch_listed_change
		VALUES (NEW.id - NEW.id % 100, CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END);
	ELSE
		PERFORM batch_listed_forget();
		DELETE FROM batch_listed_change;
	END IF;
	RETURN NULL;
END $$;

-- One at a time, a step of at most so many ids and changes. True: there is more, and nothing to wait for.
-- An id is drawn long before its row can be seen. Whoever has drawn one holds the lock of a writer of batch until its
-- commit, so when those are gone who held it after an id had been drawn, no lower one can appear any more.
CREATE FUNCTION batch_listed_settle(most integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	border batch_listed_border;
	upto bigint;
	part record;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'batch_listed_settle() has to see what commits while it runs'
			USING HINT = 'Call it in a transaction that is READ COMMITTED.';
	END IF;
	-- after a TRUNCATE or before it
	LOCK TABLE batch IN ACCESS SHARE MODE;
	IF NOT pg_try_advisory_xact_lock(hashtext('sparkgate listed'), 0) THEN
		RETURN false;
	END IF;
	SELECT * INTO border FROM batch_listed_border;
	upto := border.settled_before;
	IF border.wanted_before > upto AND NOT EXISTS (SELECT FROM batch_writer WHERE writer = ANY (border.writers)) THEN
		upto := least(border.wanted_before, upto + most);
		border.writers := '{}';
	END IF;
	IF upto > border.settled_before OR EXISTS (SELECT FROM batch_listed_change WHERE first_id < upto) THEN
		FOR part IN
			WITH taken AS (
				DELETE FROM batch_listed_change
				WHERE ctid = ANY (ARRAY(SELECT ctid FROM batch_listed_change
							WHERE first_id < border.settled_before LIMIT most))
				RETURNING first_id, batches
			), added AS (
				SELECT first_id, batches FROM taken
				UNION ALL
				SELECT id - id % 100, count(*) FROM batch
				WHERE deleted_at IS NULL AND id >= border.settled_before AND id < upto GROUP BY 1
				UNION ALL
				SELECT first_id, -batches FROM batch_listed_change
				WHERE first_id >= border.settled_before AND first_id < upto
			)
			INSERT INTO batch_listed_block
			SELECT each.size, first_id - first_id % each.size, sum(batches)
			FROM added CROSS JOIN (VALUES (100), (10000), (1000000)) AS each (size)
			GROUP BY 1, 2 HAVING sum(batches) <> 0 ORDER BY 1, 2
			ON CONFLICT (size, first_id) DO UPDATE SET batches = batch_listed_block.batches + excluded.batches
			RETURNING *
		LOOP
			IF part.batches = 0 THEN
				DELETE FROM batch_listed_block WHERE size = part.size AND first_id = part.first_id;
			END IF;
		END LOOP;
	END IF;
	IF upto = border.wanted_before THEN
		SELECT last_value - last_value % 100 INTO border.wanted_before FROM batch_id_seq;
		IF border.wanted_before > upto THEN
			border.writers := ARRAY(SELECT writer FROM batch_writer);
		END IF;
	END IF;
	UPDATE batch_listed_border
	SET settled_before = upto, wanted_before = border.wanted_before, writers = border.writers
	WHERE (settled_before, wanted_before, writers) <> (upto, border.wanted_before, border.writers);
	RETURN upto < border.wanted_before AND border.writers = '{}';
END $$;

-- Both read by index alone, however wrong the estimates are: in pieces, and with one plan for any border.
CREATE FUNCTION batch_listed_total() RETURNS bigint LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	total bigint;
	next_id bigint;
	found bigint;
BEGIN
	SELECT settled_before,
	       coalesce((SELECT sum(batches) FROM batch_listed_block WHERE size = 1000000), 0)
	       + coalesce((SELECT sum(batches) FROM batch_listed_change WHERE first_id < settled_before), 0)
	INTO next_id, total FROM batch_listed_border;
	LOOP
		SELECT count(*), max(id) + 1 INTO found, next_id
		FROM (SELECT id FROM batch WHERE deleted_at IS NULL AND id >= next_id ORDER BY id LIMIT 1000) AS young;
		total := total + found;
		EXIT WHEN found < 1000;
	END LOOP;
	RETURN total;
END $$;

-- The id of the listed batch that so many come before, oldest first; null: there is none.
CREATE FUNCTION batch_listed_at(place bigint) RETURNS bigint LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	border bigint;
	low bigint := 0;        -- the block found so far begins here, and those in it begin below `high`
	high bigint;
	wide integer;
	part_id bigint;
	part_batches bigint;
	batches bigint;         -- in the block at low
BEGIN
	-- what is near is stepped over
	IF place >= 100 THEN
		border := (SELECT settled_before FROM batch_listed_border);
		high := border;
		FOREACH wide IN ARRAY ARRAY[1000000, 10000, 100] LOOP
			batches := 0;
			FOR part_id, part_batches IN
				SELECT first_id, block.batches FROM batch_listed_block AS block
				WHERE size = wide AND first_id >= low AND first_id < high
				UNION ALL
				SELECT first_id - first_id % wide, change.batches FROM batch_listed_change AS change
				WHERE first_id >= low AND first_id < high
				ORDER BY 1
			LOOP
				IF part_id > low THEN
					EXIT WHEN place < batches;
					place := place - batches;
					low := part_id;
					batches := 0;
				END IF;
				batches := batches + part_batches;
			END LOOP;
			IF place >= batches THEN
				-- behind all of them: it is a young one
				place := place - batches;
				low := border;
				EXIT;
			END IF;
			high := least(low + wide, border);
		END LOOP;
	END IF;
	RETURN (SELECT id FROM batch WHERE deleted_at IS NULL AND id >= low ORDER BY id OFFSET place LIMIT 1);
END $$;

DO $$
BEGIN
	WHILE batch_listed_settle(2147483647) LOOP
	END LOOP;
END $$;
DROP TRIGGER batch_listed_inserted ON batch;
DROP FUNCTION batch_listed_add;
DROP TABLE batch_listed_count;

-- sql/schema/0012_growth.sql   events and logs in partitions, which are made ahead and dropped whole; vacuum of what is busy.
-- SPDX-License-Identifier: Apache-2.0

-- By id, because ids ascend with time, and because every statement names the batch: it touches one partition. batch itself is
-- one table: it is small beside its logs, and is asked for by more than its id.
--
-- The last partition is open: FROM x TO MAXVALUE, so that an insert never fails, however long nobody makes partitions.
-- Making one is: the open one ends somewhere behind all that it holds, and a new open one begins there. It is empty,
-- because two are kept ahead of the newest id, and even where it is not, nothing has to be moved.

-- Whoever makes or drops partitions does so alone; here as in retention.
SELECT pg_advisory_xact_lock(hashtext('sparkgate retention'), 0);
-- Before the others, as statements do that write to it and to them.
LOCK TABLE batch IN ACCESS EXCLUSIVE MODE;

-- No foreign key: an event or a line of a log comes in one statement with a write to its batch, and when the batch is
-- removed they are found by partition and not one by one.
ALTER TABLE batch_event DROP CONSTRAINT batch_event_batch_id_fkey;
ALTER TABLE batch_log DROP CONSTRAINT batch_log_batch_id_fkey;
-- Its cloned successor comes with the attachment.
DROP TRIGGER batch_event_append_only ON batch_event;

-- What is there becomes the first partition, as it is.
ALTER TABLE batch_event RENAME TO batch_event_0;
ALTER INDEX batch_event_batch RENAME TO batch_event_0_batch_id_id_idx;
-- A key of a partitioned table has its batch_id in it. Ids of events come from one sequence, which is enough.
ALTER TABLE batch_event_0 DROP CONSTRAINT batch_event_pkey;
ALTER TABLE batch_log RENAME TO batch_log_0;
ALTER INDEX batch_log_pkey RENAME TO batch_log_0_pkey;

CREATE TABLE batch_event (LIKE batch_event_0 INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING COMPRESSION INCLUDING COMMENTS)
	PARTITION BY RANGE (batch_id);
CREATE INDEX batch_event_batch ON batch_event (batch_id, id);
COMMENT ON TABLE batch_event IS
	'Append-only history of every batch, and the audit: what happened, when, by whom. In partitions by batch_id.';
CREATE TRIGGER batch_event_append_only BEFORE UPDATE ON batch_event
	FOR EACH ROW EXECUTE FUNCTION batch_event_append_only();
CREATE TABLE batch_log (LIKE batch_log_0 INCLUDING STORAGE INCLUDING COMPRESSION INCLUDING COMMENTS, PRIMARY KEY (batch_id, first_line))
	PARTITION BY RANGE (batch_id);
COMMENT ON TABLE batch_log IS
	'Driver logs that outlive their pods; first_line counts from 0 and is a multiple of 1000. In partitions by batch_id.';

DO $$
DECLARE
	last_id bigint := coalesce(pg_sequence_last_value(pg_get_serial_sequence('batch_event_0', 'id')), 0);
	-- behind all ids that were given out, and those that somebody may have put in by hand
	first_open bigint := greatest((SELECT max(id) FROM batch), (SELECT max(batch_id) FROM batch_event_0),
				      (SELECT max(batch_id) FROM batch_log_0), 0) / 10000 * 10000 + 10000;
	held record;
BEGIN
	ALTER TABLE batch_event_0 ALTER id DROP IDENTITY;
	-- no identity: a partition that is attached may not have one, and before PostgreSQL 17 one that is made has none
	CREATE SEQUENCE batch_event_id_seq OWNED BY batch_event.id;
	PERFORM setval('batch_event_id_seq', last_id + 1, false);
	ALTER TABLE batch_event ALTER id SET DEFAULT nextval('batch_event_id_seq');

	-- reads the tables once, without what is TOASTed, and rewrites nothing
	EXECUTE format('ALTER TABLE batch_event ATTACH PARTITION batch_event_0 FOR VALUES FROM (MINVALUE) TO (%s)', first_open);
	EXECUTE format('ALTER TABLE batch_log ATTACH PARTITION batch_log_0 FOR VALUES FROM (MINVALUE) TO (%s)', first_open);

	-- what the administrator has granted on them
	FOR held IN
		SELECT replace(relname, '_0', '') AS name, granted.privilege_type AS what, granted.is_grantable,
		       CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(granted.grantee)) END AS who
		FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) AS granted
		WHERE pg_class.oid IN ('batch_event_0'::regclass, 'batch_log_0'::regclass) AND granted.grantee <> relowner
	LOOP
		EXECUTE format('GRANT %s ON %I TO %s', held.what, held.name, held.who)
			|| CASE WHEN held.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END;
	END LOOP;
END $$;

CREATE VIEW batch_partition AS
SELECT inhparent::regclass AS of_table, part.oid::regclass AS name,
       substring(bound FROM 'FROM [(]''(-?[0-9]+)''')::bigint AS from_id,
       substring(bound FROM 'TO [(]''(-?[0-9]+)''')::bigint AS to_id
FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
CROSS JOIN LATERAL pg_get_expr(part.relpartbound, part.oid) AS bound
WHERE inhparent IN ('batch_event'::regclass, 'batch_log'::regclass);
COMMENT ON VIEW batch_partition IS 'Of which batches each partition of batch_event and batch_log has what belongs to them.';
COMMENT ON COLUMN batch_partition.from_id IS 'The lowest id of a batch; null: any below to_id.';
COMMENT ON COLUMN batch_partition.to_id IS 'Ids are below it; null: the open one, from which the next one is made.';

-- A partition that is empty and open. Its rows are written once, some of a log's last piece a few times, and then read: what
-- vacuum sees is frozen at once and never looked at again, so that the vacuum against wrap-around finds nothing left to do.
-- It comes after a tenth more rows, however many there are.
CREATE FUNCTION batch_partition_create(of_table regclass, from_id bigint) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
	name text := (SELECT relname FROM pg_class WHERE oid = of_table) || '_' || from_id;
BEGIN
	EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING STORAGE INCLUDING COMPRESSION)', name, of_table);
	PERFORM batch_partition_settings(format('%I', name)::regclass);
	RETURN format('%I', name)::regclass;
END $$;
CREATE FUNCTION batch_partition_settings(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE %s SET (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.1,
		toast.autovacuum_freeze_min_age = 0, toast.autovacuum_vacuum_insert_scale_factor = 0.1)', name);
END $$;

-- Makes one more partition where there are not two ahead of the newest id; its name, or null: there are, or somebody else is
-- at it. As large as a week at the rate of the last one. Whoever reads or writes the table waits meanwhile, and it gives
-- up at once where somebody has the table for long (pg_dump): there is time.
CREATE FUNCTION batch_partition_make(of_table regclass) RETURNS regclass LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	newest bigint := coalesce((SELECT max(id) FROM batch), 0);
	a_week_ago bigint := (SELECT id FROM batch WHERE accepted_at > now() - interval '7 days' ORDER BY accepted_at, id LIMIT 1);
	width bigint := least(greatest(newest - a_week_ago, 10000), 10000000);
	part record;
	made regclass;
	to_id bigint;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('sparkgate retention'), 0)
	   OR (SELECT count(*) >= 2 FROM batch_partition AS ahead
	       WHERE ahead.of_table = $1 AND ahead.from_id > newest AND ahead.to_id IS NOT NULL) THEN
		RETURN NULL;
	END IF;
	SELECT * INTO STRICT part FROM batch_partition AS open WHERE open.of_table = $1 AND open.to_id IS NULL;
	EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', of_table, part.name);
	-- mostly it is empty; else it ends behind what it has
	EXECUTE format('SELECT greatest(%s, max(batch_id) + 1, $1 + 1) FROM %s', part.from_id, part.name) INTO to_id USING newest;
	to_id := (to_id + width + 9999) / 10000 * 10000;
	made := batch_partition_create(of_table, to_id);
	EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', of_table, part.name, part.from_id, to_id);
	EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (MAXVALUE)', of_table, made, to_id);
	RETURN made;
END $$;

-- Drops one partition of whose batches none is left; its name, or null: there is none. A batch may be on its way in, for
-- a while after its id was given out.
CREATE FUNCTION batch_partition_drop(of_table regclass) RETURNS text LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	dropped text;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('sparkgate retention'), 0) THEN
		RETURN NULL;
	END IF;
	SELECT old.name INTO dropped
	FROM batch_partition AS old CROSS JOIN LATERAL (
		SELECT id, accepted_at FROM batch WHERE id >= coalesce(old.from_id, 0) ORDER BY id LIMIT 1
	) AS first
	WHERE old.of_table = $1 AND first.id >= old.to_id AND first.accepted_at < now() - interval '1 hour'
	ORDER BY old.to_id LIMIT 1;
	IF FOUND THEN
		EXECUTE format('DROP TABLE %s', dropped);
	END IF;
	RETURN dropped;
END $$;

-- Will the partition be dropped whole about now? Its batches are kept for so many days; the last ones end some days later.
CREATE FUNCTION batch_partition_is_due(to_id bigint, days integer) RETURNS boolean LANGUAGE sql STABLE
RETURN days > 0 AND coalesce(
	(SELECT accepted_at FROM batch WHERE id >= to_id ORDER BY id LIMIT 1) + days * interval '1 day'
	BETWEEN now() - interval '7 days' AND now() + interval '14 days', false);

-- Removes rows of batches that are gone where the partition stays for longer: it is not full yet, a few batches of it run on,
-- or a batch was removed by hand. Looks at `ids` batches from from_id on; next_id is where to go on, null: all were looked at.
CREATE FUNCTION batch_partition_sweep(of_table regclass, from_id bigint, days integer, ids integer, most integer,
				      OUT removed bigint, OUT next_id bigint) LANGUAGE plpgsql AS $$
DECLARE
	part record;
	looked bigint[];
BEGIN
	removed := 0;
	next_id := from_id;
	IF NOT pg_try_advisory_xact_lock(hashtext('sparkgate retention'), 0) THEN
		RETURN;
	END IF;
	SELECT * INTO part FROM batch_partition AS old
	WHERE old.of_table = $1 AND (old.to_id IS NULL OR old.to_id > $2) AND NOT batch_partition_is_due(old.to_id, days)
	ORDER BY old.to_id LIMIT 1;
	IF NOT FOUND THEN
		next_id := NULL;
		RETURN;
	END IF;
	EXECUTE format('SELECT array_agg(batch_id) FROM (
			SELECT DISTINCT batch_id FROM %s WHERE batch_id >= $1 ORDER BY batch_id LIMIT $2
		) AS next', part.name) INTO looked USING from_id, ids;
	-- by their places: what was found through the index is not looked for again
	EXECUTE format('WITH gone AS MATERIALIZED (
			SELECT id FROM unnest($1) AS looked (id) WHERE NOT EXISTS (SELECT FROM batch WHERE batch.id = looked.id OFFSET 0)
		)
		DELETE FROM %1$s WHERE ctid = ANY (ARRAY(
			SELECT piece.ctid FROM gone CROSS JOIN LATERAL (
				SELECT ctid FROM %1$s WHERE batch_id = gone.id LIMIT $2
			) AS piece LIMIT $2
		))', part.name) USING looked, most;
	GET DIAGNOSTICS removed = ROW_COUNT;
	next_id := CASE WHEN removed = most THEN from_id
			WHEN cardinality(looked) = ids THEN looked[ids] + 1
			ELSE part.to_id END;
END $$;

DO $$
DECLARE
	divided regclass;
	part record;
	made regclass;
BEGIN
	FOREACH divided IN ARRAY ARRAY['batch_event'::regclass, 'batch_log'::regclass] LOOP
		SELECT * INTO part FROM batch_partition WHERE of_table = divided;
		PERFORM batch_partition_settings(part.name);
		made := batch_partition_create(divided, part.to_id);
		EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (MAXVALUE)', divided, made, part.to_id);
		WHILE made IS NOT NULL LOOP
			made := batch_partition_make(divided);
		END LOOP;
	END LOOP;
END $$;

-- A batch is written some ten times, and about half of them nothing that an index has: the last lines of its log, the end
-- that was seen. With room in its block such a new version needs no entry in twenty indexes.
-- What is dead is cleared away at a fiftieth of the ledger instead of a fifth: the indexes of what is unfinished are small, and
-- would be as large as those of all else by then. Where few blocks are concerned, vacuum leaves the indexes alone anyway.
ALTER TABLE batch SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
		       autovacuum_analyze_scale_factor = 0.02);
-- What is owed comes and goes. However much it was once, a few thousand dead rows are enough, and what is small need not wait for
-- what is large: it has no share in the limit of cost.
ALTER TABLE batch_push SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
	toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000, toast.autovacuum_vacuum_cost_delay = 0);
ALTER TABLE batch_rollup_owed SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
				   autovacuum_vacuum_cost_delay = 0);
ALTER TABLE k8s_submission SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
	autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000,
	toast.autovacuum_vacuum_cost_delay = 0);
ALTER TABLE k8s_application SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
				 autovacuum_vacuum_cost_delay = 0);
-- One row a batch that is written with each part of its log, and never again: all of it in place.
ALTER TABLE batch_log_position SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

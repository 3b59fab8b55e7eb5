-- sql/schema/0002_lists.sql   lists whose cost does not grow with the ledger, and what retention needs to know.
-- SPDX-License-Identifier: Apache-2.0

-- Each filter of a list, in the order of ids: a page begins at its cursor, wherever that is.
CREATE INDEX batch_listed_state ON batch (state, id) WHERE deleted_at IS NULL;
CREATE INDEX batch_listed_owner ON batch (owner, id) WHERE deleted_at IS NULL AND owner IS NOT NULL;
CREATE INDEX batch_listed_cluster ON batch (cluster, id) WHERE deleted_at IS NULL;
CREATE INDEX batch_listed_name ON batch (name text_pattern_ops, id) WHERE deleted_at IS NULL AND name IS NOT NULL;
CREATE INDEX batch_accepted ON batch (accepted_at, id);

-- How many batches are listed, kept by triggers: the "total" of every list would else count all of them. It is exact in
-- every snapshot, because it commits with the rows. Several rows, one of which a connection always uses, so that
-- concurrent submissions do not wait for each other.
CREATE TABLE batch_listed_count (
	shard smallint PRIMARY KEY,
	batches bigint NOT NULL
) WITH (fillfactor = 10);
COMMENT ON TABLE batch_listed_count IS 'The sum of its rows is the number of batches without deleted_at.';
INSERT INTO batch_listed_count SELECT shard, 0 FROM generate_series(0, 31) AS shard;

CREATE FUNCTION batch_listed_add(added bigint) RETURNS void LANGUAGE sql AS $$
	UPDATE batch_listed_count SET batches = batches + added WHERE shard = pg_backend_pid() % 32
$$;

CREATE FUNCTION batch_listed_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	added bigint;
BEGIN
	IF TG_OP = 'INSERT' THEN
		SELECT count(*) INTO added FROM new_rows WHERE deleted_at IS NULL;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT -count(*) INTO added FROM old_rows WHERE deleted_at IS NULL;
	ELSIF TG_OP = 'UPDATE' THEN
		added := CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END;
	ELSE
		UPDATE batch_listed_count SET batches = 0;
	END IF;
	IF added <> 0 THEN
		PERFORM batch_listed_add(added);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER batch_listed_inserted AFTER INSERT ON batch REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION batch_listed_changed();
CREATE TRIGGER batch_listed_deleted AFTER DELETE ON batch REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION batch_listed_changed();
CREATE TRIGGER batch_listed_truncated AFTER TRUNCATE ON batch
	FOR EACH STATEMENT EXECUTE FUNCTION batch_listed_changed();
CREATE TRIGGER batch_listed_updated AFTER UPDATE OF deleted_at ON batch
	FOR EACH ROW WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) EXECUTE FUNCTION batch_listed_changed();

-- The triggers are there and nobody else writes before this commits: creating them has locked the table.
UPDATE batch_listed_count SET batches = (SELECT count(*) FROM batch WHERE deleted_at IS NULL) WHERE shard = 0;

-- Retention: what has ended, oldest first; and whose object is still in Kubernetes.
ALTER TABLE batch ADD COLUMN object_deleted_at timestamptz;
COMMENT ON COLUMN batch.object_deleted_at IS 'The object was there for long enough and is known to be gone.';
CREATE INDEX batch_finished ON batch (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX batch_object_owed ON batch (cluster, finished_at)
	WHERE finished_at IS NOT NULL AND pushed_at IS NOT NULL AND object_deleted_at IS NULL;

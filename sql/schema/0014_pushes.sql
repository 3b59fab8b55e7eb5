-- sql/schema/0014_pushes.sql   what a batch owes goes with it, at no cost while it is accepted.
-- SPDX-License-Identifier: Apache-2.0

-- A reference is looked up for each push that is inserted, though it is inserted with its batch, and locks the row that
-- was just made. Batches are deleted many at a time, by retention or by hand: what they owe goes by a trigger.
ALTER TABLE batch_push DROP CONSTRAINT batch_push_batch_id_fkey;

CREATE FUNCTION batch_push_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' THEN
		DELETE FROM batch_push;
	ELSE
		DELETE FROM batch_push USING old_rows WHERE batch_id = old_rows.id;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER batch_push_deleted AFTER DELETE ON batch REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION batch_push_gone();
CREATE TRIGGER batch_push_truncated AFTER TRUNCATE ON batch
	FOR EACH STATEMENT EXECUTE FUNCTION batch_push_gone();

-- Workers leave it to a watcher to note what they have pushed, while there is one.
ALTER TABLE cluster_watch ADD COLUMN left_at timestamptz;
COMMENT ON COLUMN cluster_watch.left_at IS 'When the watcher ended in order, and nobody has followed the cluster since; null: it has not.';

-- Called only where it has something to refuse: every other update of a batch passed it for nothing.
CREATE OR REPLACE TRIGGER batch_guard BEFORE UPDATE ON batch
	FOR EACH ROW WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION batch_guard();

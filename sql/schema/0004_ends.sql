-- sql/schema/0004_ends.sql   how a batch ends: the exit code, the end that was seen, and whose object it was.
-- SPDX-License-Identifier: Apache-2.0

-- The end is written as soon as it is seen: the log is still to be completed, the object may be deleted meanwhile, and
-- whoever goes on must end the batch as it ended.
ALTER TABLE batch
	ADD COLUMN exit_code integer,
	ADD COLUMN object_uid text,
	ADD COLUMN end_state batch_state CONSTRAINT batch_end_is_an_end CHECK (end_state IN ('success', 'dead')),
	ADD COLUMN end_reason batch_reason,
	ADD COLUMN end_message text;
COMMENT ON COLUMN batch.exit_code IS 'Of the driver''s container; 128 and more: ended by that signal (137: SIGKILL, 143: SIGTERM).';
COMMENT ON COLUMN batch.object_uid IS 'metadata.uid of the object. One of another uid under its name is not this batch''s.';
COMMENT ON COLUMN batch.end_state IS 'The first end that Kubernetes reported; state follows when the log is complete.';

CREATE OR REPLACE VIEW batch_brief AS
SELECT id, uid, client_key, protocol, name, owner, proxy_user, cluster, namespace, operator_kind, object_name, request_id, state,
       reason, message, app_id, driver_pod, driver_followed, attempts, accepted_at, pushed_at, started_at, finished_at,
       kill_requested_at, deleted_at, changed_at, log_lines_count, log_tail,
       exit_code, object_uid, end_state, end_reason, end_message
FROM batch;

CREATE OR REPLACE FUNCTION batch_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.finished_at IS NOT NULL
	   AND (NEW.state, NEW.reason, NEW.message, NEW.exit_code, NEW.finished_at)
	       IS DISTINCT FROM (OLD.state, OLD.reason, OLD.message, OLD.exit_code, OLD.finished_at) THEN
		RAISE EXCEPTION 'batch % is final (%) and cannot become %', OLD.id, OLD.state, NEW.state
			USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;

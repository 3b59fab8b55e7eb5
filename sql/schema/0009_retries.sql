-- sql/schema/0009_retries.sql   batches that are run again when they fail, as their conf asks.
-- SPDX-License-Identifier: Apache-2.0

ALTER TABLE batch
	ADD COLUMN retry_max integer NOT NULL DEFAULT 0,
	ADD COLUMN retry_interval_s integer NOT NULL DEFAULT 0,
	ADD COLUMN retry_reasons batch_reason[],
	ADD COLUMN retries integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN batch.retry_max IS 'How often it is run again at most when it fails (conf spark.sparkgate.retry.max).';
COMMENT ON COLUMN batch.retry_interval_s IS 'From a failure to the next run, in seconds (conf spark.sparkgate.retry.interval).';
COMMENT ON COLUMN batch.retry_reasons IS 'Failures after which it is run again; null: any (conf spark.sparkgate.retry.on).';
COMMENT ON COLUMN batch.retries IS 'How often it has been run again; each run has an object of its own.';

-- Retention: also of a batch that ended before its last run was pushed.
DROP INDEX batch_object_owed;
CREATE INDEX batch_object_owed ON batch (cluster, finished_at)
	WHERE finished_at IS NOT NULL AND (pushed_at IS NOT NULL OR retries > 0) AND object_deleted_at IS NULL;

CREATE OR REPLACE VIEW batch_brief AS
SELECT id, uid, client_key, protocol, name, owner, proxy_user, cluster, namespace, operator_kind, object_name, request_id, state,
       reason, message, app_id, driver_pod, driver_followed, attempts, accepted_at, pushed_at, started_at, finished_at,
       kill_requested_at, deleted_at, changed_at, log_lines_count, log_tail,
       exit_code, object_uid, end_state, end_reason, end_message, driver_container, stopped_at,
       retry_max, retry_interval_s, retry_reasons, retries
FROM batch;

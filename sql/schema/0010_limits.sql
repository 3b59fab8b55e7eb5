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

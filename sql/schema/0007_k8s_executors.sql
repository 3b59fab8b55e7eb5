-- sql/schema/0007_k8s_executors.sql   applications whose drivers come to --master k8s:// for their executors.
-- SPDX-License-Identifier: Apache-2.0

-- In client mode nobody submits anything: the driver runs already, somewhere, and its first request for executors is
-- the first that is seen of it (contract k8s-facade.md 7.3).
ALTER TABLE batch
	ADD COLUMN driver_container text,
	ADD COLUMN stopped_at timestamptz;
COMMENT ON COLUMN batch.operator_kind IS
	'Who makes its pods: kubeflow, sparkgate; none: the driver''s pod is its object; client: the driver ran before.';
COMMENT ON COLUMN batch.driver_container IS 'Of the driver''s pod; null: spark-kubernetes-driver.';
COMMENT ON COLUMN batch.stopped_at IS 'The driver said that it wants no more executors: its SparkContext has been stopped.';

CREATE OR REPLACE VIEW batch_brief AS
SELECT id, uid, client_key, protocol, name, owner, proxy_user, cluster, namespace, operator_kind, object_name, request_id, state,
       reason, message, app_id, driver_pod, driver_followed, attempts, accepted_at, pushed_at, started_at, finished_at,
       kill_requested_at, deleted_at, changed_at, log_lines_count, log_tail,
       exit_code, object_uid, end_state, end_reason, end_message, driver_container, stopped_at
FROM batch;

-- What is written often, and only as long as the application runs.
CREATE TABLE k8s_application (
	batch_id bigint PRIMARY KEY REFERENCES batch ON DELETE CASCADE,
	cluster text NOT NULL,
	heard_at timestamptz NOT NULL DEFAULT now(),
	creating_until timestamptz NOT NULL DEFAULT now(),
	look_after timestamptz NOT NULL DEFAULT now(),
	driver_marked boolean NOT NULL DEFAULT false
);
CREATE INDEX k8s_application_cluster ON k8s_application (cluster);
COMMENT ON TABLE k8s_application IS 'Unfinished batches whose executors are made by --master k8s://; a row goes with the end.';
COMMENT ON COLUMN k8s_application.heard_at IS 'When its driver last asked for anything, give or take some seconds.';
COMMENT ON COLUMN k8s_application.creating_until IS 'A worker may be making one of its executors until then.';
COMMENT ON COLUMN k8s_application.look_after IS 'When a watcher looks at it again.';
COMMENT ON COLUMN k8s_application.driver_marked IS 'The driver''s pod has the batch''s labels: its events are seen.';

-- Drivers name themselves by Spark's application id.
CREATE INDEX batch_k8s_application ON batch (app_id, id) WHERE protocol = 'k8s';

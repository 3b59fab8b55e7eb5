-- sql/schema/0006_k8s.sql   what spark-submit sends for a driver piece by piece, until its last piece has come.
-- SPDX-License-Identifier: Apache-2.0

-- --master k8s:// sends the driver's pod first and the configuration, which names the cluster, last (contract
-- k8s-facade.md section 4). Any worker may get any piece; what never becomes complete goes after some minutes.
CREATE TABLE k8s_submission (
	uid uuid PRIMARY KEY,
	namespace text NOT NULL,
	pod_name text NOT NULL,
	app_id text NOT NULL,
	cluster text,
	owner text,
	config_map text NOT NULL,
	pod jsonb NOT NULL,
	parts jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parts) = 'object'),
	begun_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL,
	CONSTRAINT k8s_submission_pod UNIQUE (namespace, pod_name)
);
CREATE INDEX k8s_submission_expires ON k8s_submission (expires_at);
COMMENT ON TABLE k8s_submission IS
	'Half-sent submissions of spark-submit --master k8s://; they may hold secrets, and only until they are complete.';
COMMENT ON COLUMN k8s_submission.uid IS 'What the client was told as its pod''s uid; of the batch that it becomes.';
COMMENT ON COLUMN k8s_submission.cluster IS 'That the address named; null: the configuration will say.';
COMMENT ON COLUMN k8s_submission.config_map IS 'The name of the piece that completes it.';
COMMENT ON COLUMN k8s_submission.parts IS 'Services, claims and so on by kind and name, as they were sent.';

-- Clients ask for a driver by its pod's name.
CREATE INDEX batch_k8s_pod ON batch (driver_pod, id) WHERE protocol = 'k8s';

-- sql/schema/0008_operator.sql   which operator a cluster with "operator: auto" has, as its watcher found it.
-- SPDX-License-Identifier: Apache-2.0

ALTER TABLE cluster_watch ADD COLUMN operator_found text, ADD COLUMN operator_found_at timestamptz;
COMMENT ON COLUMN cluster_watch.operator_found IS
	'For new batches: the operator whose definition of SparkApplications is served; null: none was found (yet).';
COMMENT ON COLUMN cluster_watch.operator_found_at IS 'When the API server was last asked and answered.';
COMMENT ON COLUMN batch.operator_kind IS
	'The operator that its object was made for, whatever the cluster has since: kubeflow, sparkgate, apache; none: the '
	'driver''s pod is its object; client: the driver ran before.';

-- sql/views/airflow_runs.sql   what Airflow's tasks have submitted.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.airflow_runs AS
SELECT airflow_dag AS dag, airflow_task AS task, airflow_run AS run, count(*) AS batches,
       count(*) FILTER (WHERE state IN ('dead', 'error')) AS failed, (array_agg(state ORDER BY id DESC))[1] AS state,
       (array_agg(reason ORDER BY id DESC))[1] AS reason, max(id) AS last_id, min(accepted_at) AS accepted_at,
       CASE WHEN count(*) = count(finished_at) THEN max(finished_at) END AS finished_at, sum(run_s) AS run_s,
       sum(core_hours) AS core_hours
FROM report.batch WHERE airflow_dag IS NOT NULL
GROUP BY airflow_dag, airflow_task, airflow_run
ORDER BY last_id DESC;
COMMENT ON VIEW report.airflow_runs IS 'What each task of each run of a DAG has submitted within the range, all tries together.';
COMMENT ON COLUMN report.airflow_runs.dag IS 'As conf or labels say: see the column airflow_dag of table batch.';
COMMENT ON COLUMN report.airflow_runs.task IS 'Which task of it.';
COMMENT ON COLUMN report.airflow_runs.run IS 'Which run of the DAG.';
COMMENT ON COLUMN report.airflow_runs.batches IS 'How many it has submitted: more than one when it was tried again.';
COMMENT ON COLUMN report.airflow_runs.failed IS 'How many of them are dead or error.';
COMMENT ON COLUMN report.airflow_runs.state IS 'Of the last one.';
COMMENT ON COLUMN report.airflow_runs.reason IS 'Of the last one.';
COMMENT ON COLUMN report.airflow_runs.last_id IS 'The last one.';
COMMENT ON COLUMN report.airflow_runs.accepted_at IS 'When the first one came.';
COMMENT ON COLUMN report.airflow_runs.finished_at IS 'When the last one ended; null: not yet.';
COMMENT ON COLUMN report.airflow_runs.run_s IS 'Seconds that they ran, together.';
COMMENT ON COLUMN report.airflow_runs.core_hours IS 'Cores that they asked for, while they ran.';

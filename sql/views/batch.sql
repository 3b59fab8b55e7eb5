-- sql/views/batch.sql   one row a batch, for people: no request, no arguments, no conf.
-- SPDX-License-Identifier: Apache-2.0
-- The range by its functions themselves, so that the planner knows how much of the ledger it is: for a subquery's he takes a
-- two-hundredth, and then reads all of a long range for somebody's newest batches, or all of the ledger for a short one.
CREATE VIEW report.batch AS
SELECT measured.id, measured.name, measured.owner AS "user", batch.proxy_user, measured.team, measured.queue, measured.cluster,
       batch.namespace, measured.protocol::text AS protocol, measured.image, batch.spark_version, measured.state::text AS state,
       measured.reason::text AS reason, batch.message, batch.exit_code, measured.retries, measured.accepted_at,
       measured.admitted_at, measured.pushed_at, measured.started_at, measured.finished_at, measured.queue_s, measured.start_s,
       measured.run_s, measured.cores, measured.memory_mib / 1024 AS memory_gib, measured.core_s / 3600 AS core_hours,
       measured.mib_s / 1024 / 3600 AS gib_hours,
       (measured.core_s / 3600)::numeric * price.core_hour + (measured.mib_s / 1024 / 3600)::numeric * price.gib_hour AS cost,
       price.currency, batch.labels, measured.airflow_dag, measured.airflow_task, measured.airflow_run, measured.airflow_try,
       batch.app_id, batch.driver_pod, batch.request_id
FROM batch_measured AS measured
LEFT JOIN batch ON batch.id = measured.id     -- each has one; this join is left out where its columns are not asked for
LEFT JOIN report.price ON price.cluster = measured.cluster AND measured.day >= price.valid_from AND measured.day < price.valid_before
WHERE measured.accepted_at >= report.from_time() AND measured.accepted_at < report.to_time();
COMMENT ON VIEW report.batch IS 'One row a batch that is kept, accepted within the range.';
COMMENT ON COLUMN report.batch.id IS 'The id of all routes.';
COMMENT ON COLUMN report.batch.name IS 'What the client calls it.';
COMMENT ON COLUMN report.batch."user" IS 'Who submitted it; null: nobody had to say who he is.';
COMMENT ON COLUMN report.batch.proxy_user IS 'As whom it runs, where the client asked for that.';
COMMENT ON COLUMN report.batch.team IS 'The label that report_setting.team_label names.';
COMMENT ON COLUMN report.batch.queue IS 'As the client asked for it.';
COMMENT ON COLUMN report.batch.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.batch.namespace IS 'Where its pods are.';
COMMENT ON COLUMN report.batch.protocol IS 'By which it came: livy, spark_rest, k8s.';
COMMENT ON COLUMN report.batch.image IS 'Of the driver''s container.';
COMMENT ON COLUMN report.batch.spark_version IS 'As the configuration has it for that image.';
COMMENT ON COLUMN report.batch.state IS 'accepted, starting, running; final: success, dead, killed, error.';
COMMENT ON COLUMN report.batch.reason IS 'Of a final state other than success.';
COMMENT ON COLUMN report.batch.message IS 'Why it is where it is, in Kubernetes'' own words where there are any.';
COMMENT ON COLUMN report.batch.exit_code IS 'Of the driver''s container.';
COMMENT ON COLUMN report.batch.retries IS 'How often it has been run again.';
COMMENT ON COLUMN report.batch.accepted_at IS 'When it was committed.';
COMMENT ON COLUMN report.batch.admitted_at IS 'When it got its turn; null: it waits for it.';
COMMENT ON COLUMN report.batch.pushed_at IS 'When Kubernetes had its object.';
COMMENT ON COLUMN report.batch.started_at IS 'When its driver ran, the first time.';
COMMENT ON COLUMN report.batch.finished_at IS 'When it ended.';
COMMENT ON COLUMN report.batch.queue_s IS 'Seconds from acceptance to its turn.';
COMMENT ON COLUMN report.batch.start_s IS 'Seconds from its turn to its driver''s start: Kubernetes'' part, and the image''s.';
COMMENT ON COLUMN report.batch.run_s IS 'Seconds from the driver''s start to the end, retries included.';
COMMENT ON COLUMN report.batch.cores IS 'Asked for: the driver''s and those of the executors at the start; null: not known.';
COMMENT ON COLUMN report.batch.memory_gib IS 'The same of memory, without the overhead that Spark adds for pods.';
COMMENT ON COLUMN report.batch.core_hours IS 'cores for run_s.';
COMMENT ON COLUMN report.batch.gib_hours IS 'memory_gib for run_s.';
COMMENT ON COLUMN report.batch.cost IS 'By the cluster''s price of the day of the end; null: none, or not ended.';
COMMENT ON COLUMN report.batch.currency IS 'Of the cost.';
COMMENT ON COLUMN report.batch.labels IS 'That the client asks for on the driver''s pod.';
COMMENT ON COLUMN report.batch.airflow_dag IS 'Which DAG, as conf or labels say: see the column of table batch.';
COMMENT ON COLUMN report.batch.airflow_task IS 'Which task of it.';
COMMENT ON COLUMN report.batch.airflow_run IS 'Which run of the DAG.';
COMMENT ON COLUMN report.batch.airflow_try IS 'Which try of the task.';
COMMENT ON COLUMN report.batch.app_id IS 'Spark''s application id.';
COMMENT ON COLUMN report.batch.driver_pod IS 'The driver''s pod.';
COMMENT ON COLUMN report.batch.request_id IS 'X-Request-Id of the request that made it; also in the gateway''s log.';

-- sql/schema/0011_report.sql   what reports need of a batch, and sums by day that outlive it. The views are in sql/views.
-- SPDX-License-Identifier: Apache-2.0

-- What a batch asks for, after the cluster's defaults and what it enforces; numbers as numbers. Filled when a batch is
-- accepted: of those that came before this migration it is not known.
ALTER TABLE batch
	ADD COLUMN image text,
	ADD COLUMN spark_version text,
	ADD COLUMN driver_cores numeric,
	ADD COLUMN driver_memory_mib bigint,
	ADD COLUMN executors_count bigint,
	ADD COLUMN executor_cores numeric,
	ADD COLUMN executor_memory_mib bigint,
	ADD COLUMN labels jsonb,
	ADD COLUMN airflow_dag text,
	ADD COLUMN airflow_task text,
	ADD COLUMN airflow_run text,
	ADD COLUMN airflow_try text;
COMMENT ON COLUMN batch.image IS 'Of the driver''s container.';
COMMENT ON COLUMN batch.spark_version IS 'As the configuration has it for that image; null: it does not say.';
COMMENT ON COLUMN batch.driver_cores IS 'As requested of Kubernetes: spark.kubernetes.driver.request.cores, else spark.driver.cores.';
COMMENT ON COLUMN batch.driver_memory_mib IS 'spark.driver.memory in MiB, without the overhead that Spark adds for the pod.';
COMMENT ON COLUMN batch.executors_count IS 'At the start; with dynamic allocation there may be more or fewer later.';
COMMENT ON COLUMN batch.executor_cores IS 'Of each one, as driver_cores.';
COMMENT ON COLUMN batch.executor_memory_mib IS 'Of each one, as driver_memory_mib.';
COMMENT ON COLUMN batch.labels IS 'The labels of the driver''s pod that the client asks for (spark.kubernetes.driver.label.NAME).';
COMMENT ON COLUMN batch.airflow_dag IS
	'From conf or labels, the first there is: spark.airflow.dag_id, the label dag_id, AIRFLOW_CTX_DAG_ID of '
	'spark.kubernetes.driverEnv, OpenLineage''s spark.openlineage.rootParentJobName.';
COMMENT ON COLUMN batch.airflow_task IS 'The same with task_id, and what follows the DAG in spark.openlineage.parentJobName.';
COMMENT ON COLUMN batch.airflow_run IS 'The same with run_id (AIRFLOW_CTX_DAG_RUN_ID); OpenLineage''s is the uuid in rootParentRunId.';
COMMENT ON COLUMN batch.airflow_try IS 'The same with try_number; OpenLineage has none.';
CREATE INDEX batch_airflow ON batch (airflow_dag, id) WHERE airflow_dag IS NOT NULL;

CREATE TABLE report_setting (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	team_label text NOT NULL DEFAULT 'team',
	stuck_after interval NOT NULL DEFAULT '10 minutes',
	unconfirmed_after interval NOT NULL DEFAULT '1 minute'
);
INSERT INTO report_setting DEFAULT VALUES;
COMMENT ON TABLE report_setting IS 'One row: what reports go by. Yours to change.';
COMMENT ON COLUMN report_setting.team_label IS 'The label that names a batch''s team; sums of days that are over keep theirs.';
COMMENT ON COLUMN report_setting.stuck_after IS 'A batch that waits longer for its turn or its driver stands in report.stuck.';
COMMENT ON COLUMN report_setting.unconfirmed_after IS 'The same for what Kubernetes should have taken or said by then.';

CREATE TABLE report_price (
	cluster text NOT NULL,
	valid_from date NOT NULL DEFAULT '-infinity',
	core_hour numeric NOT NULL CHECK (core_hour >= 0),
	gib_hour numeric NOT NULL CHECK (gib_hour >= 0),
	currency text NOT NULL,
	PRIMARY KEY (cluster, valid_from)
);
COMMENT ON TABLE report_price IS 'What a cluster costs, for reports. Yours to fill; a batch has the price of the day of its end.';
COMMENT ON COLUMN report_price.valid_from IS 'The first day (UTC) of this price; it ends where the next one begins.';
COMMENT ON COLUMN report_price.core_hour IS 'One core for one hour.';
COMMENT ON COLUMN report_price.gib_hour IS 'One GiB of memory for one hour.';
COMMENT ON COLUMN report_price.currency IS 'E.g. EUR. What is in two currencies is not added up.';

-- A batch in numbers: views and sums take them from here, so that they agree. Times are seconds.
CREATE VIEW batch_measured AS
SELECT id, name, protocol, cluster, queue, owner, image, state, reason, retries, accepted_at, admitted_at, pushed_at, started_at,
       finished_at, airflow_dag, airflow_task, airflow_run, airflow_try,
       labels ->> (SELECT team_label FROM report_setting) AS team,
       (finished_at AT TIME ZONE 'UTC')::date AS day,
       queue_s, start_s, run_s, cores, memory_mib, run_s * cores AS core_s, run_s * memory_mib AS mib_s
FROM batch
CROSS JOIN LATERAL (
	-- before there were limits nobody waited for a turn, and the column was filled afterwards
	SELECT CASE WHEN admitted_at > least(pushed_at, started_at, finished_at) THEN accepted_at
		    ELSE coalesce(admitted_at, finished_at) END AS turn_at
) AS turn
CROSS JOIN LATERAL (
	SELECT extract(epoch FROM turn_at - accepted_at)::float8 AS queue_s,
	       CASE WHEN started_at IS NOT NULL THEN greatest(extract(epoch FROM started_at - turn_at), 0) END::float8 AS start_s,
	       extract(epoch FROM finished_at - started_at)::float8 AS run_s,
	       (driver_cores + executors_count * executor_cores)::float8 AS cores,
	       (driver_memory_mib + executors_count * executor_memory_mib)::float8 AS memory_mib
) AS measure;
COMMENT ON VIEW batch_measured IS 'A batch in numbers; times in seconds, null where it has not come so far.';

-- Buckets for percentiles: a fourth of a power of two each, so that what is read from them is right within 10 %. Bucket 0
-- is below 1/16 s, the last one above 12 days.
CREATE FUNCTION report_bucket(seconds float8) RETURNS smallint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN seconds < 0.0625 THEN 0 ELSE least(1 + floor(4 * ln(seconds / 0.0625) / ln(2::float8)), 97) END::smallint;
CREATE FUNCTION report_bucket_seconds(bucket integer) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN bucket = 0 THEN 0 ELSE 0.0625 * 2::float8 ^ ((bucket - 0.5::float8) / 4) END;

-- Sums of what has ended. Who is null has none: a queue, an owner, a team.
CREATE TABLE batch_rollup (
	day date NOT NULL,
	cluster text NOT NULL,
	queue text,
	owner text,
	team text,
	protocol batch_protocol NOT NULL,
	image text,
	state batch_state NOT NULL,
	reason batch_reason,
	batches bigint NOT NULL,
	retries bigint NOT NULL,
	queue_s float8 NOT NULL,
	start_s float8 NOT NULL,
	run_s float8 NOT NULL,
	core_s float8 NOT NULL,
	mib_s float8 NOT NULL,
	CONSTRAINT batch_rollup_key UNIQUE NULLS NOT DISTINCT (day, cluster, queue, owner, team, protocol, image, state, reason)
) WITH (fillfactor = 80);
COMMENT ON TABLE batch_rollup IS
	'What has ended, by the day (UTC) of its end; watchers add each batch once, and retention of batches leaves it.';

-- Rows and not arrays: few buckets of a day, a queue and a team are used, and the sums above stay narrow.
CREATE TABLE batch_rollup_time (
	day date NOT NULL,
	cluster text NOT NULL,
	queue text,
	team text,
	measure text NOT NULL CHECK (measure IN ('queue', 'start', 'run')),
	bucket smallint NOT NULL,
	batches bigint NOT NULL,
	CONSTRAINT batch_rollup_time_key UNIQUE NULLS NOT DISTINCT (day, cluster, queue, team, measure, bucket)
) WITH (fillfactor = 80);
COMMENT ON TABLE batch_rollup_time IS 'How many of the batches of a day waited, started and ran how long: see report_bucket().';

-- What has ended and is not in the sums yet; comes with the end and goes with its sum, each in one commit.
CREATE TABLE batch_rollup_owed (
	batch_id bigint PRIMARY KEY
);
COMMENT ON TABLE batch_rollup_owed IS 'Ended batches that are still to be added to batch_rollup; retention leaves them until then.';

CREATE FUNCTION batch_rollup_owe() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO batch_rollup_owed VALUES (NEW.id);
	RETURN NULL;
END $$;
CREATE TRIGGER batch_rollup_ended AFTER UPDATE OF finished_at ON batch
	FOR EACH ROW WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION batch_rollup_owe();
CREATE TRIGGER batch_rollup_came_ended AFTER INSERT ON batch
	FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION batch_rollup_owe();
INSERT INTO batch_rollup_owed SELECT id FROM batch WHERE finished_at IS NOT NULL;

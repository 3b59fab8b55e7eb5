-- SPDX-License-Identifier: Apache-2.0
-- Batches made up for reports: two days that are over, each figure of which can be worked out by hand, and what is under way.
-- Each has 4 cores and 4 GiB, so an hour of running is 4 core-hours and 4 GiB-hours.
INSERT INTO report_price VALUES
	('default', '-infinity', 0.05, 0.005, 'EUR'), ('default', '2025-03-02', 0.10, 0.01, 'EUR'), ('west', '-infinity', 0.04, 0.004, 'USD');

INSERT INTO batch (uid, request_digest, namespace, operator_kind, request, driver_cores, driver_memory_mib, executors_count,
		   executor_cores, executor_memory_mib, name, owner, labels, queue, cluster, protocol, image, state, reason,
		   accepted_at, admitted_at, pushed_at, started_at, finished_at, airflow_dag, airflow_task, airflow_run, airflow_try)
SELECT gen_random_uuid(), '', 'spark', 'sparkgate', '{"conf": {"spark.secret": "not for reports"}}', 1, 1024, 3, 1, 1024,
       name, owner, CASE WHEN team IS NULL THEN '{}' ELSE jsonb_build_object('team', team) END, queue, cluster,
       protocol::batch_protocol, image, state::batch_state, reason::batch_reason, accepted_at, turn_at, turn_at,
       turn_at + start_s * interval '1 s', turn_at + (coalesce(start_s, 1) + coalesce(run_s, 0)) * interval '1 s',
       dag, CASE WHEN dag IS NOT NULL THEN 'load' END, CASE WHEN dag IS NOT NULL THEN 'scheduled__2025-03-02' END, try
FROM (VALUES
	('etl', 'ann', 'data', 'etl', 'default', 'livy', 'spark:4', 'success', NULL, '2025-03-01 10:00Z'::timestamptz, 0, 10, 3600, NULL, NULL),
	('etl', 'ann', 'data', 'etl', 'default', 'livy', 'spark:4', 'dead', 'exit_code', '2025-03-01 11:00Z', 0, 10, 1800, NULL, NULL),
	('etl', 'ann', 'data', 'etl', 'default', 'livy', 'spark:4', 'success', NULL, '2025-03-02 10:00Z', 60, 20, 3600, NULL, NULL),
	('etl', 'ann', 'data', 'etl', 'default', 'livy', 'spark:4', 'dead', 'out_of_memory', '2025-03-02 12:00Z', 0, 10, 600, NULL, NULL),
	('train', 'bob', 'ml', 'gpu', 'west', 'spark_rest', 'spark:3.5', 'success', NULL, '2025-03-01 09:00Z', 600, 30, 7200, NULL, NULL),
	('train', 'bob', 'ml', 'gpu', 'west', 'spark_rest', 'spark:3.5', 'dead', 'exit_code', '2025-03-02 09:00Z', 0, 30, 60, NULL, NULL),
	('adhoc', 'cat', NULL, NULL, 'default', 'k8s', 'spark:4', 'killed', 'killed_by_user', '2025-03-02 10:00Z', 0, 5, 120, NULL, NULL),
	('adhoc', 'cat', NULL, NULL, 'default', 'livy', NULL, 'error', 'refused', '2025-03-02 10:01Z', 0, NULL, NULL, NULL, NULL),
	('report', 'ann', 'data', 'etl', 'default', 'livy', 'spark:4', 'dead', 'exit_code', '2025-03-02 13:00Z', 0, 10, 300, 'sales', '1'),
	('report', 'ann', 'data', 'etl', 'default', 'livy', 'spark:4', 'success', NULL, '2025-03-02 13:10Z', 0, 10, 300, 'sales', '2')
) AS ended (name, owner, team, queue, cluster, protocol, image, state, reason, accepted_at, queue_s, start_s, run_s, dag, try)
CROSS JOIN LATERAL (SELECT accepted_at + queue_s * interval '1 s' AS turn_at) AS turn;

INSERT INTO cluster_watch (cluster, watcher, leased_at, heard_at, last_error) VALUES
	('default', 'host:1', now(), now() + interval '1 day', NULL),
	('west', 'host:2', now() - interval '1 hour', now() - interval '10 minutes', 'no route')
ON CONFLICT (cluster) DO UPDATE SET heard_at = excluded.heard_at, last_error = excluded.last_error;

INSERT INTO batch (uid, request_digest, namespace, operator_kind, request, protocol, driver_cores, driver_memory_mib, name, owner,
		   queue, cluster, state, message, accepted_at, admitted_at, pushed_at, started_at, kill_requested_at)
SELECT gen_random_uuid(), '', 'spark', 'sparkgate', '{}', 'livy', 2, 2048, name, owner, queue, cluster, state::batch_state,
       message, now() - accepted_ago, now() - admitted_ago, now() - pushed_ago, now() - started_ago, now() - kill_ago
FROM (VALUES
	('fine', 'ann', 'etl', 'default', 'running', NULL, interval '6 min', interval '6 min', interval '6 min', interval '5 min', NULL::interval),
	('no-image', 'bob', 'etl', 'default', 'starting', 'ImagePullBackOff', '30 min', '30 min', '30 min', NULL, NULL),
	('queued', 'ann', 'etl', 'default', 'accepted', NULL, '20 min', NULL, NULL, NULL, NULL),
	('unpushed', 'bob', NULL, 'default', 'accepted', NULL, '5 min', '5 min', NULL, NULL, NULL),
	('unkillable', 'bob', NULL, 'default', 'running', NULL, '9 min', '9 min', '9 min', '8 min', '5 min'),
	('out-west', 'cat', 'gpu', 'west', 'running', NULL, '9 min', '9 min', '9 min', '8 min', NULL)
) AS under_way (name, owner, queue, cluster, state, message, accepted_ago, admitted_ago, pushed_ago, started_ago, kill_ago);
INSERT INTO batch_push (batch_id, cluster, object, claimed_until, tries, last_error)
SELECT id, cluster, '{}', now(), 7, 'connection refused' FROM batch WHERE name = 'unpushed';

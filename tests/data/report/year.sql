-- SPDX-License-Identifier: Apache-2.0
-- The sums of a year with ten million batches (27,000 a day: 3 clusters, 12 queues, 200 users in 25 teams, 10 images), and
-- how long reports of it take. In an empty database that has been migrated:
--   psql -X -f tests/data/report/year.sql
INSERT INTO batch_rollup (day, cluster, queue, owner, team, protocol, image, state, reason, batches, retries, queue_s, start_s,
			  run_s, core_s, mib_s)
SELECT day::date, 'cluster' || cluster, 'queue' || person % 12, 'user' || person, 'team' || person % 25, 'livy',
       'registry.example/spark:image' || (person * 7 + cluster) % 10, state::batch_state, reason::batch_reason, batches, 0,
       batches * 10, batches * 20, batches * 300, batches * 1200, batches * 4915200
FROM generate_series(timestamp '2025-01-01', '2025-12-31', '1 day') AS day, generate_series(1, 3) AS cluster,
     generate_series(1, 200) AS person,
     (VALUES ('success', NULL, 36), ('dead', 'exit_code', 5), ('dead', 'out_of_memory', 2), ('killed', 'killed_by_user', 2))
     AS ended (state, reason, batches);
INSERT INTO batch_rollup_time (day, cluster, queue, team, measure, bucket, batches)
SELECT day::date, 'cluster' || cluster, 'queue' || queue, 'team' || team, measure, bucket, 6
FROM generate_series(timestamp '2025-01-01', '2025-12-31', '1 day') AS day, generate_series(1, 3) AS cluster,
     generate_series(1, 4) AS queue, generate_series(1, 25) AS team, (VALUES ('queue'), ('start'), ('run')) AS measured (measure),
     generate_series(20, 24) AS bucket;
INSERT INTO report_price SELECT 'cluster' || cluster, '-infinity', 0.05, 0.005, 'EUR' FROM generate_series(1, 3) AS cluster;
VACUUM ANALYZE batch_rollup;
VACUUM ANALYZE batch_rollup_time;
SELECT sum(batches) AS batches, count(*) AS rows FROM batch_rollup;
SET work_mem = '32MB';          -- as the role sparkgate_report has it
\timing on
SELECT count(*) AS rows FROM report.cost_by_team_day;
SELECT count(*) AS rows FROM report.cost_by_team_day;
SELECT count(*) AS rows FROM report.by_team;
SELECT count(*) AS rows FROM report.wait_percentiles;

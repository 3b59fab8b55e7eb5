-- sql/views/ended.sql   the sums by day, with what is not in them yet: always exact, whenever a watcher last added.
-- SPDX-License-Identifier: Apache-2.0
-- The range is asked for once by a subquery, and not for each of a million rows. What is owed is looked for by the time of its
-- end, of which there is an index: after an upgrade all batches are owed for a while.
CREATE VIEW report.ended AS
SELECT day, cluster, queue, owner AS "user", team, protocol::text AS protocol, image, state::text AS state, reason::text AS reason,
       batches, retries, queue_s, start_s, run_s, core_s / 3600 AS core_hours, mib_s / 1024 / 3600 AS gib_hours
FROM batch_rollup
WHERE day BETWEEN (SELECT report.from_day()) AND (SELECT report.to_day())
UNION ALL
SELECT day, cluster, queue, owner, team, protocol::text, image, state::text, reason::text, 1, retries, coalesce(queue_s, 0),
       coalesce(start_s, 0), coalesce(run_s, 0), coalesce(core_s, 0) / 3600, coalesce(mib_s, 0) / 1024 / 3600
FROM batch_rollup_owed AS owed JOIN batch_measured AS measured ON measured.id = owed.batch_id
WHERE finished_at >= (SELECT report.days_begin()) AND finished_at < (SELECT report.days_end());
COMMENT ON VIEW report.ended IS 'All batches that ever ended within the range, added up, also those that retention has removed.';
COMMENT ON COLUMN report.ended.day IS 'Of the end, in UTC.';
COMMENT ON COLUMN report.ended.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.ended.queue IS 'Null: none.';
COMMENT ON COLUMN report.ended."user" IS 'Null: nobody had to say who he is.';
COMMENT ON COLUMN report.ended.team IS 'By the label; null: none.';
COMMENT ON COLUMN report.ended.protocol IS 'livy, spark_rest, k8s.';
COMMENT ON COLUMN report.ended.image IS 'Null: not known.';
COMMENT ON COLUMN report.ended.state IS 'success, dead, killed, error.';
COMMENT ON COLUMN report.ended.reason IS 'Null with success.';
COMMENT ON COLUMN report.ended.batches IS 'How many. Several rows may have the same values before it: add them up.';
COMMENT ON COLUMN report.ended.retries IS 'How often they were run again.';
COMMENT ON COLUMN report.ended.queue_s IS 'Seconds they waited for their turn, together.';
COMMENT ON COLUMN report.ended.start_s IS 'Seconds from turn to start, together.';
COMMENT ON COLUMN report.ended.run_s IS 'Seconds they ran, together.';
COMMENT ON COLUMN report.ended.core_hours IS 'Cores that they asked for, while they ran.';
COMMENT ON COLUMN report.ended.gib_hours IS 'The same of memory.';

-- sql/views/stuck.sql   what does not get on, and why.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.stuck AS
SELECT batch.id, batch.name, batch.owner AS "user", batch.queue, batch.cluster, batch.state::text AS state, why.why, why.since,
       extract(epoch FROM now() - why.since)::bigint AS for_s, why.said, push.tries
FROM batch
LEFT JOIN batch_push AS push ON push.batch_id = batch.id
LEFT JOIN cluster_watch AS watch ON watch.cluster = batch.cluster
CROSS JOIN report_setting AS setting
CROSS JOIN LATERAL (VALUES
	('kill not confirmed', batch.kill_requested_at, setting.unconfirmed_after, batch.message),
	('cluster silent', coalesce(watch.heard_at, watch.leased_at, batch.accepted_at), setting.unconfirmed_after, watch.last_error),
	('waiting for its turn', CASE WHEN batch.admitted_at IS NULL THEN batch.accepted_at END, setting.stuck_after, batch.message),
	('waiting for a push', CASE WHEN batch.admitted_at IS NOT NULL AND batch.pushed_at IS NULL THEN batch.admitted_at END,
	 setting.unconfirmed_after, push.last_error),
	('starting', CASE WHEN batch.state = 'starting' AND batch.admitted_at IS NOT NULL THEN batch.pushed_at END,
	 setting.stuck_after, batch.message)
) AS why (why, since, allowed, said)
WHERE batch.finished_at IS NULL AND why.since < now() - why.allowed
ORDER BY why.since, batch.id;
COMMENT ON VIEW report.stuck IS 'What does not get on, and why; a row for each reason. The range does not matter.';
COMMENT ON COLUMN report.stuck.id IS 'The id of all routes.';
COMMENT ON COLUMN report.stuck.name IS 'What the client calls it.';
COMMENT ON COLUMN report.stuck."user" IS 'Who submitted it.';
COMMENT ON COLUMN report.stuck.queue IS 'As the client asked for it.';
COMMENT ON COLUMN report.stuck.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.stuck.state IS 'accepted, starting, running.';
COMMENT ON COLUMN report.stuck.why IS 'kill not confirmed, cluster silent, waiting for its turn, waiting for a push, starting.';
COMMENT ON COLUMN report.stuck.since IS 'Since when.';
COMMENT ON COLUMN report.stuck.for_s IS 'For how many seconds.';
COMMENT ON COLUMN report.stuck.said IS 'In Kubernetes'' own words, or those of what failed.';
COMMENT ON COLUMN report.stuck.tries IS 'How often it was pushed.';

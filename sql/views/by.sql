-- sql/views/by.sql   report.by_day, by_user, by_team, by_queue, by_cluster, by_image, by_protocol: one shape for all.
-- SPDX-License-Identifier: Apache-2.0
DO $$
DECLARE
	key text;
	said text[];
BEGIN
	FOREACH key IN ARRAY ARRAY['day', 'user', 'team', 'queue', 'cluster', 'image', 'protocol'] LOOP
		EXECUTE format('CREATE VIEW report.by_%s AS
			SELECT %I, sum(batches)::bigint AS batches, sum(succeeded)::bigint AS succeeded, sum(failed)::bigint AS failed,
			       sum(killed)::bigint AS killed,
			       round(sum(succeeded) / nullif(sum(succeeded) + sum(failed), 0), 4) AS success_rate,
			       coalesce(jsonb_object_agg(reason, batches) FILTER (WHERE reason IS NOT NULL), ''{}'') AS reasons,
			       sum(retries)::bigint AS retries, sum(run_s) / 3600 AS run_hours, sum(core_hours) AS core_hours,
			       sum(gib_hours) AS gib_hours
			FROM (
				SELECT %I, reason, sum(batches) AS batches, sum(retries) AS retries,
				       coalesce(sum(batches) FILTER (WHERE state = ''success''), 0) AS succeeded,
				       coalesce(sum(batches) FILTER (WHERE state IN (''dead'', ''error'')), 0) AS failed,
				       coalesce(sum(batches) FILTER (WHERE state = ''killed''), 0) AS killed,
				       sum(run_s) AS run_s, sum(core_hours) AS core_hours, sum(gib_hours) AS gib_hours
				FROM report.ended GROUP BY %I, reason
			) AS by_reason
			GROUP BY %I ORDER BY %I', key, key, key, key, key, key);
		EXECUTE format('COMMENT ON VIEW report.by_%s IS %L', key, 'What has ended within the range, by ' || key || '.');
		FOREACH said SLICE 1 IN ARRAY ARRAY[
			[key, 'What the row is about; null: those that have none.'],
			['batches', 'How many ended.'],
			['succeeded', 'With success.'],
			['failed', 'Dead or error.'],
			['killed', 'By somebody.'],
			['success_rate', 'succeeded of succeeded and failed; who was killed counts for neither.'],
			['reasons', 'How many had which reason.'],
			['retries', 'How often they were run again.'],
			['run_hours', 'How long they ran, together.'],
			['core_hours', 'Cores that they asked for, while they ran.'],
			['gib_hours', 'The same of memory.']
		] LOOP
			EXECUTE format('COMMENT ON COLUMN report.by_%s.%I IS %L', key, said[1], said[2]);
		END LOOP;
	END LOOP;
END $$;

-- sql/views/cost_by_team_day.sql   what teams have used, and what it costs.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.cost_by_team_day AS
SELECT day, team, currency, sum(batches)::bigint AS batches, sum(core_hours) AS core_hours, sum(gib_hours) AS gib_hours,
       sum(core_hours::numeric * core_hour + gib_hours::numeric * gib_hour) AS cost
FROM (
	SELECT day, team, cluster, sum(batches) AS batches, sum(core_hours) AS core_hours, sum(gib_hours) AS gib_hours
	FROM report.ended GROUP BY day, team, cluster
) AS used
LEFT JOIN report.price ON price.cluster = used.cluster AND day >= valid_from AND day < valid_before
GROUP BY day, team, currency
ORDER BY day, team, currency;
COMMENT ON VIEW report.cost_by_team_day IS 'What teams have used within the range, by day, and what it costs.';
COMMENT ON COLUMN report.cost_by_team_day.day IS 'Of the end, in UTC.';
COMMENT ON COLUMN report.cost_by_team_day.team IS 'By the label; null: none.';
COMMENT ON COLUMN report.cost_by_team_day.currency IS 'Of the price; a row for each; null: of clusters without a price.';
COMMENT ON COLUMN report.cost_by_team_day.batches IS 'How many ended.';
COMMENT ON COLUMN report.cost_by_team_day.core_hours IS 'Cores that they asked for, while they ran.';
COMMENT ON COLUMN report.cost_by_team_day.gib_hours IS 'The same of memory.';
COMMENT ON COLUMN report.cost_by_team_day.cost IS 'By the price of the day; null: there is none.';

-- sql/views/price.sql   prices with the day on which each ends.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.price AS
SELECT cluster, valid_from,
       coalesce(lead(valid_from) OVER (PARTITION BY cluster ORDER BY valid_from), 'infinity') AS valid_before,
       core_hour, gib_hour, currency
FROM report_price;
COMMENT ON VIEW report.price IS 'What clusters cost; the table report_price is the owner''s to fill.';
COMMENT ON COLUMN report.price.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.price.valid_from IS 'The first day (UTC) of this price.';
COMMENT ON COLUMN report.price.valid_before IS 'The day on which the next one begins.';
COMMENT ON COLUMN report.price.core_hour IS 'Of one core for one hour.';
COMMENT ON COLUMN report.price.gib_hour IS 'Of one GiB of memory for one hour.';
COMMENT ON COLUMN report.price.currency IS 'Of both.';

-- sql/views/schema.sql   the schema of the views, made anew whenever one of these files changes.
-- SPDX-License-Identifier: Apache-2.0

-- All views in one command: they may use each other, but what somebody else has built on them must not go unnoticed.
DO $$
DECLARE
	views text;
	functions text;
	said text;
BEGIN
	SELECT string_agg(oid::regclass::text, ', ') INTO views FROM pg_class
	WHERE relnamespace = to_regnamespace('report') AND relkind = 'v';
	SELECT string_agg(oid::regprocedure::text, ', ') INTO functions FROM pg_proc WHERE pronamespace = to_regnamespace('report');
	IF views IS NOT NULL THEN
		EXECUTE 'DROP VIEW ' || views;
	END IF;
	IF functions IS NOT NULL THEN
		EXECUTE 'DROP FUNCTION ' || functions;
	END IF;
	DROP SCHEMA IF EXISTS report;
EXCEPTION WHEN dependent_objects_still_exist THEN
	GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL;
	RAISE EXCEPTION 'schema report cannot be made anew, because others use it: drop those, migrate, make them again: %', said;
END $$;
CREATE SCHEMA report;

-- The range that all views keep to: SET report.since = '2026-11-01'; SET report.until = '2026-12-01'. A day belongs to it if any
-- of the day does.
CREATE FUNCTION report.from_time() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('report.since', true), '')::timestamptz, '-infinity');
COMMENT ON FUNCTION report.from_time() IS 'Where the range of all views begins: SET report.since = TIME.';
CREATE FUNCTION report.to_time() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('report.until', true), '')::timestamptz, 'infinity');
COMMENT ON FUNCTION report.to_time() IS 'Before which the range of all views ends: SET report.until = TIME.';
CREATE FUNCTION report.from_day() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
RETURN (report.from_time() AT TIME ZONE 'UTC')::date;
COMMENT ON FUNCTION report.from_day() IS 'The first day (UTC) of the range.';
CREATE FUNCTION report.to_day() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
RETURN ((report.to_time() - interval '1 microsecond') AT TIME ZONE 'UTC')::date;
COMMENT ON FUNCTION report.to_day() IS 'The last day (UTC) of the range.';
CREATE FUNCTION report.days_begin() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN report.from_day()::timestamp AT TIME ZONE 'UTC';
COMMENT ON FUNCTION report.days_begin() IS 'When the first day of the range begins.';
CREATE FUNCTION report.days_end() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN (report.to_day() + 1)::timestamp AT TIME ZONE 'UTC';
COMMENT ON FUNCTION report.days_end() IS 'When the last day of the range is over.';

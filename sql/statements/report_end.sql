-- sql/statements/report_end.sql   $1 seconds. Ends sessions of the role that reads reports whose transaction lasts longer. What a
-- session may set for itself it can also set to nothing; this it cannot. Not only what runs: an old snapshot keeps rows
-- that have been replaced, in tables that are written all the time. Without membership in that role nobody is told since when
-- its transactions last, and none is ended.
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS sessions
FROM pg_stat_activity
WHERE usename = 'sparkgate_report' AND datname = current_database() AND backend_type = 'client backend'
  AND xact_start < clock_timestamp() - $1::int * interval '1 s'

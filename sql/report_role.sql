-- sql/report_role.sql   who may read schema report and nothing else; sparkgate-ctl migrate grants it that. How it proves who
-- it is (pg_hba.conf, a password) is the administrator's. The times are for accidents: a session can set them otherwise. The
-- number of its connections it cannot, nor how long a transaction lasts until a watcher ends it (watcher.report_transaction_s).
-- SPDX-License-Identifier: Apache-2.0
CREATE ROLE sparkgate_report LOGIN CONNECTION LIMIT 8;
ALTER ROLE sparkgate_report SET statement_timeout = '30s';
ALTER ROLE sparkgate_report SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE sparkgate_report SET default_transaction_read_only = on;
ALTER ROLE sparkgate_report SET search_path = report;
ALTER ROLE sparkgate_report SET work_mem = '32MB';

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/report_store.h"

#include <string.h>

#include "store/store_priv.h"

/* Somebody waits for it, and may have asked for a year; what asks often has a timeout of its own (sparkgate_report). */
static const char settings[] = "SET statement_timeout = '10min'; SET default_transaction_read_only = on; "
			       "SET work_mem = '32MB'";
/* Six digits of a number with a fraction: tables are for people. */
static const char short_numbers[] = "SET extra_float_digits = -9";

static const char list[] =
	"SELECT relname AS name, obj_description(oid, 'pg_class') AS shows FROM pg_class "
	"WHERE relnamespace = to_regnamespace('report') AND relkind = 'v' ORDER BY relname";

/* libpq's own words: the person at the terminal has asked the question. */
static bool
failed(struct store *store, struct err *err)
{
	const char *said = PQerrorMessage(store_connection(store));

	return err_set(err, ERR_UNAVAILABLE, "%.*s", (int)strcspn(said, "\n"), said);
}

static void
print_table(const PGresult *result, FILE *out)
{
	char separator[] = "|";
	const PQprintOpt options = { .header = 1, .align = 1, .fieldSep = separator };

	PQprint(out, result, &options);
}

static bool
print_copy(struct store *store, const char *query, FILE *out, struct err *err)
{
	PGconn *conn = store_connection(store);
	AUTO_PGRESULT PGresult *begun = PQexec(conn, query), *ended = NULL;
	char *row;
	int size;

	if (PQresultStatus(begun) != PGRES_COPY_OUT)
		return failed(store, err);
	while ((size = PQgetCopyData(conn, &row, 0)) > 0) {
		fwrite(row, 1, (size_t)size, out);
		PQfreemem(row);
	}
	ended = PQgetResult(conn);
	return PQresultStatus(ended) == PGRES_COMMAND_OK || failed(store, err);
}

static bool
print_rows(struct store *store, const char *query, FILE *out, struct err *err)
{
	PGconn *conn = store_connection(store);
	const char *between = "[\n";
	bool whole = true;

	if (!PQsendQuery(conn, query) || !PQsetSingleRowMode(conn))
		return failed(store, err);
	for (;;) {
		AUTO_PGRESULT PGresult *result = PQgetResult(conn);

		if (result == NULL)
			break;
		if (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
			fprintf(out, "%s%s", between, PQgetvalue(result, 0, 0));
			between = ",\n";
		} else if (PQresultStatus(result) != PGRES_TUPLES_OK) {
			whole = failed(store, err);
		}
	}
	if (whole)
		fputs(between[0] == '[' ? "[]\n" : "\n]\n", out);
	return whole;
}

/* `query` is a SELECT of ours, with nothing of a client in it but the name of a view that there is. */
static bool
print(struct store *store, const char *query, enum store_report_format format, FILE *out, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	AUTO_BUF struct buf text;

	buf_init(&text, 4096);
	switch (format) {
	case STORE_REPORT_CSV:
		buf_printf(&text, "COPY (%s) TO STDOUT WITH (FORMAT csv, HEADER)", query);
		return print_copy(store, buf_str(&text), out, err);
	case STORE_REPORT_JSON:
		buf_printf(&text, "SELECT row_to_json(row) FROM (%s) AS row", query);
		return print_rows(store, buf_str(&text), out, err);
	case STORE_REPORT_TABLE:
	case STORE_REPORT_FORMAT_COUNT:
		break;
	}
	if (!store_do(store, short_numbers, err))
		return false;
	result = PQexec(store_connection(store), query);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		return failed(store, err);
	print_table(result, out);
	return true;
}

bool
store_report_list(struct store *store, enum store_report_format format, FILE *out, struct err *err)
{
	return store_own_session(store, "report", err) && store_do(store, settings, err) && print(store, list, format, out, err);
}

static bool
find_view(struct store *store, const char *name, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	AUTO_BUF struct buf names;

	if (!store_run_text(store, list, NULL, 0, 0, &result, err))
		return false;
	buf_init(&names, sizeof(err->detail));
	for (int row = 0; row < PQntuples(result); row++) {
		if (strcmp(store_value(result, row, "name"), name) == 0)
			return true;
		buf_printf(&names, "%s%s", row == 0 ? "" : ", ", store_value(result, row, "name"));
	}
	err_set_(err, ERR_NOT_FOUND, "there is no report '%.64s'; there are", name);
	err_detail(err, "%s", PQntuples(result) == 0 ? "none: run sparkgate-ctl migrate" : buf_str(&names));
	return false;
}

static bool
set_limit(struct store *store, const char *setting, const char *option, const char *time, struct err *err)
{
	const char *params[] = { setting, time };
	AUTO_PGRESULT PGresult *result = NULL;

	if (time == NULL)
		return true;
	result = PQexecParams(store_connection(store), "SELECT set_config($1, $2::timestamptz::text, false)", 2, NULL, params, NULL,
			      NULL, 0);
	return PQresultStatus(result) == PGRES_TUPLES_OK ||
	       err_set(err, ERR_INVALID, "%s: '%s' is no time; write e.g. 2026-11-22 or 2026-11-22T15:00Z", option, time);
}

bool
store_report(struct store *store, const char *name, const struct store_report_range *range, enum store_report_format format,
	     FILE *out, struct err *err)
{
	AUTO_BUF struct buf query;

	buf_init(&query, 1024);
	buf_printf(&query, "SELECT * FROM report.%s", name); /* find_view() lets no other name pass than those that there are */
	return store_own_session(store, "report", err) && store_do(store, settings, err) && find_view(store, name, err) &&
	       set_limit(store, "report.since", "--from", range->from, err) &&
	       set_limit(store, "report.until", "--to", range->before, err) && print(store, buf_str(&query), format, out, err);
}

bool
store_end_reports(struct store *store, int seconds, int64_t *ret_sessions, struct err *err)
{
	struct number limit;
	const char *params[] = { number_text(&limit, seconds) };

	return store_count(store, STATEMENT_REPORT_END, params, "sessions", ret_sessions, err);
}

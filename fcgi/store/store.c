/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/limits.h"
#include "store/migrate.h"
#include "store/store_priv.h"

struct store {
	const struct config *config;
	const char *program;
	PGconn *conn;                   /* NULL: not connected */
	uint64_t generation;
	uint64_t failures;
	bool prepared[STATEMENT_COUNT]; /* on this connection */
};

struct store *
store_new(const struct config *config, const char *program)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		abort();
	store->config = config;
	store->program = program;
	/* How times are read depends on these. libpq sends them as parameters of their own, which a pooler keeps for each client,
	 * while it ignores `options`; it takes them from here only. */
	if (setenv("PGTZ", "UTC", 1) != 0 || setenv("PGDATESTYLE", "ISO, MDY", 1) != 0)
		abort();
	return store;
}

static void
disconnect(struct store *store)
{
	PQfinish(store->conn);
	store->conn = NULL;
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	disconnect(store);
	free(store);
}

uint64_t
store_generation(const struct store *store)
{
	return store->generation;
}

uint64_t
store_take_failures(struct store *store)
{
	uint64_t failures = store->failures;

	store->failures = 0;
	return failures;
}

PGconn *
store_connection(const struct store *store)
{
	return store->conn;
}

void
store_clear_result(PGresult **result)
{
	PQclear(*result);
}

const char *
store_value(const PGresult *result, int row, const char *column)
{
	int at = PQfnumber(result, column);

	return at < 0 || PQgetisnull(result, row, at) ? NULL : PQgetvalue(result, row, at);
}

int64_t
store_number(const PGresult *result, int row, const char *column)
{
	const char *text = store_value(result, row, column);

	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

bool
store_true(const PGresult *result, int row, const char *column)
{
	const char *text = store_value(result, row, column);

	return text != NULL && strcmp(text, "t") == 0;
}

/* libpq's text ends in a newline and may name hosts: it goes into the log only. */
static bool
unavailable(struct store *store, struct err *err)
{
	err_set_(err, ERR_UNAVAILABLE, "the database is not available; try again");
	err_detail(err, "%s", PQerrorMessage(store->conn));
	err->detail[strcspn(err->detail, "\n")] = '\0';
	store->failures++;
	return false;
}

static bool
timed_out(struct store *store, const char *what, struct err *err)
{
	err_set_(err, ERR_TIMEOUT, "the database did not answer in time; try again");
	err_detail(err, "%s", what);
	store->failures++;
	/* The answer would come to the next question: this connection is of no use any more. */
	disconnect(store);
	return false;
}

/* Waits for the socket; true when it is ready, false when the deadline passed. */
static bool
wait_socket(PGconn *conn, short events, int64_t deadline_ms)
{
	struct pollfd wait = { .fd = PQsocket(conn), .events = events };
	int ready;

	do
		ready = poll(&wait, 1, deadline_ms == 0 ? -1 : clock_left_ms(deadline_ms));
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static PGconn *
start_connect(const struct store *store)
{
	char options[256];

	snprintf(options, sizeof(options),
		 "-c statement_timeout=%d -c lock_timeout=%d -c client_min_messages=warning "
		 "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3",
		 store->config->database_statement_timeout_ms, store->config->database_statement_timeout_ms);
	/* What follows dbname is laid over the conninfo. The keepalives let a lease end soon after its holder's host. */
	const char *const keywords[] = { "application_name", "dbname", "options", "client_encoding", NULL };
	const char *const values[] = { store->program, store->config->database_conninfo, options, "UTF8", NULL };

	return PQconnectStartParams(keywords, values, 1);
}

bool
store_connect(struct store *store, struct err *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + store->config->database_connect_timeout_ms;
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	if (store->conn != NULL && PQstatus(store->conn) == CONNECTION_OK)
		return true;
	disconnect(store);
	store->conn = start_connect(store);
	if (store->conn == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for a database connection");
	if (PQstatus(store->conn) == CONNECTION_BAD)
		want = PGRES_POLLING_FAILED;
	while (want != PGRES_POLLING_OK && want != PGRES_POLLING_FAILED) {
		if (!wait_socket(store->conn, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms))
			return timed_out(store, "while connecting", err);
		want = PQconnectPoll(store->conn);
	}
	if (want == PGRES_POLLING_FAILED) {
		unavailable(store, err);
		disconnect(store);
		return false;
	}
	memset(store->prepared, 0, sizeof(store->prepared));
	store->generation++;
	return true;
}

/* Collects the one result of what was sent; NULL in ret_result means that the connection broke. */
static bool
collect(struct store *store, int64_t deadline_ms, PGresult **ret_result, struct err *err)
{
	PGresult *last = NULL, *next;

	while (PQflush(store->conn) == 1) {
		if (!wait_socket(store->conn, POLLOUT | POLLIN, deadline_ms))
			return timed_out(store, "while sending a statement", err);
		if (!PQconsumeInput(store->conn))
			break;
	}
	for (;;) {
		while (PQisBusy(store->conn)) {
			if (!wait_socket(store->conn, POLLIN, deadline_ms)) {
				PQclear(last);
				return timed_out(store, "while waiting for a result", err);
			}
			if (!PQconsumeInput(store->conn))
				break;
		}
		next = PQgetResult(store->conn);
		if (next == NULL)
			break;
		PQclear(last);
		last = next;
	}
	*ret_result = last;
	return true;
}

static bool
connection_is_lost(const struct store *store, const PGresult *result)
{
	return result == NULL || PQstatus(store->conn) == CONNECTION_BAD;
}

/* SQLSTATE -> code. Classes and conditions: PostgreSQL 15, appendix A. */
static enum err_code
code_of(const char *sqlstate)
{
	static const struct {
		const char *prefix;
		enum err_code code;
	} rows[] = {
		{ "23505", ERR_EXISTS },        /* unique_violation */
		{ "22021", ERR_INVALID },       /* character_not_in_repertoire: a name or header that is no UTF-8 */
		{ "57014", ERR_TIMEOUT },       /* query_canceled: statement_timeout */
		{ "55P03", ERR_TIMEOUT },       /* lock_not_available: lock_timeout */
		{ "08", ERR_UNAVAILABLE },      /* connection */
		{ "57P", ERR_UNAVAILABLE },     /* operator intervention: shutdown, starting */
		{ "53", ERR_UNAVAILABLE },      /* resources: disk full, too many connections */
		{ "58", ERR_UNAVAILABLE },      /* system: I/O */
		{ "40", ERR_UNAVAILABLE },      /* serialization failure, deadlock: repeat */
		{ "25006", ERR_UNAVAILABLE },   /* read only: a standby during a failover */
		{ "42P01", ERR_UNAVAILABLE },   /* no such table: not migrated yet */
		{ "26000", ERR_UNAVAILABLE },   /* no such prepared statement: another connection's, by a pooler */
		{ "42P05", ERR_UNAVAILABLE },   /* prepared already: by another client of the pooler */
	};

	for (size_t i = 0; sqlstate != NULL && i < ARRAY_COUNT(rows); i++) {
		if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) == 0)
			return rows[i].code;
	}
	return ERR_INTERNAL;
}

static bool
failed(struct store *store, const char *what, const PGresult *result, struct err *err)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum err_code code = code_of(sqlstate);

	if (code == ERR_EXISTS)
		return err_set(err, code, "%s", constraint == NULL ? "" : constraint);
	if (code == ERR_INVALID)
		return err_set(err, code, "a name or a header of the request is not UTF-8");
	if (sqlstate != NULL && strcmp(sqlstate, "42P01") == 0)
		err_set_(err, code, "the database has not been migrated: run sparkgate-ctl migrate");
	else if (sqlstate != NULL && (strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0))
		err_set_(err, code, "the database's pooler keeps no prepared statements: set database.prepared_statements: false");
	else
		err_set_(err, code, "%s", code == ERR_INTERNAL
						  ? "the database refused a statement: a fault of the gateway"
						  : "the database is not available; try again");
	err_detail(err, "statement=%s sqlstate=%s %s", what, sqlstate == NULL ? "" : sqlstate, text == NULL ? "" : text);
	store->failures++;
	return false;
}

static bool
prepare(struct store *store, enum statement_id id, int64_t deadline_ms, bool *ret_lost, struct err *err)
{
	const struct statement *statement = &statements[id];
	AUTO_PGRESULT PGresult *result = NULL;

	if (store->prepared[id] || !store->config->database_prepared_statements)
		return true;
	if (!PQsendPrepare(store->conn, statement->name, statement->text, statement->params_count, NULL)) {
		*ret_lost = true;
		return unavailable(store, err);
	}
	if (!collect(store, deadline_ms, &result, err))
		return false;
	*ret_lost = connection_is_lost(store, result);
	if (*ret_lost)
		return unavailable(store, err);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		return failed(store, statement->name, result, err);
	store->prepared[id] = true;
	return true;
}

static bool
send_statement(struct store *store, enum statement_id id, const char *const *params)
{
	const struct statement *statement = &statements[id];

	/* Parsed and run in one transaction: behind a pooler, the next one may be another connection's. */
	if (!store->config->database_prepared_statements)
		return PQsendQueryParams(store->conn, statement->text, statement->params_count, NULL, params, NULL, NULL, 0) == 1;
	return PQsendQueryPrepared(store->conn, statement->name, statement->params_count, params, NULL, NULL, 0) == 1;
}

static bool
run_once(struct store *store, enum statement_id id, const char *const *params, bool *ret_lost, PGresult **ret_result,
	 struct err *err)
{
	int64_t deadline_ms;
	PGresult *result;

	*ret_lost = false;
	if (!store_connect(store, err))
		return false;
	/* The server's own limit comes first, so that its word arrives and the connection stays good. */
	deadline_ms = clock_monotonic_ms() + store->config->database_statement_timeout_ms + 500;
	if (!prepare(store, id, deadline_ms, ret_lost, err))
		return false;
	if (!send_statement(store, id, params)) {
		*ret_lost = true;
		return unavailable(store, err);
	}
	FAILPOINT("store.sent");
	if (!collect(store, deadline_ms, &result, err))
		return false;
	*ret_lost = connection_is_lost(store, result);
	if (*ret_lost) {
		PQclear(result);
		return unavailable(store, err);
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
		failed(store, statements[id].name, result, err);
		PQclear(result);
		return false;
	}
	*ret_result = result;
	return true;
}

bool
store_run(struct store *store, enum statement_id id, const char *const *params, PGresult **ret_result, struct err *err)
{
	bool lost;

	if (run_once(store, id, params, &lost, ret_result, err))
		return true;
	if (!lost)
		return false;
	/* An idle connection dies with its server and shows it only now: once more on a new one. */
	disconnect(store);
	return run_once(store, id, params, &lost, ret_result, err);
}

bool
store_run_text(struct store *store, const char *text, const char *const *params, int params_count, int limit_ms,
	       PGresult **ret_result, struct err *err)
{
	PGresult *result;
	int sent;

	if (!store_connect(store, err))
		return false;
	/* Without parameters the simple protocol, which takes several statements at once. */
	sent = params_count == 0 ? PQsendQuery(store->conn, text)
				 : PQsendQueryParams(store->conn, text, params_count, NULL, params, NULL, NULL, 0);
	if (!sent)
		return unavailable(store, err);
	if (!collect(store, limit_ms == 0 ? 0 : clock_monotonic_ms() + limit_ms, &result, err))
		return false;
	if (connection_is_lost(store, result)) {
		PQclear(result);
		return unavailable(store, err);
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
		failed(store, "text", result, err);
		PQclear(result);
		return false;
	}
	*ret_result = result;
	return true;
}

bool
store_do(struct store *store, const char *text, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	return store_run_text(store, text, NULL, 0, 0, &result, err);
}

bool
store_full(const PGresult *result, struct err *err)
{
	err_set_(err, ERR_FULL, "%s: try again later, or end some of them (DELETE /batches/ID)",
		 store_value(result, 0, "full_of"));
	err->retry_after_s = LIMIT_FULL_RETRY_S;
	return false;
}

bool
store_own_session(struct store *store, const char *what, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run_text(store, "SELECT pg_backend_pid() AS pid", NULL, 0, store->config->database_statement_timeout_ms + 500,
			    &result, err))
		return false;
	if (atoi(store_value(result, 0, "pid")) == PQbackendPID(store->conn))
		return true;
	return err_set(err, ERR_CONFLICT, "%s needs a session of its own, and database.conninfo leads to a pooler: connect to "
		       "PostgreSQL itself, e.g. by SPARKGATE_DATABASE_CONNINFO in its environment", what);
}

bool
store_ready(struct store *store, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	int version, applied;

	if (!store_run(store, STATEMENT_SCHEMA_VERSION, NULL, &result, err))
		return false;
	version = atoi(store_value(result, 0, "version"));
	applied = atoi(store_value(result, 0, "applied"));
	if (version == store_schema_version() && applied == store_schema_count())
		return true;
	if (version == store_schema_version())
		return err_set(err, ERR_UNAVAILABLE, "the database lacks a migration before schema %d: run sparkgate-ctl migrate",
			       version);
	return err_set(err, ERR_UNAVAILABLE, "the database has schema %d and this program needs %d: %s", version,
		       store_schema_version(), version < store_schema_version() ? "run sparkgate-ctl migrate"
										: "use a newer sparkgate");
}

bool
store_gateway_key(struct store *store, struct arena *arena, const char **ret_key, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, STATEMENT_GATEWAY_KEY, NULL, &result, err))
		return false;
	if (PQntuples(result) != 1)
		return err_set(err, ERR_INTERNAL, "the database has no gateway key: run sparkgate-ctl migrate");
	*ret_key = arena_strdup(arena, PQgetvalue(result, 0, 0));
	return true;
}

/* As Prometheus wants the value of a label. */
static void
print_label(struct buf *text, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_text(text, "\\n");
		else
			buf_printf(text, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
	}
}

static void
print_turns(struct buf *text, const PGresult *turns, const char *what, const char *help)
{
	buf_printf(text, "# HELP sparkgate_queue_%s %s\n# TYPE sparkgate_queue_%s gauge\n", what, help, what);
	for (int row = 0; row < PQntuples(turns); row++) {
		buf_printf(text, "sparkgate_queue_%s{cluster=\"%s\",queue=\"", what, store_value(turns, row, "cluster"));
		print_label(text, store_value(turns, row, "queue"));
		buf_printf(text, "\"} %s\n", store_value(turns, row, what));
	}
}

bool
store_metrics(struct store *store, const char *queues, struct buf *text, struct err *err)
{
	AUTO_PGRESULT PGresult *batches = NULL, *clusters = NULL, *turns = NULL;
	const char *params[] = { queues };

	if (!store_run(store, STATEMENT_METRICS_BATCHES, NULL, &batches, err) ||
	    !store_run(store, STATEMENT_METRICS_CLUSTERS, NULL, &clusters, err) ||
	    !store_run(store, STATEMENT_METRICS_TURNS, params, &turns, err))
		return false;
	print_turns(text, turns, "running", "Unfinished batches that had their turn, by cluster and queue.");
	print_turns(text, turns, "waiting", "Batches that wait for their turn, by cluster and queue.");
	buf_text(text, "# HELP sparkgate_batches_unfinished Batches that have not ended, by cluster and state.\n"
		       "# TYPE sparkgate_batches_unfinished gauge\n");
	for (int row = 0; row < PQntuples(batches); row++)
		buf_printf(text, "sparkgate_batches_unfinished{cluster=\"%s\",state=\"%s\"} %s\n",
			   store_value(batches, row, "cluster"), store_value(batches, row, "state"),
			   store_value(batches, row, "batches"));
	buf_text(text, "# HELP sparkgate_pushes_owed Accepted batches that Kubernetes has not confirmed yet.\n"
		       "# TYPE sparkgate_pushes_owed gauge\n");
	for (int row = 0; row < PQntuples(clusters); row++)
		buf_printf(text, "sparkgate_pushes_owed{cluster=\"%s\"} %s\n", store_value(clusters, row, "cluster"),
			   store_value(clusters, row, "owed"));
	buf_text(text, "# HELP sparkgate_watch_silent_seconds Since a watcher last heard from the cluster.\n"
		       "# TYPE sparkgate_watch_silent_seconds gauge\n");
	for (int row = 0; row < PQntuples(clusters); row++) {
		const char *silent_s = store_value(clusters, row, "silent_s");

		if (silent_s != NULL)
			buf_printf(text, "sparkgate_watch_silent_seconds{cluster=\"%s\"} %s\n",
				   store_value(clusters, row, "cluster"), silent_s);
	}
	return true;
}

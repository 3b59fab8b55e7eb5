/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "api/dispatch.h"

/* A gateway whose database is away: what needs none is answered all the same. */
struct fixture {
	struct arena arena;
	struct app app;
	struct response response;
};

static int
fixture_make(void **state)
{
	static struct fixture fixture;
	struct err err = ERR_INIT;

	fixture = (struct fixture){ 0 };
	arena_init(&fixture.arena, LIMIT_ARENA_BYTES);
	fixture.app.config = (struct config){
		.auth = CONFIG_AUTH_UNSET, .database_conninfo = "host=/nowhere dbname=x", .database_connect_timeout_ms = 1000,
		.database_statement_timeout_ms = 1000,
	};
	fixture.app.log = (struct log){ .level = LOG_LEVEL_DEBUG, .fd = open("/dev/null", O_WRONLY), .program = "test" };
	fixture.app.store = store_new(&fixture.app.config, "test");
	response_init(&fixture.response, "8f3a");
	*state = &fixture;
	return fixture.app.log.fd < 0 || !metrics_init(&fixture.app.metrics, NULL, &err) ? -1 : 0;
}

static int
fixture_free(void **state)
{
	struct fixture *fixture = *state;

	response_release(&fixture->response);
	store_free(fixture->app.store);
	metrics_release(&fixture->app.metrics);
	close(fixture->app.log.fd);
	arena_release(&fixture->arena);
	return 0;
}

static struct response *
ask(struct fixture *fixture, struct request request)
{
	request.query = request.query == NULL ? "" : request.query;
	request.request_id = "8f3a";
	response_release(&fixture->response);
	response_init(&fixture->response, request.request_id);
	dispatch(&fixture->app, &fixture->arena, &request, &fixture->response);
	return &fixture->response;
}

static const char *
msg_of(struct fixture *fixture)
{
	return json_string(json_of(&fixture->arena, buf_str(&fixture->response.body)), "msg");
}

/* Statuses by method and path; 503 is a route that was found and wants the database. */
static void
routes_are_found_by_path_and_method(void **state)
{
	static const struct {
		enum http_method method;
		const char *path;
		int status;
		const char *allow;
	} rows[] = {
		{ HTTP_GET, "/", 200, NULL },
		{ HTTP_HEAD, "/", 200, NULL },
		{ HTTP_POST, "/", 200, NULL },
		{ HTTP_GET, "/version", 200, NULL },
		{ HTTP_GET, "/healthz", 200, NULL },
		{ HTTP_GET, "/readyz", 503, NULL },
		{ HTTP_GET, "/metrics", 200, NULL },
		{ HTTP_GET, "/batches", 503, NULL },
		{ HTTP_GET, "//batches/", 503, NULL },
		{ HTTP_HEAD, "/batches/7", 503, NULL },
		{ HTTP_GET, "/batches/7/state", 503, NULL },
		{ HTTP_GET, "/batches/7/log", 503, NULL },
		{ HTTP_DELETE, "/batches/7", 503, NULL },
		{ HTTP_PUT, "/batches", 405, "GET, HEAD, POST" },
		{ HTTP_OPTIONS, "/batches", 405, "GET, HEAD, POST" },
		{ HTTP_POST, "/batches/7", 405, "GET, HEAD, DELETE" },
		{ HTTP_DELETE, "/batches/7/log", 405, "GET, HEAD" },
		{ HTTP_DELETE, "/version", 405, "GET, HEAD" },
		{ HTTP_OTHER, "/healthz", 405, "GET, HEAD" },
		{ HTTP_GET, "/batches/7/foo", 404, NULL },
		{ HTTP_GET, "/sessions", 404, NULL },
		{ HTTP_POST, "/nowhere", 404, NULL },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct response *response = ask(fixture, (struct request){
			.method = rows[i].method, .method_text = "M", .path = rows[i].path, .server_address = "127.0.0.1" });

		assert_number(rows[i].path, response->status, rows[i].status);
		assert_text(rows[i].path, response->allow, rows[i].allow);
		assert_number(rows[i].path, response->retry_after_s > 0, rows[i].status == 503);
		if (rows[i].status >= 400)
			assert_true(strlen(msg_of(fixture)) > 0);
	}
}

static void
only_health_is_told_to_those_who_do_not_come_by_loopback(void **state)
{
	static const struct {
		const char *path;
		int status;
	} rows[] = {
		{ "/healthz", 200 }, { "/readyz", 503 }, { "/metrics", 403 }, { "/", 403 }, { "/version", 403 },
		{ "/batches", 403 }, { "/batches/7", 403 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].path, ask(fixture, (struct request){ .method = HTTP_GET, .method_text = "GET",
			.path = rows[i].path, .server_address = "10.0.0.1" })->status, rows[i].status);
	fixture->app.config.auth = CONFIG_AUTH_NONE;
	assert_int_equal(ask(fixture, (struct request){ .method = HTTP_GET, .method_text = "GET", .path = "/version",
							.server_address = "10.0.0.1" })->status, 200);
}

static void
broken_requests_are_refused_before_the_database_is_asked(void **state)
{
	static const struct {
		struct request request;
		int status;
		const char *msg;
	} rows[] = {
		{ { .method = HTTP_POST, .path = "/batches", .body = "", .body_too_large = true }, 413,
		  "the body is larger than 1048576 bytes" },
		{ { .method = HTTP_POST, .path = "/batches", .body = "{", .body_size_bytes = 1, .body_truncated = true }, 400,
		  "the body ended after 1 bytes" },
		{ { .method = HTTP_POST, .path = "/batches", .body = "" }, 400, "No content to map due to end-of-input" },
		{ { .method = HTTP_POST, .path = "/batches", .body = "{}", .body_size_bytes = 2 }, 400, "File is required" },
		{ { .method = HTTP_POST, .path = "/batches", .query = "doAs=bob", .body = "{}", .body_size_bytes = 2 }, 403, "doAs" },
		{ { .method = HTTP_GET, .path = "/batches", .query = "from=x" }, 400, "For input string: \"x\"" },
		{ { .method = HTTP_GET, .path = "/batches", .query = "size=" }, 400, "For input string: \"\"" },
		{ { .method = HTTP_GET, .path = "/batches/7/log", .query = "size=1.5" }, 400, "For input string: \"1.5\"" },
		{ { .method = HTTP_GET, .path = "/batches/99999999999999999999" }, 400, "99999999999999999999" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct request request = rows[i].request;

		request.method_text = "M";
		request.server_address = "127.0.0.1";
		assert_number(rows[i].msg, ask(*state, request)->status, rows[i].status);
		assert_contains(rows[i].msg, msg_of(*state), rows[i].msg);
	}
}

static void
requests_are_counted_by_class(void **state)
{
	struct fixture *fixture = *state;
	static const char *const paths[] = { "/version", "/nowhere", "/nowhere/else", "/readyz" };

	for (size_t i = 0; i < ARRAY_COUNT(paths); i++)
		ask(fixture, (struct request){ .method = HTTP_GET, .method_text = "GET", .path = paths[i],
					       .server_address = "::1" });
	assert_int_equal(fixture->app.metrics.values[METRIC_REQUESTS_2XX], 1);
	assert_int_equal(fixture->app.metrics.values[METRIC_REQUESTS_4XX], 2);
	assert_int_equal(fixture->app.metrics.values[METRIC_REQUESTS_5XX], 1);
	assert_null(fixture->app.log.request_id);
	assert_null(fixture->app.log.action);
}

#define with_gateway(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_free)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		with_gateway(routes_are_found_by_path_and_method),
		with_gateway(only_health_is_told_to_those_who_do_not_come_by_loopback),
		with_gateway(broken_requests_are_refused_before_the_database_is_asked),
		with_gateway(requests_are_counted_by_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

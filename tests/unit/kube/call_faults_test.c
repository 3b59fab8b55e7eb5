/*
 * tests/unit/kube/call_faults_test.c - what a call makes of a broken network.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "call_fixture.h"

static void
assert_get_fails(struct call_fixture *fixture, enum err_code code)
{
	struct json_object *got = NULL;
	struct err err = ERR_INIT;

	assert_false(kube_get(fixture->kube, "/x", &got, &err));
	assert_code(&err, code);
}

static void
assert_create_fails(struct call_fixture *fixture, enum err_code code)
{
	struct err err = ERR_INIT;

	assert_false(kube_create(fixture->kube, "/x", fixture->object, NULL, &err));
	assert_code(&err, code);
}

static void
assert_get(struct call_fixture *fixture, const char *member, const char *expected)
{
	AUTO_JSON struct json_object *got = NULL;
	struct err err = ERR_INIT;

	if (!kube_get(fixture->kube, "/x", &got, &err))
		fail_msg("%s (%s)", err.msg, err.detail);
	assert_string_equal(json_string(got, member), expected);
}

/* ---- no connection ---- */

static bool
answer_nothing(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_say_nothing(fd);
	return false;
}

static void
a_refused_connection_is_unavailable(void **state)
{
	struct call_fixture *fixture = *state;

	fault_server_start(&fixture->server, answer_nothing);
	fault_server_stop(&fixture->server);
	call_fixture_start(fixture, NULL, "http", "");
	assert_get_fails(fixture, ERR_UNAVAILABLE);
	assert_create_fails(fixture, ERR_UNAVAILABLE);
}

static void
a_server_that_does_not_speak_tls_is_unavailable(void **state)
{
	struct call_fixture *fixture = *state;
	int64_t began_ms = clock_monotonic_ms();

	call_fixture_start(fixture, answer_nothing, "https", "");
	assert_create_fails(fixture, ERR_UNAVAILABLE);
	assert_true(clock_monotonic_ms() - began_ms < PATIENCE_MS);
}

static void
silence_after_the_request_leaves_it_open_what_happened(void **state)
{
	struct call_fixture *fixture = *state;
	int64_t began_ms = clock_monotonic_ms();

	call_fixture_start(fixture, answer_nothing, "http", "");
	assert_create_fails(fixture, ERR_TIMEOUT);
	assert_true(clock_monotonic_ms() - began_ms >= 600);
	assert_true(clock_monotonic_ms() - began_ms < PATIENCE_MS);
}

/* ---- connections that break ---- */

static bool
hang_up(int fd, int count, const char *head)
{
	(void)fd;
	(void)count;
	(void)head;
	return false;
}

static bool
cut_the_body(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":");
	return false;
}

static void
a_connection_that_breaks_leaves_it_open_what_happened(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, hang_up, "http", "");
	assert_create_fails(fixture, ERR_TIMEOUT);
	assert_get_fails(fixture, ERR_UNAVAILABLE);
}

static void
half_an_answer_is_none(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, cut_the_body, "http", "");
	assert_get_fails(fixture, ERR_UNAVAILABLE);
	assert_create_fails(fixture, ERR_TIMEOUT);
}

static bool
answer_once_a_connection(int fd, int count, const char *head)
{
	char body[64];

	(void)head;
	snprintf(body, sizeof(body), "{\"count\":\"%d\"}", count);
	fault_answer(fd, 200, "", body);
	return false;
}

static void
a_kept_connection_that_died_meanwhile_is_replaced(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, answer_once_a_connection, "http", "");
	assert_get(fixture, "count", "0");
	assert_get(fixture, "count", "1");
	assert_get(fixture, "count", "2");
}

static bool
tell_the_peer(int fd, int count, const char *head)
{
	static int first_fd = -1;

	(void)head;
	if (count == 0)
		first_fd = fd;
	fault_answer(fd, 200, "", fd == first_fd ? "{\"connection\":\"same\"}" : "{\"connection\":\"other\"}");
	return true;
}

static void
a_connection_is_kept_for_the_next_call(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, tell_the_peer, "http", "");
	for (int i = 0; i < 5; i++)
		assert_get(fixture, "connection", "same");
}

/* ---- strange answers ---- */

static bool
answer_a_page(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_answer(fd, 200, "", "<html>please log in</html>");
	return true;
}

static void
a_page_of_somebody_else_is_not_understood(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, answer_a_page, "http", "");
	assert_get_fails(fixture, ERR_UNAVAILABLE);
}

static bool
answer_without_end(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_endless(fd);
	return false;
}

static void
an_answer_without_end_is_cut(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, answer_without_end, "http", "");
	fixture->kube->request_timeout_ms = 60000;
	assert_get_fails(fixture, ERR_TOO_LARGE);
}

static bool
answer_busy(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_answer(fd, 429, "Retry-After: 9\r\n", "Too many requests, please try again later.");
	return true;
}

static void
an_overloaded_server_says_when_to_come_again(void **state)
{
	struct call_fixture *fixture = *state;
	struct err err = ERR_INIT;

	call_fixture_start(fixture, answer_busy, "http", "");
	assert_false(kube_create(fixture->kube, "/x", fixture->object, NULL, &err));
	assert_code(&err, ERR_UNAVAILABLE);
	assert_int_equal(err.retry_after_s, 9);
}

/* ---- who are we ---- */

static bool
accept_open(int fd, int count, const char *head)
{
	(void)count;
	if (strstr(head, "\r\nAuthorization: Bearer open\r\n") != NULL)
		fault_answer(fd, 200, "", "{\"in\":\"yes\"}");
	else if (strncmp(head, "GET /readyz ", 12) == 0)
		fault_answer(fd, 200, "", "ok");
	else
		fault_answer(fd, 401, "", "{\"kind\":\"Status\",\"reason\":\"Unauthorized\"}");
	return true;
}

static void
a_refused_token_is_read_anew_and_tried_once_more(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, accept_open, "http", "");
	call_fixture_write_token(fixture, "open");
	assert_get(fixture, "in", "yes");
	call_fixture_write_token(fixture, "sesame");
	fixture->kube->credentials.stale = true;
	assert_get_fails(fixture, ERR_UNAUTHORIZED);
}

/* A server that starts: it knows neither roles nor accounts, and says so on /readyz. */
static bool
refuse_while_starting(int fd, int count, const char *head)
{
	(void)count;
	if (strncmp(head, "GET /readyz ", 12) == 0)
		fault_answer(fd, 500, "",
			     "[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed");
	else if (strncmp(head, "POST ", 5) == 0)
		fault_answer(fd, 403, "",
			     "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"User x cannot create\"}");
	else
		fault_answer(fd, 401, "", "{\"kind\":\"Status\",\"reason\":\"Unauthorized\"}");
	return true;
}

static void
a_starting_server_s_refusal_is_not_for_good(void **state)
{
	struct call_fixture *fixture = *state;
	struct err err = ERR_INIT;

	call_fixture_start(fixture, refuse_while_starting, "http", "");
	assert_create_fails(fixture, ERR_UNAVAILABLE);
	assert_get_fails(fixture, ERR_UNAVAILABLE);
	assert_false(kube_ready(fixture->kube, &err));
	assert_int_equal(err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(err.detail, "bootstrap-roles"));
}

static bool
refuse_everything(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_answer(fd, 403, "", "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"User x cannot\"}");
	return true;
}

static void
a_server_that_refuses_to_say_whether_it_is_ready_counts_as_starting(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, refuse_everything, "http", "");
	assert_create_fails(fixture, ERR_UNAVAILABLE);
}

static bool
check_the_host(int fd, int count, const char *head)
{
	(void)count;
	fault_answer(fd, 200, "",
		     strstr(head, "\r\nHost: 127.0.0.1:") != NULL && strstr(head, "\r\nUser-Agent: sparkgate/") != NULL
			     ? "{\"host\":\"true\"}"
			     : "{\"host\":\"wrong\"}");
	return true;
}

static void
another_tls_name_changes_neither_address_nor_host(void **state)
{
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, check_the_host, "http", ", tls-server-name: kubernetes.default");
	assert_get(fixture, "host", "true");
	assert_true(strncmp(fixture->kube->base_url, "http://kubernetes.default:", 26) == 0);
}

static void
text_is_escaped_for_a_url(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024 * 1024);
	assert_string_equal(kube_escape(&arena, ""), "");
	assert_string_equal(kube_escape(&arena, "aZ09-._~"), "aZ09-._~");
	assert_string_equal(kube_escape(&arena, "a=b,c d/\xc3\xa9%"), "a%3Db%2Cc%20d%2F%C3%A9%25");
	arena_release(&arena);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, call_fixture_set_up, call_fixture_tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(a_refused_connection_is_unavailable),
		CASE(a_server_that_does_not_speak_tls_is_unavailable),
		CASE(silence_after_the_request_leaves_it_open_what_happened),
		CASE(a_connection_that_breaks_leaves_it_open_what_happened),
		CASE(half_an_answer_is_none),
		CASE(a_kept_connection_that_died_meanwhile_is_replaced),
		CASE(a_connection_is_kept_for_the_next_call),
		CASE(a_page_of_somebody_else_is_not_understood),
		CASE(an_answer_without_end_is_cut),
		CASE(an_overloaded_server_says_when_to_come_again),
		CASE(a_refused_token_is_read_anew_and_tried_once_more),
		CASE(a_starting_server_s_refusal_is_not_for_good),
		CASE(a_server_that_refuses_to_say_whether_it_is_ready_counts_as_starting),
		CASE(another_tls_name_changes_neither_address_nor_host),
		cmocka_unit_test(text_is_escaped_for_a_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

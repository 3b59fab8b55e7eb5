/*
 * tests/unit/kube/page_faults_test.c - what lists and logs make of a broken network.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "call_fixture.h"
#include "../../lib/read_log.h"

/* ---- lists ---- */

static bool
answer_pages(int fd, int count, const char *head)
{
	(void)count;
	if (strstr(head, "continue=") == NULL)
		fault_answer(fd, 200, "",
			     "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"a+b/=\"},\"items\":[{},{}]}");
	else if (strstr(head, "&continue=a%2Bb%2F%3D ") != NULL && strstr(head, " /x?q=1&limit=") != NULL)
		fault_answer(fd, 410, "",
			     "{\"kind\":\"Status\",\"reason\":\"Expired\",\"code\":410,\"message\":\"token aged\"}");
	else
		fault_answer(fd, 400, "", "wrong");
	return true;
}

static bool
count_item(void *context, struct json_object *item, struct err *err)
{
	(void)item;
	(void)err;
	++*(int *)context;
	return true;
}

static void
a_list_that_fails_half_way_says_so(void **state)
{
	struct call_fixture *fixture = *state;
	char *version = NULL;
	struct err err = ERR_INIT;
	int count = 0;

	call_fixture_start(fixture, answer_pages, "http", "");
	assert_false(kube_list(fixture->kube, "/x", "q=1", count_item, &count, &version, &err));
	assert_code(&err, ERR_GONE);
	assert_int_equal(count, 2);
	assert_null(version);
}

/* Pages of more than 10 items are too large. */
static bool
answer_small_pages(int fd, int count, const char *head)
{
	(void)count;
	if (atoi(strstr(head, "limit=") + 6) > 10) {
		fault_endless(fd);
		return false;
	}
	fault_answer(fd, 200, "", "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{},{},null]}");
	return true;
}

static void
a_page_that_is_too_large_is_asked_for_in_smaller_ones(void **state)
{
	struct call_fixture *fixture = *state;
	char *version = NULL;
	struct err err = ERR_INIT;
	int count = 0;

	call_fixture_start(fixture, answer_small_pages, "http", "");
	fixture->kube->request_timeout_ms = 60000;
	if (!kube_list(fixture->kube, "/x", "", count_item, &count, &version, &err))
		fail_msg("%s (%s)", err.msg, err.detail);
	assert_int_equal(count, 3);
	assert_string_equal(version, "7");
	free(version);
}

/* ---- logs ---- */

static bool
answer_log(int fd, int count, const char *head)
{
	(void)count;
	if (strstr(head, "/pods/waiting/") != NULL)
		fault_answer(fd, 400, "",
			     "{\"kind\":\"Status\",\"reason\":\"BadRequest\",\"message\":\"container \\\"c\\\" in pod "
			     "\\\"p\\\" is "
			     "waiting to start: ContainerCreating\"}");
	else if (strstr(head, "/pods/away/") != NULL)
		fault_answer(fd, 500, "",
			     "{\"kind\":\"Status\",\"reason\":\"InternalError\",\"message\":\"Get "
			     "\\\"https://h:10250/containerLogs/n/p/c\\\": dial tcp: no route to host\"}");
	else
		fault_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	return false;
}

static void
a_log_that_fails_says_how(void **state)
{
	static const struct {
		const char *pod;
		enum err_code code;
		const char *log;
	} rows[] = {
		{ "waiting", ERR_CONFLICT, "" },
		{ "away", ERR_NOT_FOUND, "" },
		{ "cut", ERR_UNAVAILABLE, "half" },
	};
	struct call_fixture *fixture = *state;

	call_fixture_start(fixture, answer_log, "http", "");
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;
		struct buf log;

		buf_init(&log, 1000);
		read_log(fixture->kube, "n", rows[i].pod, &log, &err);
		assert_code(&err, rows[i].code);
		assert_int_equal(err.http_status, err_http_status(err.code));
		assert_string_equal(buf_str(&log), rows[i].log);
		buf_release(&log);
	}
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, call_fixture_set_up, call_fixture_tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(a_list_that_fails_half_way_says_so),
		CASE(a_page_that_is_too_large_is_asked_for_in_smaller_ones),
		CASE(a_log_that_fails_says_how),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/unit/kube/watch_faults_test.c - what a watch makes of a broken network.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "fault_server.h"
#include "kube/kube_priv.h"
#include "kube/watch.h"

/* Long enough for a busy machine; no test waits for it to pass. */
#define PATIENCE_MS 30000

#define EVENT(type, version) \
	"{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"n" version "\",\"resourceVersion\":\"" version \
	"\"}}}\n"

struct fixture {
	struct fault_server server;
	struct kube *kube;
	struct kube_watch *watch;
};

static void
start(struct fixture *fixture, fault_fn answer)
{
	const struct config config = {
		.kube_connect_timeout_ms = 1000, .kube_request_timeout_ms = 1000, .kube_watch_timeout_s = 1,
	};
	char path[] = "/tmp/sparkgate-faults-XXXXXX", text[512];
	struct config_cluster cluster = { .name = "test", .kubeconfig = path };
	struct err err = ERR_INIT;
	int fd = mkstemp(path);
	bool made;

	fault_server_start(&fixture->server, answer);
	snprintf(text, sizeof(text),
		 "{current-context: t, contexts: [{name: t, context: {cluster: t}}],\n"
		 " clusters: [{name: t, cluster: {server: \"http://127.0.0.1:%d\"}}]}\n",
		 fixture->server.port);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	made = kube_new(&config, &cluster, &fixture->kube, &err);
	unlink(path);
	if (!made || !kube_watch_new(fixture->kube, "/x", "q=1", "10", &fixture->watch, &err))
		fail_msg("%s", err.msg);
}

static int
set_up(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	*state = calloc(1, sizeof(struct fixture));
	assert_non_null(*state);
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	kube_watch_free(fixture->watch);
	kube_free(fixture->kube);
	fault_server_stop(&fixture->server);
	free(fixture);
	return 0;
}

static void
assert_event(struct fixture *fixture, enum kube_event_kind kind, const char *version)
{
	struct kube_event event = { 0 };
	struct err err = ERR_INIT;

	if (!kube_watch_next(fixture->watch, PATIENCE_MS, -1, &event, &err))
		fail_msg("%s instead of version %s: %s (%s)", err_code_text(err.code), version, err.msg, err.detail);
	assert_int_equal(event.kind, kind);
	assert_string_equal(json_string_at(event.object, "metadata", "resourceVersion", NULL), version);
	assert_string_equal(kube_watch_version(fixture->watch), version);
}

static void
assert_fails(struct fixture *fixture, enum err_code code)
{
	struct kube_event event;
	struct err err = ERR_INIT;

	assert_false(kube_watch_next(fixture->watch, PATIENCE_MS, -1, &event, &err));
	if (err.code != code)
		fail_msg("%s instead of %s: %s (%s)", err_code_text(err.code), err_code_text(code), err.msg,
			 err.detail);
	assert_null(strstr(err.msg, "127.0.0.1"));
}

static bool
asks_from(const char *head, const char *version)
{
	char wanted[128];

	snprintf(wanted, sizeof(wanted),
		 "GET /x?q=1&watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=%s ", version);
	return strncmp(head, wanted, strlen(wanted)) == 0;
}

/* Asked for anything unexpected: the test fails by this. */
static bool
answer_wrong(int fd, const char *head)
{
	fprintf(stderr, "unexpected request: %.200s\n", head);
	fault_answer(fd, 400, "", "wrong");
	return true;
}

/* ---- streams that end ---- */

/* An event, a bookmark, and a connection that is cut in the middle of a line. */
static bool
cut_a_line(int fd, int count, const char *head)
{
	if (count == 0 && asks_from(head, "10")) {
		fault_begin_chunks(fd);
		fault_chunk(fd, EVENT("ADDED", "11"));
		fault_chunk(fd, EVENT("BOOKMARK", "15"));
		fault_chunk(fd, "{\"type\":\"MODIFIED\",\"obj");
		return false;
	}
	if (!asks_from(head, "15"))
		return answer_wrong(fd, head);
	fault_begin_chunks(fd);
	fault_chunk(fd, "{\"type\":\"MODI");
	fault_chunk(
		fd,
		"FIED\",\"object\":{\"metadata\":{\"resourceVersion\":\"16\"}}}\n{\"type\":\"DELETED\",\"object\":");
	fault_chunk(fd, "{\"metadata\":{\"resourceVersion\":\"17\"}}}\n");
	fault_say_nothing(fd);
	return false;
}

static void
a_cut_stream_goes_on_from_the_newest_version_seen(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, cut_a_line);
	assert_event(fixture, KUBE_ADDED, "11");
	assert_event(fixture, KUBE_BOOKMARK, "15");
	assert_event(fixture, KUBE_MODIFIED, "16");
	assert_event(fixture, KUBE_DELETED, "17");
}

static bool
end_after_each_event(int fd, int count, const char *head)
{
	char event[256];

	(void)head;
	snprintf(event, sizeof(event), "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"%d\"}}}\n",
		 count);
	fault_begin_chunks(fd);
	fault_chunk(fd, event);
	fault_send(fd, "0\r\n\r\n");
	return true;
}

static void
a_stream_that_ended_well_goes_on_unseen(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, end_after_each_event);
	assert_event(fixture, KUBE_ADDED, "0");
	assert_event(fixture, KUBE_ADDED, "1");
	assert_event(fixture, KUBE_ADDED, "2");
}

static bool
end_at_once(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_begin_chunks(fd);
	fault_send(fd, "0\r\n\r\n");
	return true;
}

static void
a_server_that_ends_every_watch_at_once_is_no_busy_loop(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, end_at_once);
	assert_fails(fixture, ERR_UNAVAILABLE);
	assert_fails(fixture, ERR_UNAVAILABLE);
}

/* ---- silence ---- */

static bool
fall_silent(int fd, int count, const char *head)
{
	if (count == 0 && asks_from(head, "10")) {
		fault_begin_chunks(fd);
		fault_chunk(fd, EVENT("ADDED", "11"));
		/* And then nothing, on a connection that stays: the server reads other connections meanwhile. */
		return true;
	}
	if (!asks_from(head, "11"))
		return answer_wrong(fd, head);
	fault_begin_chunks(fd);
	fault_chunk(fd, EVENT("ADDED", "12"));
	return true;
}

static void
a_stream_that_fell_silent_is_dropped_and_resumed(void **state)
{
	struct fixture *fixture = *state;
	int64_t began_ms = clock_monotonic_ms();

	start(fixture, fall_silent);
	assert_event(fixture, KUBE_ADDED, "11");
	assert_event(fixture, KUBE_ADDED, "12");
	/* Not before the server's own limit was over. */
	assert_true(clock_monotonic_ms() - began_ms >= 1000);
}

static bool
answer_nothing(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_say_nothing(fd);
	return false;
}

static void
a_watch_that_is_not_answered_is_unavailable(void **state)
{
	struct fixture *fixture = *state;
	struct kube_event event;
	struct err err = ERR_INIT;

	start(fixture, answer_nothing);
	assert_false(kube_watch_next(fixture->watch, 100, -1, &event, &err));
	assert_int_equal(err.code, ERR_TIMEOUT);
	assert_fails(fixture, ERR_UNAVAILABLE);
}

static void
a_server_that_is_away_is_unavailable(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, end_after_each_event);
	assert_event(fixture, KUBE_ADDED, "0");
	fault_server_stop(&fixture->server);
	assert_fails(fixture, ERR_UNAVAILABLE);
	assert_fails(fixture, ERR_UNAVAILABLE);
	assert_string_equal(kube_watch_version(fixture->watch), "0");
}

/* ---- strange lines ---- */

static bool
send_strange_lines(int fd, int count, const char *head)
{
	(void)count;
	(void)head;
	fault_begin_chunks(fd);
	fault_chunk(fd, "\n\n");
	fault_chunk(fd, EVENT("SOMETHING_NEW", "11"));
	fault_chunk(fd, "{\"type\":null,\"object\":null}\n{}\n{\"type\":\"ADDED\",\"object\":null}\n");
	fault_chunk(fd, EVENT("ADDED", "12") "{\"type\":\"ADDED\",\"object\":{\"metadata\":null}}\n");
	fault_chunk(fd, "<html>\n");
	return true;
}

static void
only_events_are_events(void **state)
{
	struct fixture *fixture = *state;
	struct kube_event event;
	struct err err = ERR_INIT;

	start(fixture, send_strange_lines);
	assert_event(fixture, KUBE_ADDED, "12");
	/* One without a version leaves the version as it is. */
	assert_true(kube_watch_next(fixture->watch, PATIENCE_MS, -1, &event, &err));
	assert_string_equal(kube_watch_version(fixture->watch), "12");
	assert_fails(fixture, ERR_UNAVAILABLE);
}

static bool
send_a_huge_line(int fd, int count, const char *head)
{
	static char chunk[65537];

	(void)count;
	(void)head;
	memset(chunk, 'x', sizeof(chunk) - 1);
	fault_begin_chunks(fd);
	fault_chunk(fd, EVENT("ADDED", "11"));
	for (size_t sent_bytes = 0; sent_bytes < 4 * (size_t)LIMIT_KUBE_EVENT_BYTES; sent_bytes += sizeof(chunk) - 1)
		fault_chunk(fd, chunk);
	return false;
}

static void
an_event_without_end_makes_the_caller_list_anew(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, send_a_huge_line);
	assert_event(fixture, KUBE_ADDED, "11");
	assert_fails(fixture, ERR_GONE);
}

/* ---- refusals ---- */

static bool
forget_versions(int fd, int count, const char *head)
{
	static const char status[] =
		"{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":\"too old\"}";
	char event[256];

	(void)head;
	if (count % 2 == 0) {
		fault_answer(fd, 410, "", status);
		return true;
	}
	snprintf(event, sizeof(event), "{\"type\":\"ERROR\",\"object\":%s}\n", status);
	fault_begin_chunks(fd);
	fault_chunk(fd, event);
	return true;
}

static void
a_forgotten_version_is_gone_by_status_or_by_event(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, forget_versions);
	assert_fails(fixture, ERR_GONE);
	assert_fails(fixture, ERR_GONE);
}

static bool
refuse(int fd, int count, const char *head)
{
	static const struct {
		int http_status;
		const char *body;
	} answers[] = {
		{ 403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"User x cannot watch\"}" },
		{ 404, "404 page not found\n" },
		{ 500, "{\"kind\":\"Status\",\"message\":\"strconv\"}" },
		{ 429, "busy" },
		{ 204, "" },
	};
	static int watches;

	(void)count;
	if (strncmp(head, "GET /readyz ", 12) == 0) {
		fault_answer(fd, 200, "", "ok");
		return true;
	}
	fault_answer(fd, answers[watches].http_status, "Retry-After: 4\r\n", answers[watches].body);
	watches++;
	return true;
}

static void
a_refused_watch_says_why_and_can_be_tried_again(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, refuse);
	assert_fails(fixture, ERR_FORBIDDEN);
	assert_fails(fixture, ERR_FORBIDDEN);
	assert_fails(fixture, ERR_UNAVAILABLE);
	assert_fails(fixture, ERR_UNAVAILABLE);
	assert_fails(fixture, ERR_UNAVAILABLE);
}

static bool
refuse_the_first(int fd, int count, const char *head)
{
	(void)head;
	if (count == 0) {
		fault_answer(fd, 401, "", "{\"kind\":\"Status\",\"reason\":\"Unauthorized\"}");
		return true;
	}
	return end_after_each_event(fd, count, head);
}

static void
credentials_are_read_anew_before_a_watch_is_unauthorized(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, refuse_the_first);
	assert_event(fixture, KUBE_ADDED, "1");
}

/* ---- waiting for something else ---- */

static void
a_closed_wake_fd_ends_the_wait_too(void **state)
{
	struct fixture *fixture = *state;
	struct kube_event event;
	struct err err = ERR_INIT;
	int fds[2];

	start(fixture, answer_nothing);
	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	assert_false(kube_watch_next(fixture->watch, PATIENCE_MS, fds[0], &event, &err));
	assert_int_equal(err.code, ERR_TIMEOUT);
	close(fds[0]);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(a_cut_stream_goes_on_from_the_newest_version_seen),
		CASE(a_stream_that_ended_well_goes_on_unseen),
		CASE(a_server_that_ends_every_watch_at_once_is_no_busy_loop),
		CASE(a_stream_that_fell_silent_is_dropped_and_resumed),
		CASE(a_watch_that_is_not_answered_is_unavailable),
		CASE(a_server_that_is_away_is_unavailable),
		CASE(only_events_are_events),
		CASE(an_event_without_end_makes_the_caller_list_anew),
		CASE(a_forgotten_version_is_gone_by_status_or_by_event),
		CASE(a_refused_watch_says_why_and_can_be_tried_again),
		CASE(credentials_are_read_anew_before_a_watch_is_unauthorized),
		CASE(a_closed_wake_fd_ends_the_wait_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * tests/kube/watch_test.c - kube/watch.h against a real kube-apiserver.
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
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "kube/watch.h"
#include "real_server.h"

/* Long enough for a busy machine; no test waits for it to pass. */
#define PATIENCE_MS 300000

static bool
ignore_item(void *context, struct json_object *item, struct err *err)
{
	(void)context;
	(void)item;
	(void)err;
	return true;
}

static char *
current_version(struct real_server *server)
{
	char *version = NULL;
	struct err err = ERR_INIT;

	if (!kube_list(server->kube, real_path(server, "configmaps"), "", ignore_item, NULL, &version, &err))
		fail_msg("%s (%s)", err.msg, err.detail);
	return version;
}

static struct kube_watch *
start_watch_at(struct real_server *server, struct kube *kube, const char *query, const char *version)
{
	struct kube_watch *watch = NULL;
	struct err err = ERR_INIT;

	if (!kube_watch_new(kube, real_path(server, "configmaps"), query, version, &watch, &err))
		fail_msg("%s", err.msg);
	return watch;
}

static struct kube_watch *
start_watch(struct real_server *server, const char *query)
{
	char *version = current_version(server);
	struct kube_watch *watch = start_watch_at(server, server->kube, query, version);

	free(version);
	return watch;
}

static struct kube_event
next(struct kube_watch *watch)
{
	struct kube_event event = { 0 };
	struct err err = ERR_INIT;

	if (!kube_watch_next(watch, PATIENCE_MS, -1, &event, &err))
		fail_msg("%s: %s (%s)", err_code_text(err.code), err.msg, err.detail);
	return event;
}

/* The next event that is no bookmark. */
static struct kube_event
next_change(struct kube_watch *watch)
{
	struct kube_event event;

	do
		event = next(watch);
	while (event.kind == KUBE_BOOKMARK);
	return event;
}

static void
assert_change(struct kube_watch *watch, enum kube_event_kind kind, const char *name, const char *value)
{
	struct kube_event event = next_change(watch);

	assert_int_equal(event.kind, kind);
	assert_string_equal(json_string_at(event.object, "metadata", "name", NULL), name);
	assert_string_equal(json_string_at(event.object, "data", "value", NULL), value);
	assert_string_equal(json_string_at(event.object, "metadata", "resourceVersion", NULL),
			    kube_watch_version(watch));
}

static void
put_config_map(struct real_server *server, const char *name, const char *value)
{
	AUTO_JSON struct json_object *object = real_config_map(name, value);
	struct err err = ERR_INIT;

	if (!kube_replace(server->kube, real_path(server, arena_printf(&server->arena, "configmaps/%s", name)), object,
			  NULL, &err))
		fail_msg("%s", err.msg);
}

static void
delete_config_map(struct real_server *server, const char *name)
{
	struct err err = ERR_INIT;

	if (!kube_delete(server->kube, real_path(server, arena_printf(&server->arena, "configmaps/%s", name)), NULL,
			 &err))
		fail_msg("%s", err.msg);
}

static void
a_life_is_told_in_its_order(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch(server, "");

	real_create_config_map(server, "life", "1");
	put_config_map(server, "life", "2");
	delete_config_map(server, "life");
	assert_change(watch, KUBE_ADDED, "life", "1");
	assert_change(watch, KUBE_MODIFIED, "life", "2");
	assert_change(watch, KUBE_DELETED, "life", "2");
	kube_watch_free(watch);
}

static void
calls_go_on_between_events(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch(server, "labelSelector=value%3Dcalls");
	char name[32];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "calls-%d", i);
		real_create_config_map(server, name, "calls");
		assert_change(watch, KUBE_ADDED, name, "calls");
	}
	kube_watch_free(watch);
}

static void
what_stops_matching_the_selector_is_deleted_for_the_watch(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch(server, "labelSelector=value%3Dseen");

	real_create_config_map(server, "other", "unseen");
	real_create_config_map(server, "mine", "seen");
	put_config_map(server, "mine", "unseen");
	assert_change(watch, KUBE_ADDED, "mine", "seen");
	assert_int_equal(next_change(watch).kind, KUBE_DELETED);
	kube_watch_free(watch);
}

static void
many_large_events_all_arrive(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch(server, "labelSelector=value%3Dlarge");
	size_t size_bytes = 900 * 1024;
	char *text = malloc(size_bytes + 1);
	char name[32];

	assert_non_null(text);
	memset(text, 'y', size_bytes);
	text[size_bytes] = '\0';
	for (int i = 0; i < 8; i++) {
		AUTO_JSON struct json_object *object = NULL;
		struct err err = ERR_INIT;

		snprintf(name, sizeof(name), "large-%d", i);
		object = real_config_map(name, "large");
		json_add_string(json_member(object, "data"), "text", text);
		if (!kube_create(server->kube, real_path(server, "configmaps"), object, NULL, &err))
			fail_msg("%s", err.msg);
	}
	for (int i = 0; i < 8; i++) {
		struct kube_event event = next_change(watch);

		snprintf(name, sizeof(name), "large-%d", i);
		assert_string_equal(json_string_at(event.object, "metadata", "name", NULL), name);
		assert_int_equal(strlen(json_string_at(event.object, "data", "text", NULL)), size_bytes);
	}
	free(text);
	kube_watch_free(watch);
}

/* ---- how a watch ends and goes on ---- */

static void
the_server_sends_bookmarks_before_it_ends_a_watch(void **state)
{
	struct real_server *server = *state;
	int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
	char *version = current_version(server);
	struct kube_event event;
	struct kube_watch *watch;
	struct kube *kube;
	struct err err = ERR_INIT;
	int count = 0;
	bool got;

	server->config.kube_watch_timeout_s = 4;
	kube = real_kube_with_certificate(server, "");
	server->config.kube_watch_timeout_s = 60;
	watch = start_watch_at(server, kube, "labelSelector=value%3Dnever", version);
	/* Others change meanwhile: the bookmark leads past them. */
	do {
		assert_true(clock_left_ms(deadline_ms) > 0);
		real_create_config_map(server, arena_printf(&server->arena, "elsewhere-%d", count++), "x");
		got = kube_watch_next(watch, 300, -1, &event, &err);
		assert_true(got || err.code == ERR_TIMEOUT);
	} while (!got);
	assert_int_equal(event.kind, KUBE_BOOKMARK);
	assert_string_not_equal(kube_watch_version(watch), version);
	kube_watch_free(watch);
	kube_free(kube);
	free(version);
}

static void
a_watch_goes_on_after_the_server_ended_it(void **state)
{
	struct real_server *server = *state;
	int64_t ended_ms = clock_monotonic_ms() + 2500;
	struct kube_event event;
	struct kube_watch *watch;
	struct kube *kube;
	struct err err = ERR_INIT;
	char *version = current_version(server);

	server->config.kube_watch_timeout_s = 1;
	kube = real_kube_with_certificate(server, "");
	server->config.kube_watch_timeout_s = 60;
	watch = start_watch_at(server, kube, "", version);
	real_create_config_map(server, "before", "1");
	assert_change(watch, KUBE_ADDED, "before", "1");
	/* Two ends pass unseen. */
	while (clock_left_ms(ended_ms) > 0)
		if (!kube_watch_next(watch, clock_left_ms(ended_ms), -1, &event, &err))
			assert_int_equal(err.code, ERR_TIMEOUT);
		else
			assert_int_equal(event.kind, KUBE_BOOKMARK);
	real_create_config_map(server, "after", "2");
	assert_change(watch, KUBE_ADDED, "after", "2");
	kube_watch_free(watch);
	kube_free(kube);
	free(version);
}

static void
another_watch_can_go_on_where_one_was(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *first = start_watch(server, ""), *second;

	real_create_config_map(server, "first", "1");
	real_create_config_map(server, "second", "2");
	assert_change(first, KUBE_ADDED, "first", "1");
	second = start_watch_at(server, server->kube, "", kube_watch_version(first));
	assert_change(second, KUBE_ADDED, "second", "2");
	kube_watch_free(first);
	kube_watch_free(second);
}

static void
a_version_that_is_too_old_is_gone(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch_at(server, server->kube, "", "1");
	struct kube_event event;
	struct err err = ERR_INIT;

	assert_false(kube_watch_next(watch, PATIENCE_MS, -1, &event, &err));
	assert_int_equal(err.code, ERR_GONE);
	kube_watch_free(watch);
}

static void
nothing_comes_of_nothing_in_the_given_time(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch(server, "labelSelector=value%3Dnever");
	struct kube_event event;
	struct err err = ERR_INIT;
	int64_t began_ms = clock_monotonic_ms();

	assert_false(kube_watch_next(watch, 0, -1, &event, &err));
	assert_int_equal(err.code, ERR_TIMEOUT);
	assert_false(kube_watch_next(watch, 200, -1, &event, &err));
	assert_int_equal(err.code, ERR_TIMEOUT);
	assert_true(clock_monotonic_ms() - began_ms >= 200);
	kube_watch_free(watch);
}

static void
a_byte_on_the_wake_fd_ends_the_wait(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch(server, "labelSelector=value%3Dwake");
	int64_t began_ms = clock_monotonic_ms();
	struct kube_event event;
	struct err err = ERR_INIT;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_false(kube_watch_next(watch, PATIENCE_MS, fds[0], &event, &err));
	assert_int_equal(err.code, ERR_TIMEOUT);
	assert_true(clock_monotonic_ms() - began_ms < PATIENCE_MS);
	/* And takes no event away, however often it wakes. */
	real_create_config_map(server, "wake", "wake");
	while (!kube_watch_next(watch, PATIENCE_MS, fds[0], &event, &err))
		assert_int_equal(err.code, ERR_TIMEOUT);
	assert_int_equal(event.kind, KUBE_ADDED);
	close(fds[0]);
	close(fds[1]);
	kube_watch_free(watch);
}

static void
an_event_of_one_watch_ends_the_wait_of_another(void **state)
{
	struct real_server *server = *state;
	struct kube_watch *watch = start_watch(server, "labelSelector=value%3Done");
	struct kube_watch *other = start_watch(server, "labelSelector=value%3Dtwo");
	int64_t began_ms = clock_monotonic_ms();
	struct kube_event event;
	struct err err = ERR_INIT;

	assert_int_equal(kube_watch_fd(other), -1);
	while (kube_watch_fd(other) < 0)
		assert_false(kube_watch_next(other, 20, -1, &event, &err));
	real_create_config_map(server, "of-the-other", "two");
	/* the head of its answer may wake it as well */
	while (!kube_watch_next(other, 0, -1, &event, &err)) {
		assert_int_equal(err.code, ERR_TIMEOUT);
		assert_false(kube_watch_next(watch, PATIENCE_MS, kube_watch_fd(other), &event, &err));
		assert_int_equal(err.code, ERR_TIMEOUT);
	}
	assert_int_equal(event.kind, KUBE_ADDED);
	assert_true(clock_monotonic_ms() - began_ms < PATIENCE_MS);
	kube_watch_free(watch);
	kube_watch_free(other);
}

static void
who_may_not_watch_is_forbidden(void **state)
{
	struct real_server *server = *state;
	struct kube *kube = real_kube_with_certificate(server, "as: somebody");
	struct kube_watch *watch = start_watch_at(server, kube, "", "1");
	struct kube_event event;
	struct err err = ERR_INIT;

	assert_false(kube_watch_next(watch, PATIENCE_MS, -1, &event, &err));
	assert_int_equal(err.code, ERR_FORBIDDEN);
	assert_non_null(strstr(err.msg, "cannot watch resource"));
	kube_watch_free(watch);
	kube_free(kube);
}

static void
who_is_not_known_is_unauthorized(void **state)
{
	struct real_server *server = *state;
	struct kube *kube = real_kube_as(server, "token: nobody-knows-this");
	struct kube_watch *watch = start_watch_at(server, kube, "", "1");
	struct kube_event event;
	struct err err = ERR_INIT;

	assert_false(kube_watch_next(watch, PATIENCE_MS, -1, &event, &err));
	assert_int_equal(err.code, ERR_UNAUTHORIZED);
	kube_watch_free(watch);
	kube_free(kube);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life_is_told_in_its_order),
		cmocka_unit_test(calls_go_on_between_events),
		cmocka_unit_test(what_stops_matching_the_selector_is_deleted_for_the_watch),
		cmocka_unit_test(many_large_events_all_arrive),
		cmocka_unit_test(the_server_sends_bookmarks_before_it_ends_a_watch),
		cmocka_unit_test(a_watch_goes_on_after_the_server_ended_it),
		cmocka_unit_test(another_watch_can_go_on_where_one_was),
		cmocka_unit_test(a_version_that_is_too_old_is_gone),
		cmocka_unit_test(nothing_comes_of_nothing_in_the_given_time),
		cmocka_unit_test(a_byte_on_the_wake_fd_ends_the_wait),
		cmocka_unit_test(an_event_of_one_watch_ends_the_wait_of_another),
		cmocka_unit_test(who_may_not_watch_is_forbidden),
		cmocka_unit_test(who_is_not_known_is_unauthorized),
	};

	if (!real_server_given())
		return EXIT_SKIPPED;
	return cmocka_run_group_tests(tests, real_server_start, real_server_stop);
}

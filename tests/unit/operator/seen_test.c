/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "operator/seen.h"

#define TAKERS 4
#define NAMES 8
#define ROUNDS 400

struct fixture {
	struct arena arena;
	struct seen *seen;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	arena_init(&fixture->arena, LIMIT_ARENA_BYTES);
	fixture->seen = seen_new();
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	seen_free(fixture->seen);
	arena_release(&fixture->arena);
	free(fixture);
	return 0;
}

static struct json_object *
application(struct fixture *fixture, const char *name, int version)
{
	return json_of(&fixture->arena, arena_printf(&fixture->arena, "{\"metadata\": {\"name\": \"%s\", "
			"\"resourceVersion\": \"%d\"}}", name, version));
}

static struct json_object *
driver(struct fixture *fixture, const char *name, const char *uid, int version)
{
	return json_of(&fixture->arena, arena_printf(&fixture->arena, "{\"metadata\": {\"name\": \"%s-driver\", "
			"\"uid\": \"%s\", \"resourceVersion\": \"%d\", \"labels\": {\"spark-role\": \"driver\", "
			"\"sparkoperator.k8s.io/app-name\": \"%s\"}}, \"spec\": {\"containers\": []}}", name, uid, version,
			name));
}

static const char *
version_of(struct fixture *fixture, struct seen_entry *entry)
{
	return json_string_at(seen_parse_application(&fixture->arena, entry), "metadata", "resourceVersion", NULL);
}

static const char *
driver_of(struct fixture *fixture, struct seen_entry *entry)
{
	const char *uid = json_string_at(seen_parse_driver(&fixture->arena, entry), "metadata", "uid", NULL);

	return uid == NULL ? "" : uid;
}

/* What comes now is next: nothing else was due before it. */
static void
assert_nothing_due(struct fixture *fixture)
{
	struct seen_entry *entry;

	seen_application(fixture->seen, application(fixture, "last", 99), false);
	entry = seen_take(fixture->seen);
	assert_string_equal(version_of(fixture, entry), "99");
	seen_give_back(fixture->seen, entry);
}

static void
what_came_is_due_once(void **state)
{
	struct fixture *fixture = *state;
	struct seen_entry *entry;

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	seen_pod(fixture->seen, driver(fixture, "pi", "a", 2), false);
	entry = seen_take(fixture->seen);
	assert_string_equal(version_of(fixture, entry), "1");
	assert_string_equal(driver_of(fixture, entry), "a");
	seen_give_back(fixture->seen, entry);
	assert_nothing_due(fixture);
}

static void
what_comes_while_it_is_worked_on_waits_for_its_end(void **state)
{
	struct fixture *fixture = *state;
	struct seen_entry *entry;

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	seen_application(fixture->seen, application(fixture, "other", 2), false);
	entry = seen_take(fixture->seen);
	seen_application(fixture->seen, application(fixture, "pi", 5), false);
	assert_string_equal(version_of(fixture, entry), "1");
	assert_true(seen_take(fixture->seen) != entry);
	seen_set_application(entry, application(fixture, "pi", 4));
	seen_give_back(fixture->seen, entry);
	assert_ptr_equal(seen_take(fixture->seen), entry);
	assert_string_equal(version_of(fixture, entry), "5");
	seen_give_back(fixture->seen, entry);
	assert_nothing_due(fixture);
}

static void
the_echo_of_an_answer_makes_nothing_due(void **state)
{
	struct fixture *fixture = *state;
	struct seen_entry *entry;

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	entry = seen_take(fixture->seen);
	seen_set_application(entry, application(fixture, "pi", 3));
	seen_set_driver(entry, driver(fixture, "pi", "a", 4));
	seen_application(fixture->seen, application(fixture, "pi", 3), false);
	seen_give_back(fixture->seen, entry);
	seen_pod(fixture->seen, driver(fixture, "pi", "a", 4), false);
	assert_nothing_due(fixture);
}

static void
a_driver_of_before_that_goes_takes_no_other_with_it(void **state)
{
	struct fixture *fixture = *state;
	struct seen_entry *entry;

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	entry = seen_take(fixture->seen);
	seen_set_driver(entry, driver(fixture, "pi", "b", 4));
	seen_pod(fixture->seen, driver(fixture, "pi", "a", 3), true);
	seen_give_back(fixture->seen, entry);
	assert_ptr_equal(seen_take(fixture->seen), entry);
	assert_string_equal(driver_of(fixture, entry), "b");
	seen_pod(fixture->seen, driver(fixture, "pi", "b", 5), true);
	seen_give_back(fixture->seen, entry);
	assert_ptr_equal(seen_take(fixture->seen), entry);
	assert_string_equal(driver_of(fixture, entry), "");
}

static void
what_is_deleted_while_it_is_worked_on_is_forgotten_at_its_end(void **state)
{
	struct fixture *fixture = *state;
	struct seen_entry *entry;

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	entry = seen_take(fixture->seen);
	seen_application(fixture->seen, application(fixture, "pi", 2), true);
	assert_int_equal(seen_count(fixture->seen), 1);
	assert_string_equal(version_of(fixture, entry), "1");
	seen_give_back(fixture->seen, entry);
	assert_int_equal(seen_count(fixture->seen), 0);
	assert_nothing_due(fixture);
}

static void
it_is_due_again_when_that_was_wanted(void **state)
{
	struct fixture *fixture = *state;
	struct seen_entry *entry;
	int64_t due_ms;

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	entry = seen_take(fixture->seen);
	due_ms = clock_monotonic_ms() + 30;
	seen_again(entry, due_ms);
	seen_again(entry, due_ms + 3600000);
	seen_give_back(fixture->seen, entry);
	assert_ptr_equal(seen_take(fixture->seen), entry);
	assert_true(clock_monotonic_ms() >= due_ms);
}

static void
however_due_it_is_nobody_else_gets_it(void **state)
{
	struct fixture *fixture = *state;
	struct seen_entry *entry, *other;

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	seen_application(fixture->seen, application(fixture, "other", 2), false);
	entry = seen_take(fixture->seen);
	other = seen_take(fixture->seen);
	seen_again(entry, 0);
	seen_again(other, 0);
	seen_give_back(fixture->seen, other);
	assert_ptr_equal(seen_take(fixture->seen), other);
	seen_give_back(fixture->seen, entry);
	assert_ptr_equal(seen_take(fixture->seen), entry);
	assert_nothing_due(fixture);
}

static void
a_pause_is_everybodys(void **state)
{
	struct fixture *fixture = *state;
	int64_t began_ms = clock_monotonic_ms();

	seen_application(fixture->seen, application(fixture, "pi", 1), false);
	seen_pause(fixture->seen, 40);
	seen_pause(fixture->seen, 10);
	assert_non_null(seen_take(fixture->seen));
	assert_true(clock_monotonic_ms() - began_ms >= 40);
}

/* ---- several takers ---- */

struct crowd {
	struct seen *seen;
	struct fixture *fixture;
	atomic_int in_hands[NAMES];
	atomic_int doubled;
	atomic_int taken;
};

static void *
take_until_closed(void *argument)
{
	struct crowd *crowd = argument;
	struct seen_entry *entry;

	while ((entry = seen_take(crowd->seen)) != NULL) {
		struct arena arena;
		const char *name;
		int number;

		arena_init(&arena, LIMIT_ARENA_BYTES);
		name = json_string_at(seen_parse_application(&arena, entry), "metadata", "name", NULL);
		number = name == NULL ? 0 : atoi(name);
		crowd->doubled += atomic_fetch_add(&crowd->in_hands[number], 1) != 0;
		crowd->taken++;
		sched_yield();
		atomic_fetch_sub(&crowd->in_hands[number], 1);
		arena_release(&arena);
		seen_give_back(crowd->seen, entry);
	}
	return NULL;
}

static void
no_two_have_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct crowd crowd = { .seen = fixture->seen, .fixture = fixture };
	pthread_t takers[TAKERS];

	for (int i = 0; i < TAKERS; i++)
		assert_int_equal(pthread_create(&takers[i], NULL, take_until_closed, &crowd), 0);
	for (int round = 0; round < ROUNDS; round++) {
		for (int number = 0; number < NAMES; number++)
			seen_application(fixture->seen, application(fixture, arena_printf(&fixture->arena, "%d", number),
								    round), false);
	}
	while (crowd.taken < NAMES)
		sched_yield();
	seen_close(fixture->seen);
	for (int i = 0; i < TAKERS; i++)
		pthread_join(takers[i], NULL);
	assert_int_equal(crowd.doubled, 0);
	assert_int_equal(seen_count(fixture->seen), NAMES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_came_is_due_once),
		TEST(what_comes_while_it_is_worked_on_waits_for_its_end),
		TEST(the_echo_of_an_answer_makes_nothing_due),
		TEST(a_driver_of_before_that_goes_takes_no_other_with_it),
		TEST(what_is_deleted_while_it_is_worked_on_is_forgotten_at_its_end),
		TEST(it_is_due_again_when_that_was_wanted),
		TEST(however_due_it_is_nobody_else_gets_it),
		TEST(a_pause_is_everybodys),
		TEST(no_two_have_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

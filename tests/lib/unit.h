/*
 * tests/lib/unit.h - cmocka, and the few assertions that say which row of a table failed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIB_UNIT_H
#define LIB_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"

/* An arena as the state of a test: cmocka_unit_test_setup_teardown(test, arena_make, arena_free). */
static inline int
arena_make(void **state)
{
	static struct arena arena;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	*state = &arena;
	return 0;
}

static inline int
arena_free(void **state)
{
	arena_release(*state);
	return 0;
}

#define unit_test_with_arena(test) cmocka_unit_test_setup_teardown(test, arena_make, arena_free)

/* NULL equals NULL only. `row` names the case. */
static inline void
assert_text(const char *row, const char *got, const char *wanted)
{
	if (got == wanted)
		return;
	if (got == NULL || wanted == NULL || strcmp(got, wanted) != 0)
		fail_msg("%s: got\n%s\nwanted\n%s", row, got == NULL ? "NULL" : got, wanted == NULL ? "NULL" : wanted);
}

static inline void
assert_number(const char *row, int64_t got, int64_t wanted)
{
	if (got != wanted)
		fail_msg("%s: got %lld, wanted %lld", row, (long long)got, (long long)wanted);
}

static inline void
assert_contains(const char *row, const char *got, const char *part)
{
	if (got == NULL || strstr(got, part) == NULL)
		fail_msg("%s: got\n%s\nwithout\n%s", row, got == NULL ? "NULL" : got, part);
}

/* Parsed by json-c alone, so that what is tested is not tested with itself. */
static inline struct json_object *
json_of(struct arena *arena, const char *text)
{
	struct json_object *root = json_tokener_parse(text);

	if (root == NULL)
		fail_msg("the test's own JSON is broken: %s", text);
	return arena_own_json(arena, root);
}

/* The order of members is free. */
static inline void
assert_json(struct arena *arena, const char *row, struct json_object *got, const char *wanted)
{
	if (!json_object_equal(got, json_of(arena, wanted)))
		fail_msg("%s: got\n%s\nwanted\n%s", row, json_object_to_json_string_ext(got, JSON_C_TO_STRING_PLAIN |
										   JSON_C_TO_STRING_NOSLASHESCAPE), wanted);
}

#endif

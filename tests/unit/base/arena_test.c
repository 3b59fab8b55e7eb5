/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void
memory_is_zeroed_and_aligned_for_anything(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 7, 8, 15, 16, 17, 100, 8191, 8192, 8193, 100000, 1 };

	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
			unsigned char *memory = arena_alloc(*state, sizes[i]);

			assert_non_null(memory);
			assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(memory[k], 0);
			memset(memory, 0xff, sizes[i]);
		}
	}
}

static void
pieces_do_not_overlap(void **state)
{
	char *texts[1000];

	for (int i = 0; i < 1000; i++)
		texts[i] = arena_printf(*state, "text number %d", i);
	for (int i = 0; i < 1000; i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "text number %d", i);
		assert_string_equal(texts[i], expected);
	}
}

static void
texts_are_copied(void **state)
{
	char text[] = "abc";
	char *copy = arena_strdup(*state, text);
	char *piece = arena_strndup(*state, text, 2);

	text[0] = 'x';
	assert_string_equal(text, "xbc");
	assert_string_equal(copy, "abc");
	assert_string_equal(piece, "ab");
	assert_null(arena_strdup(*state, NULL));
	assert_string_equal(arena_strndup(*state, NULL, 0), "");
	assert_memory_equal(arena_strndup(*state, "a\0b", 3), "a\0b", 4);
}

/* Releases note their turn here. */
static char turns[16];

static void
note_turn(void *object)
{
	strncat(turns, object, sizeof(turns) - strlen(turns) - 1);
}

static void
what_is_owned_is_released_newest_first(void **state)
{
	struct arena *arena = *state;

	turns[0] = '\0';
	arena_own(arena, arena_strdup(arena, "1"), note_turn); /* its own memory must still be there */
	arena_own(arena, arena_strdup(arena, "2"), note_turn);
	arena_own(arena, arena_strdup(arena, "3"), note_turn);
	arena_release(arena);
	assert_string_equal(turns, "321");
	arena_release(arena);
	assert_string_equal(turns, "321");
}

static void
one_reference_on_json_is_given_away(void **state)
{
	struct arena *arena = *state;
	struct json_object *root = json_object_new_array();

	json_object_get(root);
	assert_ptr_equal(arena_own_json(arena, root), root);
	assert_null(arena_own_json(arena, NULL));
	arena_release(arena);
	assert_int_equal(json_object_put(root), 1); /* this was the last one */
}

static void
a_released_arena_can_be_used_again(void **state)
{
	struct arena *arena = *state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(arena->used_bytes, 0);
		arena_alloc(arena, 1000000);
		assert_true(arena->used_bytes >= 1000000);
		arena_release(arena);
	}
}

/* Runs in a child, because running out ends the process. */
static void
ask_for(size_t size_bytes, int times)
{
	struct arena arena;

	arena_init(&arena, 100000);
	for (int i = 0; i < times; i++)
		arena_alloc(&arena, size_bytes);
	arena_release(&arena);
}

static void
running_out_ends_the_process(void **state)
{
	static const struct {
		size_t size_bytes;
		int times;
		bool dies;
	} rows[] = {
		{ 90000, 1, false }, { 100000, 1, false }, { 100001, 1, true }, { 1000, 1000, true },
		{ SIZE_MAX, 1, true }, { SIZE_MAX - 7, 1, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			signal(SIGABRT, SIG_DFL);
			close(STDERR_FILENO);
			ask_for(rows[i].size_bytes, rows[i].times);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(rows[i].dies, WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
		assert_int_equal(!rows[i].dies, WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(memory_is_zeroed_and_aligned_for_anything),
		unit_test_with_arena(pieces_do_not_overlap),
		unit_test_with_arena(texts_are_copied),
		unit_test_with_arena(what_is_owned_is_released_newest_first),
		unit_test_with_arena(one_reference_on_json_is_given_away),
		unit_test_with_arena(a_released_arena_can_be_used_again),
		cmocka_unit_test(running_out_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

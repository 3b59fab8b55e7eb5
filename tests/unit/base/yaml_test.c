/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/yaml.h"

#define ARENA_BYTES (64 * 1024 * 1024)

static int
make_arena(void **state)
{
	struct arena *arena = malloc(sizeof(*arena));

	assert_non_null(arena);
	arena_init(arena, ARENA_BYTES);
	*state = arena;
	return 0;
}

static int
free_arena(void **state)
{
	arena_release(*state);
	free(*state);
	return 0;
}

static struct yaml *
read_text(void **state, const char *text)
{
	struct yaml *root = NULL;
	struct err err = ERR_INIT;

	if (!yaml_read_text(*state, "t", text, strlen(text), &root, &err))
		fail_msg("%s", err.msg);
	return root;
}

static void
a_mapping_keeps_the_order_and_the_lines_of_the_file(void **state)
{
	const struct yaml *root = read_text(state, "# c\nb: 1\na:\n  - x\n  - {y: z}\n");
	const struct yaml_entry *first = root->first;
	const struct yaml_entry *second = first->next;

	assert_int_equal(root->kind, YAML_MAPPING);
	assert_string_equal(first->key, "b");
	assert_int_equal(first->line, 2);
	assert_string_equal(second->key, "a");
	assert_int_equal(second->line, 3);
	assert_null(second->next);
	assert_int_equal(second->value->kind, YAML_SEQUENCE);
	assert_null(second->value->first->key);
	assert_int_equal(second->value->first->line, 4);
	assert_string_equal(yaml_string(second->value->first->next->value, "y"), "z");
}

static void
scalars_stay_as_they_were_written(void **state)
{
	static const char *const texts[] = { "0.10", "0x1F", "yes", "1e3", "2001-01-01", "-0" };

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		char text[64];

		snprintf(text, sizeof(text), "a: %s\n", texts[i]);
		assert_string_equal(yaml_string(read_text(state, text), "a"), texts[i]);
	}
}

static void
nothing_written_is_null_unless_it_is_quoted(void **state)
{
	static const struct {
		const char *text;
		bool null;
	} cases[] = {
		{ "a:", true }, { "a: ~", true }, { "a: null", true }, { "a: NULL", true }, { "b: 1", true },
		{ "a: ''", false }, { "a: \"\"", false }, { "a: \"null\"", false }, { "a: nil", false },
		{ "a: 0", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct yaml *root = read_text(state, cases[i].text);

		assert_int_equal(yaml_is_null(yaml_member(root, "a")), cases[i].null);
		assert_int_equal(yaml_string(root, "a") == NULL, cases[i].null);
	}
}

static void
a_member_of_what_is_no_mapping_is_absent(void **state)
{
	const struct yaml *root = read_text(state, "a: [1]\nb: c\n");

	assert_null(yaml_member(NULL, "a"));
	assert_null(yaml_member(yaml_member(root, "a"), "1"));
	assert_null(yaml_member(yaml_member(root, "b"), "c"));
	assert_null(yaml_string(root, "a"));
}

static void
an_empty_document_is_null(void **state)
{
	assert_true(yaml_is_null(read_text(state, "")));
	assert_true(yaml_is_null(read_text(state, "# only a comment\n")));
	assert_true(yaml_is_null(read_text(state, "---\n...\n")));
}

static void
an_alias_stands_for_its_anchor(void **state)
{
	const struct yaml *root = read_text(state, "a: &x {k: v}\nb: *x\n");

	assert_string_equal(yaml_string(yaml_member(root, "b"), "k"), "v");
	assert_ptr_equal(yaml_member(root, "a"), yaml_member(root, "b"));
}

static void
aliases_of_aliases_cost_no_more_than_their_text(void **state)
{
	const struct yaml *root = read_text(state, "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
					    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
					    "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n"
					    "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: &h [*g,*g,*g,*g,*g,*g,*g,*g]\n"
					    "i: &i [*h,*h,*h,*h,*h,*h,*h,*h,*h]\nj: [*i,*i,*i,*i,*i,*i,*i,*i,*i]\n");
	const struct arena *arena = *state;

	assert_non_null(yaml_member(root, "j"));
	assert_true(arena->used_bytes < 64 * 1024);
}

static void
what_cannot_be_read_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text;
		const char *msg;        /* what it begins with */
	} cases[] = {
		{ "a: 1\nb: 2\na: 3\n", "t:3: the key \"a\" stands in line 1 already" },
		{ "a:\n  b: 1\n  b: 2\n", "t:3: the key \"b\" stands in line 2 already" },
		{ "a: 1\n b: 2\n", "t:2: no YAML: mapping values are not allowed in this context" },
		{ "a: [1\nb: 2\n", "t:2: no YAML: " },
		{ "a: \"x\n", "t:2: no YAML: while scanning a quoted scalar" },
		{ "a:\n\t- x\n", "t:2: no YAML: " },
		{ "a: *nobody\n", "t:1: no YAML: " },
		{ "a: &x [*x]\n", "t:1: an alias inside of what it stands for" },
		{ "a: &x {b: {c: *x}}\n", "t:1: an alias inside of what it stands for" },
		{ "a: 1\n---\nb: 1\n", "t:3: a second document" },
		{ "a: 1\n---\nb: [\n", "t:4: no YAML: " },
		{ "[a, b]: 1\n", "t:1: a key must be a plain word" },
		{ "\na: \"x\\0y\"\n", "t:2: a text with a NUL byte in it" },
		{ "a: b\n\nc: \xff\n", "t:" },
		{ "a: \x01\n", "t:" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "t:1: nested more than 32 "
		  "levels" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct yaml *root;
		struct err err = ERR_INIT;

		if (yaml_read_text(*state, "t", cases[i].text, strlen(cases[i].text), &root, &err))
			fail_msg("was read: %s", cases[i].text);
		assert_int_equal(err.code, ERR_INVALID);
		if (strncmp(err.msg, cases[i].msg, strlen(cases[i].msg)) != 0)
			fail_msg("\"%s\" does not begin with \"%s\"", err.msg, cases[i].msg);
	}
}

static void
a_file_that_is_not_there_is_not_found(void **state)
{
	struct yaml *root;
	struct err err = ERR_INIT;

	assert_false(yaml_read_file(*state, "/nonexistent/x.yaml", &root, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "/nonexistent/x.yaml: cannot be opened: No such file or directory");
	assert_false(yaml_read_file(*state, "/", &root, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.msg, "/: cannot be read: Is a directory");
}

static void
an_endless_file_is_refused_and_not_swallowed(void **state)
{
	struct yaml *root;
	struct err err = ERR_INIT;

	assert_false(yaml_read_file(*state, "/dev/zero", &root, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.msg, "/dev/zero: larger than 1048576 bytes");
}

static void
a_lenient_reader_sees_which_keys_are_repeated(void **state)
{
	char path[] = "/tmp/yaml_test.XXXXXX";
	int fd = mkstemp(path);
	struct yaml *root = NULL;
	struct err err = ERR_INIT;
	bool read;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a: 1\nb: 2\na: 3\n", 15), 15);
	close(fd);
	read = yaml_read_file_leniently(*state, path, &root, &err);
	unlink(path);
	assert_true(read);
	assert_int_equal(root->first->first_line, 0);
	assert_int_equal(root->first->next->next->first_line, 1);
	assert_string_equal(yaml_string(root, "a"), "1");
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)
	static const struct CMUnitTest tests[] = {
		CASE(a_mapping_keeps_the_order_and_the_lines_of_the_file),
		CASE(scalars_stay_as_they_were_written),
		CASE(nothing_written_is_null_unless_it_is_quoted),
		CASE(a_member_of_what_is_no_mapping_is_absent),
		CASE(an_empty_document_is_null),
		CASE(an_alias_stands_for_its_anchor),
		CASE(aliases_of_aliases_cost_no_more_than_their_text),
		CASE(what_cannot_be_read_is_told_with_its_line),
		CASE(a_file_that_is_not_there_is_not_found),
		CASE(an_endless_file_is_refused_and_not_swallowed),
		CASE(a_lenient_reader_sees_which_keys_are_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

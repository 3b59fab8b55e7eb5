/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/json.h"

/* What is read, as compact text; the answers are json-c's spelling of the same values. */
static void
json_is_read(void **state)
{
	static const struct {
		const char *text;
		const char *read;
	} rows[] = {
		{ "{\"a\":1,\"b\":[true,false,null,\"x\"]}", "{\"a\":1,\"b\":[true,false,null,\"x\"]}" },
		{ " \t\r\n{ } ", "{}" },
		{ "[]", "[]" },
		{ "\xef\xbb\xbf{\"a\":1}", "{\"a\":1}" },
		{ "12", "12" },
		{ "-0.5", "-0.5" },
		{ "1.50", "1.50" },
		{ "1e3", "1e3" },
		{ "12 ", "12" },
		{ "true", "true" },
		{ "\"text\"", "\"text\"" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
		{ "{\"a\":1} trailing text", "{\"a\":1}" },
		{ "{\"a\":1}{\"b\":2}", "{\"a\":1}" },
		{ "{\"a\":1} 'NaN' 1.", "{\"a\":1}" },
		{ "[\"it's NaN, Infinity and 1.\",1.0]", "[\"it's NaN, Infinity and 1.\",1.0]" },
		{ "[\"\\\"'\",\"\\\\\",\"'\"]", "[\"\\\"'\",\"\\\\\",\"'\"]" },
		{ "\"\\u0041\\u00e4\\u20ac\"", "\"A\xc3\xa4\xe2\x82\xac\"" },
		{ "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ "\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"" },
		{ "{\"\":\"\"}", "{\"\":\"\"}" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "-9223372036854775808", "-9223372036854775808" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *root = NULL;
		struct err err = ERR_INIT;

		if (!json_parse(rows[i].text, strlen(rows[i].text), &root, &err))
			fail_msg("%s: %s", rows[i].text, err.msg);
		arena_own_json(*state, root);
		assert_text(rows[i].text, json_text(root), rows[i].read);
	}
}

static void
null_is_a_value(void **state)
{
	struct json_object *root = json_object_new_object();
	struct json_object *given = root;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(json_parse("null", 4, &root, &err));
	assert_null(root);
	json_object_put(given);
}

static void
what_is_not_strict_json_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *msg;
	} rows[] = {
		{ "", "not complete JSON" },
		{ "   ", "not complete JSON" },
		{ "\xef\xbb\xbf", "not complete JSON" },
		{ "{", "not complete JSON" },
		{ "{\"a\"", "not complete JSON" },
		{ "{\"a\":", "not complete JSON" },
		{ "{\"a\":1", "not complete JSON" },
		{ "{\"a\":1,", "not complete JSON" },
		{ "[1,2", "not complete JSON" },
		{ "\"text", "not complete JSON" },
		{ "\"\\ud83d", "not complete JSON" },
		{ "\"\\u00", "not complete JSON" },
		{ "tru", "not complete JSON" },
		{ "abc", "not JSON" },
		{ "{a:1}", "not JSON" },
		{ "{'a':1}", "not JSON" },
		{ "{\"a\":'b'}", "not JSON" },
		{ "{\"a\" 1}", "not JSON" },
		{ "{\"a\":1,}", "not JSON" },
		{ "[1,]", "not JSON" },
		{ "[1 2]", "not JSON" },
		{ "[,1]", "not JSON" },
		{ "{,}", "not JSON" },
		{ "]", "not JSON" },
		{ "/* note */ {}", "not JSON" },
		{ "{} /* note", NULL }, /* after the value */
		{ "{\"a\":1 /* note */}", "not JSON" },
		{ "// note\n{}", "not JSON" },
		{ "NaN", "not JSON" },
		{ "[NaN]", "not JSON" },
		{ "[nan]", "not JSON" },
		{ "[Infinity]", "not JSON" },
		{ "[-Infinity]", "not JSON" },
		{ "[TRUE]", "not JSON" },
		{ "[Null]", "not JSON" },
		{ "[01]", "not JSON" },
		{ "[-]", "not JSON" },
		{ "[1.]", "not JSON" },
		{ "1.", "not" },
		{ "[1.e5]", "not JSON" },
		{ "{\"a\":1}\xff", "not JSON" }, /* the bytes are judged before the value ends */
		{ "[.5]", "not JSON" },
		{ "[+1]", "not JSON" },
		{ "[1e]", "not JSON" },
		{ "[0x10]", "not JSON" },
		{ "\"\\x\"", "not JSON" },
		{ "\"\\u00g0\"", "not JSON" },
		{ "\"a\nb\"", "not JSON" },
		{ "\"a\tb\"", "not JSON" },
		{ "\"\x01\"", "not JSON" },
		{ "{\"a\nb\":1}", "not JSON" },
		{ "\"\xff\"", "not JSON" },
		{ "\"\xc3\"", "not JSON" },
		{ "\"\x80\"", "not JSON" },
		{ "\"\xf0\x9f\x98\"", "not JSON" },
		{ "{\"\xe2\x82\":1}", "not JSON" },
		{ "\xfe\xff", "not JSON" },
	};
	int failures = 0;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *root = NULL;
		struct err err = ERR_INIT;
		bool taken = json_parse(rows[i].text, strlen(rows[i].text), &root, &err);

		arena_own_json(*state, taken ? root : NULL);
		if (taken != (rows[i].msg == NULL)) {
			print_error("%s: %s\n", rows[i].text, taken ? json_text(root) : err.msg);
			failures++;
			continue;
		}
		if (taken)
			continue;
		assert_number(rows[i].text, err.http_status, 400);
		assert_contains(rows[i].text, err.msg, rows[i].msg);
	}
	assert_int_equal(failures, 0);
}

static void
a_nul_is_no_end(void **state)
{
	static const struct {
		const char *bytes;
		size_t size_bytes;
		bool taken;
	} rows[] = {
		{ "{\"a\":1}\0", 8, true }, /* trailing text */
		{ "{\"a\"\0:1}", 8, false },
		{ "\"a\0b\"", 5, false },
		{ "\0{}", 3, false },
		{ "12\0", 3, true },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *root = NULL;
		struct err err = ERR_INIT;
		bool taken = json_parse(rows[i].bytes, rows[i].size_bytes, &root, &err);

		arena_own_json(*state, taken ? root : NULL);
		assert_number(rows[i].bytes, taken, rows[i].taken);
	}
}

static void
an_escaped_nul_is_kept_with_the_length(void **state)
{
	struct json_object *root = NULL;
	struct err err = ERR_INIT;

	assert_true(json_parse("\"a\\u0000b\"", 10, &root, &err));
	arena_own_json(*state, root);
	assert_int_equal(json_object_get_string_len(root), 3);
}

/* A half of a pair is no character; what comes out is UTF-8 all the same. */
static void
a_lone_surrogate_does_not_make_broken_utf_8(void **state)
{
	static const char *const rows[] = {
		"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "\"\\ud83dx\"", "\"\\ud83d\\ud83d\\ude00\"",
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *root = NULL;
		struct json_object *again = NULL;
		struct err err = ERR_INIT;

		if (!json_parse(rows[i], strlen(rows[i]), &root, &err))
			continue; /* refusing it is fine as well */
		arena_own_json(*state, root);
		/* strict reading checks the encoding */
		if (!json_parse(json_text(root), strlen(json_text(root)), &again, &err))
			fail_msg("%s: %s", rows[i], err.msg);
		arena_own_json(*state, again);
	}
}

static char *
nested(struct arena *arena, int depth)
{
	char *text = arena_alloc(arena, (size_t)depth * 2 + 1);

	memset(text, '[', (size_t)depth);
	memset(text + depth, ']', (size_t)depth);
	return text;
}

static void
deep_nesting_is_refused(void **state)
{
	static const struct {
		int depth;
		bool taken;
	} rows[] = { { 1, true }, { LIMIT_JSON_DEPTH, true }, { LIMIT_JSON_DEPTH + 1, false }, { 100000, false } };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char *text = nested(*state, rows[i].depth);
		struct json_object *root = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(json_parse(text, strlen(text), &root, &err), rows[i].taken);
		arena_own_json(*state, root);
		if (!rows[i].taken)
			assert_contains("depth", err.msg, "nested more than 32 levels deep");
	}
}

static void
a_refusal_tells_where(void **state)
{
	struct json_object *root = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_false(json_parse("{\"a\": x}", 8, &root, &err));
	assert_contains("offset", err.msg, "at byte 6");
}

static void
members_are_found_by_type(void **state)
{
	struct json_object *root = json_of(*state, "{\"s\":\"text\",\"i\":7,\"n\":null,\"o\":{\"p\":{\"q\":\"deep\"}}}");

	assert_string_equal(json_string(root, "s"), "text");
	assert_null(json_string(root, "i"));
	assert_null(json_string(root, "n"));
	assert_null(json_string(root, "absent"));
	assert_null(json_string(NULL, "s"));
	assert_int_equal(json_int(root, "i", -1), 7);
	assert_int_equal(json_int(root, "s", -1), -1);
	assert_int_equal(json_int(root, "absent", -1), -1);
	assert_null(json_member(json_member(root, "s"), "x"));
	assert_string_equal(json_string_at(root, "o", "p", "q", NULL), "deep");
	assert_null(json_string_at(root, "o", "p", NULL));
	assert_null(json_string_at(root, "o", "x", "q", NULL));
	assert_null(json_string_at(root, "s", "p", "q", NULL));
	assert_null(json_string_at(NULL, "o", NULL));
	assert_ptr_equal(json_at(root, "o", "p", NULL), json_member(json_member(root, "o"), "p"));
	assert_ptr_equal(json_at(root, NULL), root);
}

static void
json_is_written_compactly_without_escaped_slashes(void **state)
{
	struct json_object *root = arena_own_json(*state, json_object_new_object());

	json_add_string(root, "path", "s3a://b/a.py");
	json_add_string(root, "none", NULL);
	json_add_int(root, "big", INT64_MAX);
	json_add_string(root, "odd", "\"\\\n\x01\xc3\xa4");
	assert_string_equal(json_text(root), "{\"path\":\"s3a://b/a.py\",\"none\":null,\"big\":9223372036854775807,"
					     "\"odd\":\"\\\"\\\\\\n\\u0001\xc3\xa4\"}");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(json_is_read),
		unit_test_with_arena(null_is_a_value),
		unit_test_with_arena(what_is_not_strict_json_is_refused),
		unit_test_with_arena(a_nul_is_no_end),
		unit_test_with_arena(an_escaped_nul_is_kept_with_the_length),
		unit_test_with_arena(a_lone_surrogate_does_not_make_broken_utf_8),
		unit_test_with_arena(deep_nesting_is_refused),
		unit_test_with_arena(a_refusal_tells_where),
		unit_test_with_arena(members_are_found_by_type),
		unit_test_with_arena(json_is_written_compactly_without_escaped_slashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

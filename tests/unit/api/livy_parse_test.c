/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "api/livy/livy.h"

static bool
parse_bytes(struct arena *arena, const char *body, size_t size_bytes, struct batch_order *order, struct err *err)
{
	const struct request request = { .body = body, .body_size_bytes = size_bytes };
	struct call call = { .arena = arena, .request = &request };
	struct json_object *root = NULL;

	return livy_parse_create(&call, order, &root, err) && root != NULL;
}

static struct batch_order
parsed(struct arena *arena, const char *body)
{
	struct batch_order order;
	struct err err = ERR_INIT;

	if (!parse_bytes(arena, body, strlen(body), &order, &err))
		fail_msg("%s: %s", body, err.msg);
	return order;
}

static const char *
joined(struct arena *arena, const struct batch_strings *strings)
{
	char *text = arena_strdup(arena, "");

	for (size_t i = 0; i < strings->count; i++)
		text = arena_printf(arena, "%s[%s]", text, strings->items[i]);
	return text;
}

static void
every_field_is_read(void **state)
{
	struct batch_order order = parsed(*state,
		"{\"file\":\"s3a://b/a.jar\",\"className\":\"org.example.Main\",\"args\":[\"1\",\"\",\"x y\"],"
		"\"jars\":[\"j1\",\"j2\"],\"pyFiles\":[\"p\"],\"files\":[\"f\"],\"archives\":[\"a#x\"],"
		"\"driverMemory\":\"2g\",\"driverCores\":2,\"executorMemory\":\"3g\",\"executorCores\":3,\"numExecutors\":4,"
		"\"queue\":\"q\",\"name\":\"n \\u00e4\",\"proxyUser\":\"bob\",\"conf\":{\"spark.a\":\"1\",\"spark.b\":\"\"}}");

	assert_string_equal(order.file, "s3a://b/a.jar");
	assert_string_equal(order.class_name, "org.example.Main");
	assert_string_equal(joined(*state, &order.args), "[1][][x y]");
	assert_string_equal(joined(*state, &order.jars), "[j1][j2]");
	assert_string_equal(joined(*state, &order.py_files), "[p]");
	assert_string_equal(joined(*state, &order.files), "[f]");
	assert_string_equal(joined(*state, &order.archives), "[a#x]");
	assert_string_equal(order.driver_memory, "2g");
	assert_int_equal(order.driver_cores, 2);
	assert_string_equal(order.executor_memory, "3g");
	assert_int_equal(order.executor_cores, 3);
	assert_int_equal(order.executors_count, 4);
	assert_string_equal(order.queue, "q");
	assert_string_equal(order.name, "n \xc3\xa4");
	assert_string_equal(order.proxy_user, "bob");
	assert_int_equal(order.conf.count, 2);
	assert_string_equal(batch_pairs_get(&order.conf, "spark.a"), "1");
	assert_string_equal(batch_pairs_get(&order.conf, "spark.b"), "");
}

static void
null_and_empty_equal_absent(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{\"file\":null,\"className\":null,\"args\":null,\"jars\":null,\"pyFiles\":null,\"files\":null,"
		"\"archives\":null,\"driverMemory\":null,\"driverCores\":null,\"executorMemory\":null,"
		"\"executorCores\":null,\"numExecutors\":null,\"queue\":null,\"name\":null,\"proxyUser\":null,\"conf\":null}",
		"{\"args\":[],\"jars\":[\"\"],\"pyFiles\":[\"\",\"\"],\"files\":[],\"archives\":[],\"conf\":{}}",
	};

	for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
		struct batch_order order = parsed(*state, bodies[i]);

		assert_null(order.file);
		assert_null(order.class_name);
		assert_null(order.name);
		assert_null(order.proxy_user);
		assert_null(order.driver_memory);
		assert_null(order.executor_memory);
		assert_null(order.queue);
		assert_int_equal(order.driver_cores, 0);
		assert_int_equal(order.executor_cores, 0);
		assert_int_equal(order.executors_count, -1);
		assert_int_equal(order.args.count + order.jars.count + order.py_files.count + order.files.count +
				 order.archives.count + order.conf.count, 0);
	}
}

/* Contract livy.md 4.2: scalars become text exactly as written. */
static void
scalars_become_text_as_they_were_written(void **state)
{
	static const struct {
		const char *json;
		const char *text;
	} rows[] = {
		{ "2", "2" }, { "-7", "-7" }, { "0", "0" }, { "true", "true" }, { "false", "false" }, { "1.5", "1.5" },
		{ "1.50", "1.50" }, { "1e3", "1e3" }, { "1.0E-5", "1.0E-5" },
		{ "100000000000000000000.5", "100000000000000000000.5" },
		{ "9223372036854775807", "9223372036854775807" }, { "-9223372036854775807", "-9223372036854775807" },
		{ "18446744073709551614", "18446744073709551614" }, { "\"text\"", "text" }, { "\"1.50\"", "1.50" },
		{ "\"\\u00e4\\ud83d\\ude00\"", "\xc3\xa4\xf0\x9f\x98\x80" }, { "\"a/b\"", "a/b" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = parsed(*state,
			arena_printf(*state, "{\"file\":%1$s,\"name\":%1$s,\"args\":[\"x\",%1$s],\"conf\":{\"k\":%1$s}}", rows[i].json));

		assert_text(rows[i].json, order.file, rows[i].text);
		assert_text(rows[i].json, order.name, rows[i].text);
		assert_text(rows[i].json, order.args.items[1], rows[i].text);
		assert_text(rows[i].json, batch_pairs_get(&order.conf, "k"), rows[i].text);
	}
}

static void
counts_may_be_numeric_texts(void **state)
{
	static const struct {
		const char *json;
		int count;
	} rows[] = { { "1", 1 }, { "2147483647", 2147483647 }, { "\"4\"", 4 }, { "\"007\"", 7 } };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = parsed(*state,
			arena_printf(*state, "{\"driverCores\":%1$s,\"executorCores\":%1$s,\"numExecutors\":%1$s}", rows[i].json));

		assert_number(rows[i].json, order.driver_cores, rows[i].count);
		assert_number(rows[i].json, order.executor_cores, rows[i].count);
		assert_number(rows[i].json, order.executors_count, rows[i].count);
	}
}

static void
assert_refused(struct arena *arena, const char *body, const char *field, const char *msg)
{
	struct batch_order order;
	struct err err = ERR_INIT;

	if (parse_bytes(arena, body, strlen(body), &order, &err))
		fail_msg("%s: accepted", body);
	assert_number(body, err.http_status, 400);
	assert_contains(body, err.msg, field);
	assert_contains(body, err.msg, msg);
}

/* Every field of a kind, with every type that it cannot have. */
static void
a_wrong_type_is_refused_with_the_name_of_the_field(void **state)
{
	static const char *const texts[] = {
		"file", "proxyUser", "className", "driverMemory", "executorMemory", "queue", "name", NULL };
	static const char *const counts[] = { "driverCores", "executorCores", "numExecutors", NULL };
	static const char *const cores[] = { "driverCores", "executorCores", NULL };
	static const char *const executors[] = { "numExecutors", NULL };
	static const char *const lists[] = { "args", "jars", "pyFiles", "files", "archives", NULL };
	static const char *const maps[] = { "conf", NULL };
	static const struct {
		const char *const *fields;
		const char *value;
		const char *at;         /* after the field's name in the message */
		const char *msg;
	} rows[] = {
		{ texts, "[]", "", "a string is wanted, not array" },
		{ texts, "{}", "", "a string is wanted, not object" },
		{ texts, "\"a\\u0000b\"", "", "NUL" },
		{ counts, "2.5", "", "a whole number is wanted, not double" },
		{ counts, "2.0", "", "a whole number is wanted, not double" },
		{ counts, "true", "", "a whole number is wanted, not boolean" },
		{ counts, "[1]", "", "a whole number is wanted, not array" },
		{ counts, "{}", "", "a whole number is wanted, not object" },
		{ counts, "-1", "", "'-1' is not a whole number from " },
		{ executors, "-1", "", "from 0 to 2147483647" },
		{ cores, "0", "", "'0' is not a whole number from 1 to 2147483647" },
		{ cores, "\"00\"", "", "'00' is not" },
		{ counts, "2147483648", "", "'2147483648' is not" },
		{ counts, "99999999999999999999", "", "is not a whole number" },
		{ counts, "\"\"", "", "'' is not" },
		{ counts, "\"two\"", "", "'two' is not" },
		{ counts, "\"2x\"", "", "'2x' is not" },
		{ counts, "\"2.5\"", "", "'2.5' is not" },
		{ lists, "\"text\"", "", "a list of strings is wanted, not string" },
		{ lists, "1", "", "a list of strings is wanted, not int" },
		{ lists, "{}", "", "a list of strings is wanted, not object" },
		{ lists, "[null]", "[0]", "a string is wanted, not null" },
		{ lists, "[\"a\",[]]", "[1]", "a string is wanted, not array" },
		{ lists, "[\"a\",\"b\",{}]", "[2]", "a string is wanted, not object" },
		{ lists, "[\"a\\u0000\"]", "[0]", "NUL" },
		{ maps, "\"text\"", "", "an object of strings is wanted, not string" },
		{ maps, "[]", "", "an object of strings is wanted, not array" },
		{ maps, "{\"spark.a\":null}", ".spark.a", "a string is wanted, not null" },
		{ maps, "{\"spark.a\":[]}", ".spark.a", "a string is wanted, not array" },
		{ maps, "{\"spark.a\":{}}", ".spark.a", "a string is wanted, not object" },
		{ maps, "{\"spark.a\":\"\\u0000\"}", ".spark.a", "NUL" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (const char *const *field = rows[i].fields; *field != NULL; field++)
			assert_refused(*state, arena_printf(*state, "{\"%s\":%s}", *field, rows[i].value),
				       arena_printf(*state, "%s%s: ", *field, rows[i].at), rows[i].msg);
	}
}

/* json-c holds 64 bits and would silently make another number of it. */
static void
a_whole_number_that_would_change_is_refused(void **state)
{
	static const char *const numbers[] = { "18446744073709551616", "99999999999999999999", "-9223372036854775809" };

	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		assert_refused(*state, arena_printf(*state, "{\"args\":[%s]}", numbers[i]), "args[0]", "write it as a string");
		assert_refused(*state, arena_printf(*state, "{\"conf\":{\"k\":%s}}", numbers[i]), "conf.k",
			       "write it as a string");
	}
}

static void
unknown_fields_are_refused_with_the_known_ones(void **state)
{
	static const char *const fields[] = { "foo", "File", "heartbeatTimeoutInSecond", "ttl", "kind", "", "args " };

	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		assert_refused(*state, arena_printf(*state, "{\"file\":\"x\",\"%s\":null}", fields[i]),
			       arena_printf(*state, "Unrecognized field \"%s\"", fields[i]),
			       "file, proxyUser, className, args, jars, pyFiles, files, driverMemory, driverCores, executorMemory, "
			       "executorCores, numExecutors, archives, queue, name, conf");
	}
}

static void
a_body_that_is_no_object_is_refused(void **state)
{
	static const struct {
		const char *body;
		const char *msg;
	} rows[] = {
		{ "", "No content to map due to end-of-input" },
		{ " ", "not complete JSON" },
		{ "null", "a JSON object, not null" },
		{ "[]", "a JSON object, not array" },
		{ "\"text\"", "a JSON object, not string" },
		{ "7", "a JSON object, not int" },
		{ "{\"file\":", "not complete JSON" },
		{ "file=x", "not JSON" },
		{ "{\"file\":\"\xff\"}", "not JSON" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_refused(*state, rows[i].body, "", rows[i].msg);
}

static void
the_last_of_a_repeated_key_wins(void **state)
{
	struct batch_order order = parsed(*state, "{\"file\":\"a\",\"file\":\"b\",\"conf\":{\"k\":\"1\",\"k\":\"2\"}}");

	assert_string_equal(order.file, "b");
	assert_int_equal(order.conf.count, 1);
	assert_string_equal(batch_pairs_get(&order.conf, "k"), "2");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(every_field_is_read),
		unit_test_with_arena(null_and_empty_equal_absent),
		unit_test_with_arena(scalars_become_text_as_they_were_written),
		unit_test_with_arena(counts_may_be_numeric_texts),
		unit_test_with_arena(a_wrong_type_is_refused_with_the_name_of_the_field),
		unit_test_with_arena(a_whole_number_that_would_change_is_refused),
		unit_test_with_arena(unknown_fields_are_refused_with_the_known_ones),
		unit_test_with_arena(a_body_that_is_no_object_is_refused),
		unit_test_with_arena(the_last_of_a_repeated_key_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/buf.h"
#include "spark/properties.h"
#include "spark/properties_read.h"

/* What java.util.Properties.load() makes of it, key by key; as written by running it (OpenJDK 17). */
static void
texts_are_read_by_java_s_rules(void **state)
{
	static const struct {
		const char *text;
		const char *key;
		const char *value;      /* NULL: no such key */
	} rows[] = {
		{ "a=b", "a", "b" },
		{ "a=b\n", "a", "b" },
		{ "a:b", "a", "b" },
		{ "a b", "a", "b" },
		{ "a\tb", "a", "b" },
		{ "a\fb", "a", "b" },
		{ "a = b ", "a", "b " },
		{ "a  :  b", "a", "b" },
		{ "a = = b", "a", "= b" },
		{ "a : = b", "a", "= b" },
		{ "a", "a", "" },
		{ "a=", "a", "" },
		{ "a\n", "a", "" },
		{ "  \t a=b", "a", "b" },
		{ "#a=b", "a", NULL },
		{ "!a=b", "a", NULL },
		{ "  # a\na=c", "a", "c" },
		{ "# goes on \\\na=b", "a", "b" },
		{ "a=b#c", "a", "b#c" },
		{ "a=1\na=2", "a", "2" },
		{ "a=b\rc=d", "c", "d" },
		{ "a=b\r\nc=d", "a", "b" },
		{ "\n\r\n\na=b", "a", "b" },
		{ "a=b\\\n   c", "a", "bc" },
		{ "a=b\\\r\n\tc", "a", "bc" },
		{ "a=b\\\n#c", "a", "b#c" },
		{ "a\\\n  b=c", "ab", "c" },
		{ "a\\\n =c", "a", "c" },
		{ "a=\\\n  c", "a", "c" },
		{ "a=b\\", "a", "b" },
		{ "a=b\\\\", "a", "b\\" },
		{ "a=b\\\\\nc=d", "c", "d" },
		{ "a=\\t\\n\\r\\f\\x\\\"", "a", "\t\n\r\fx\"" },
		{ "a\\ b=c", "a b", "c" },
		{ "a\\=b=c", "a=b", "c" },
		{ "a\\:b:c", "a:b", "c" },
		{ "\\#a=c", "#a", "c" },
		{ "a=\\ b", "a", " b" },
		{ "a=\\u0041\\u00e9\\u20AC", "a", "Aé€" },
		{ "a=\\ud83d\\ude00", "a", "\xf0\x9f\x98\x80" },
		{ "\\u0061=b", "a", "b" },
		{ "a=\\u003db", "a", "=b" },
		{ "a=é€", "a", "é€" },
		{ "spark.master=k8s\\://http\\://gateway\\:9888", "spark.master", "k8s://http://gateway:9888" },
		{ "spark.custom=v\\: w\\=x \\#1 é", "spark.custom", "v: w=x #1 é" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_conf conf;
		struct err err = ERR_INIT;

		spark_conf_init(&conf, *state);
		if (!spark_properties_read(rows[i].text, &conf, &err))
			fail_msg("%s: %s", rows[i].text, err.msg);
		assert_text(rows[i].text, spark_conf_get(&conf, rows[i].key), rows[i].value);
	}
}

static void
what_nothing_here_can_hold_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{ "a=b\nc=\\u12", "line 2: \\u wants four hexadecimal digits" },
		{ "a=\\uxyzw", "line 1: \\u wants four hexadecimal digits" },
		{ "a=\\u", "line 1: \\u wants four hexadecimal digits" },
		{ "a=\\u0000", "line 1: a NUL character (\\u0000)" },
		{ "a=\\ud83d", "line 1: half a surrogate pair" },
		{ "a=\\ud83dx", "line 1: half a surrogate pair" },
		{ "a=\\ude00", "line 1: half a surrogate pair" },
		{ "a=\\ud83d\\u0041", "line 1: half a surrogate pair" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_conf conf;
		struct err err = ERR_INIT;

		spark_conf_init(&conf, *state);
		assert_false(spark_properties_read(rows[i].text, &conf, &err));
		assert_text(rows[i].text, err.msg, rows[i].message);
	}
}

static void
thousands_of_properties_are_refused_in_time(void **state)
{
	AUTO_BUF struct buf text;
	struct err err = ERR_INIT;
	struct spark_conf conf;

	buf_init(&text, 1024 * 1024);
	for (int i = 99999; i > 0; i--)
		buf_printf(&text, "%d\n", i);
	spark_conf_init(&conf, *state);
	assert_false(spark_properties_read(buf_str(&text), &conf, &err));
	assert_text("message", err.msg, "more than 10000 properties");
}

static void
what_was_written_is_read(void **state)
{
	static const char *const texts[] = { "", " ", "a", " a ", "=:#!", "\\", "\t\n\r\f", "é€", "a b", "#", "\\u0041" };
	AUTO_BUF struct buf text;
	struct spark_conf conf, again;
	struct err err = ERR_INIT;

	spark_conf_init(&conf, *state);
	spark_conf_init(&again, *state);
	for (size_t key = 1; key < ARRAY_COUNT(texts); key++)
		spark_conf_set(&conf, texts[key], texts[ARRAY_COUNT(texts) - 1 - key]);
	buf_init(&text, 65536);
	assert_true(spark_properties_write(&conf, "comment", &text));
	assert_true(spark_properties_read(buf_str(&text), &again, &err));
	assert_number("count", (int64_t)again.count, (int64_t)conf.count);
	for (size_t i = 0; i < conf.count; i++)
		assert_text(conf.items[i].key, spark_conf_get(&again, conf.items[i].key), conf.items[i].value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(texts_are_read_by_java_s_rules),
		unit_test_with_arena(what_nothing_here_can_hold_is_refused),
		unit_test_with_arena(thousands_of_properties_are_refused_in_time),
		unit_test_with_arena(what_was_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

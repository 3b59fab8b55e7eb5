/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "spark/properties.h"

static void
the_last_value_wins_and_the_keys_are_in_order(void **state)
{
	static const char *const keys[] = { "spark.c", "spark.a", "spark.b", "spark.a.x", "spark.ab" };
	struct spark_conf conf;
	size_t first, end;

	spark_conf_init(&conf, *state);
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
		spark_conf_set(&conf, keys[i], "old");
	spark_conf_set(&conf, "spark.b", "new");
	spark_conf_set(&conf, "spark.b", NULL);
	spark_conf_default(&conf, "spark.b", "default");
	spark_conf_default(&conf, "spark.d", "default");
	assert_number("count", (int64_t)conf.count, 6);
	for (size_t i = 1; i < conf.count; i++)
		assert_true(strcmp(conf.items[i - 1].key, conf.items[i].key) < 0);
	assert_text("last wins", spark_conf_get(&conf, "spark.b"), "new");
	assert_text("default", spark_conf_get(&conf, "spark.d"), "default");
	assert_text("absent", spark_conf_get(&conf, "spark"), NULL);
	spark_conf_range(&conf, "spark.a", &first, &end);
	assert_number("with this prefix", (int64_t)(end - first), 3);
	spark_conf_range(&conf, "spark.x", &first, &end);
	assert_number("none", (int64_t)(end - first), 0);
}

static void
many_properties_fit(void **state)
{
	struct spark_conf conf;

	spark_conf_init(&conf, *state);
	for (int i = 0; i < 1000; i++)
		spark_conf_setf(&conf, "v", "spark.%d", i);
	assert_number("count", (int64_t)conf.count, 1000);
	assert_text("first", spark_conf_get(&conf, "spark.0"), "v");
	assert_text("last", spark_conf_get(&conf, "spark.999"), "v");
}

static void
a_key_may_be_longer_than_most(void **state)
{
	char *long_name = arena_alloc(*state, 2000);
	struct spark_conf conf;

	memset(long_name, 'x', 1999);
	spark_conf_init(&conf, *state);
	spark_conf_setf(&conf, "v", "spark.%s", long_name);
	assert_number("whole", (int64_t)strlen(conf.items[0].key), 2005);
}

static void
numbers_are_refused_outside_of_their_range(void **state)
{
	static const struct {
		const char *text;
		int number;             /* 0: refused */
	} rows[] = { { "1", 1 }, { "65535", 65535 }, { "65536", 0 }, { "0", 0 }, { "", 0 }, { "1x", 0 }, { NULL, 7 } };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;
		struct spark_conf conf;
		int number;
		bool good;

		spark_conf_init(&conf, *state);
		spark_conf_set(&conf, "spark.port", rows[i].text);
		good = spark_conf_int(&conf, "spark.port", 7, 1, 65535, &number, &err);
		assert_number(rows[i].text == NULL ? "absent" : rows[i].text, good ? number : 0, rows[i].number);
	}
}

static void
properties_are_escaped_as_java_reads_them(void **state)
{
	static const char *const rows[][3] = {
		{ "spark.a", "local:///x.jar", "spark.a=local\\:///x.jar\n" },
		{ "spark.b c", " x y ", "spark.b\\ c=\\ x y \n" },
		{ "spark.d", "k=v #1 !2", "spark.d=k\\=v \\#1 \\!2\n" },
		{ "spark.e", "C:\\x", "spark.e=C\\:\\\\x\n" },
		{ "spark.f", "1\t2\n3\r4\f5", "spark.f=1\\t2\\n3\\r4\\f5\n" },
		{ "spark.g", "\xc3\xa9", "spark.g=\xc3\xa9\n" },
		{ "spark.h", "", "spark.h=\n" },
		{ "spark.i:j=k", "v", "spark.i\\:j\\=k=v\n" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_conf conf;
		AUTO_BUF struct buf text;

		buf_init(&text, 1000);
		spark_conf_init(&conf, *state);
		spark_conf_set(&conf, rows[i][0], rows[i][1]);
		assert_true(spark_properties_write(&conf, "by a test", &text));
		assert_text(rows[i][0], buf_str(&text), arena_printf(*state, "#by a test\n%s", rows[i][2]));
	}
}

static void
properties_that_do_not_fit_are_told(void **state)
{
	struct spark_conf conf;
	AUTO_BUF struct buf text;

	buf_init(&text, 20);
	spark_conf_init(&conf, *state);
	spark_conf_set(&conf, "spark.long", "far more than fits");
	assert_false(spark_properties_write(&conf, "c", &text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(the_last_value_wins_and_the_keys_are_in_order),
		unit_test_with_arena(many_properties_fit),
		unit_test_with_arena(a_key_may_be_longer_than_most),
		unit_test_with_arena(numbers_are_refused_outside_of_their_range),
		unit_test_with_arena(properties_are_escaped_as_java_reads_them),
		unit_test_with_arena(properties_that_do_not_fit_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "spark/amount.h"

static void
memory_is_read_as_spark_reads_it(void **state)
{
	static const struct {
		const char *text;
		int64_t mib;            /* -1: refused */
	} rows[] = {
		{ "512m", 512 },   { "2g", 2048 },  { "2GB", 2048 },          { "1t", 1048576 },
		{ "1024", 1024 },  { "2048k", 2 },  { "1048576b", 1 },        { "1023k", 0 },
		{ " 1g", 1024 },   { "", -1 },      { "g", -1 },              { "1.5g", -1 },
		{ "-1g", -1 },     { "1 g", -1 },   { "1gib", -1 },           { "9223372036854775807p", -1 },
		{ "1p", 1 << 30 }, { "0m", 0 },     { "18446744073709551616", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;
		int64_t mib = -1;

		assert_number(rows[i].text, spark_memory_mib("spark.x", rows[i].text, &mib, &err), rows[i].mib >= 0);
		assert_number(rows[i].text, mib, rows[i].mib);
		if (rows[i].mib < 0)
			assert_contains(rows[i].text, err.msg, "spark.x: ");
	}
}

static void
the_overhead_is_a_part_of_the_memory_but_never_too_small(void **state)
{
	(void)state;
	assert_number("1g, JVM", spark_overhead_mib(1024, 0.1, 384), 384);
	assert_number("1g, Python", spark_overhead_mib(1024, 0.4, 384), 409);
	assert_number("8g, JVM", spark_overhead_mib(8192, 0.1, 384), 819);
	assert_number("8g, none to spare", spark_overhead_mib(8192, 0.1, 1000), 1000);
}

static void
factors_are_written_as_java_writes_them(void **state)
{
	static const char *const rows[][2] = {
		{ "0.1", "0.1" }, { "0.40", "0.4" }, { "1", "1.0" }, { ".25", "0.25" }, { "0", NULL }, { "x", NULL },
		{ "-1", NULL },   { "0.1x", NULL },  { "nan", NULL }, { "inf", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char text[SPARK_FACTOR_BYTES];
		struct err err = ERR_INIT;
		double factor;

		assert_number(rows[i][0], spark_factor("f", rows[i][0], &factor, &err), rows[i][1] != NULL);
		if (rows[i][1] == NULL)
			continue;
		spark_factor_text(factor, text);
		assert_text(rows[i][0], text, rows[i][1]);
	}
}

static void
versions_are_compared_by_major_and_minor(void **state)
{
	(void)state;
	assert_number("3.5.9", spark_version_number("3.5.9"), 3005);
	assert_number("4.3.0-rc1", spark_version_number("4.3.0-rc1"), 4003);
	assert_number("4.10", spark_version_number("4.10"), 4010);
	assert_number("4", spark_version_number("4"), 0);
	assert_number("latest", spark_version_number("latest"), 0);
	assert_number("-4.1", spark_version_number("-4.1"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_read_as_spark_reads_it),
		cmocka_unit_test(the_overhead_is_a_part_of_the_memory_but_never_too_small),
		cmocka_unit_test(factors_are_written_as_java_writes_them),
		cmocka_unit_test(versions_are_compared_by_major_and_minor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

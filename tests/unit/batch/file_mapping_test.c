/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/file_mapping.h"

static struct batch_pair mapping_pairs[] = {
	{ "", "s3a://jobs/" }, { "./libs/", "s3a://libs/" }, { "file:/data/", "s3a://data/in/" }, { "/data/big/", "hdfs://nn/big/" },
	{ "file:///srv/", "local:///opt/srv/" },
};
static const struct batch_pairs mappings = { mapping_pairs, ARRAY_COUNT(mapping_pairs) };

static int
make_arena(void **state)
{
	static struct arena arena;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	*state = &arena;
	return 0;
}

static int
free_arena(void **state)
{
	arena_release(*state);
	return 0;
}

static void
a_path_becomes_the_address_of_the_longest_prefix(void **state)
{
	static const struct {
		const char *path, *address;
	} rows[] = {
		{ "a.py", "s3a://jobs/a.py" },
		{ "./a.py", "s3a://jobs/a.py" },
		{ "././/x///a.py", "s3a://jobs/x/a.py" },
		{ "x/../a.py", "s3a://jobs/a.py" },
		{ "x/./y/../a.py", "s3a://jobs/x/a.py" },
		{ "libs/a.jar", "s3a://libs/a.jar" },
		{ "./libs/a.jar", "s3a://libs/a.jar" },
		{ "x/../libs/a.jar", "s3a://libs/a.jar" },
		{ "libs/../a.jar", "s3a://jobs/a.jar" },
		{ "libsx/a.jar", "s3a://jobs/libsx/a.jar" },
		{ "env.tgz#env", "s3a://jobs/env.tgz#env" },
		{ "env.tgz#../env", "s3a://jobs/env.tgz#../env" },
		{ "a%20b.py", "s3a://jobs/a%20b.py" },
		{ "..a/...b", "s3a://jobs/..a/...b" },
		{ "file:/data/a.py", "s3a://data/in/a.py" },
		{ "file:///data/a.py", "s3a://data/in/a.py" },
		{ "file://localhost/data/a.py", "s3a://data/in/a.py" },
		{ "FILE:/data/a.py", "s3a://data/in/a.py" },
		{ "/data/a.py", "s3a://data/in/a.py" },
		{ "//data//a.py", "s3a://data/in/a.py" },
		{ "/srv/../data/a.py", "s3a://data/in/a.py" },
		{ "/data/big/a.py", "hdfs://nn/big/a.py" },
		{ "/data/big/../a.py", "s3a://data/in/a.py" },
		{ "/data/bigger/a.py", "s3a://data/in/bigger/a.py" },
		{ "/srv/a.py", "local:///opt/srv/a.py" },
		/* left for batch_validate_uris() to refuse */
		{ "/data", "/data" },
		{ "/database/a.py", "/database/a.py" },
		{ "/data/../etc/passwd", "/data/../etc/passwd" },
		{ "/home/a.py", "/home/a.py" },
		{ "file:/home/a.py", "file:/home/a.py" },
		{ "file://host/data/a.py", "file://host/data/a.py" },
		{ "file:a.py", "file:a.py" },
		{ "", "" },
		/* others have places of their own */
		{ "s3a://other/a.py", "s3a://other/a.py" },
		{ "local:///data/a.py", "local:///data/a.py" },
		{ "hdfs:///data/../a.py", "hdfs:///data/../a.py" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = { .file = rows[i].path };
		struct err err = ERR_INIT;

		if (!batch_map_files(*state, &mappings, &order, &err))
			fail_msg("%s: %s", rows[i].path, err.msg);
		assert_text(rows[i].path, order.file, rows[i].address);
	}
}

static void
a_path_that_leaves_its_directory_is_refused(void **state)
{
	static const char *const paths[] = {
		"..", "../a.py", "x/../../a.py", "./../a.py", "x/..//../a.py", "/../data/a.py", "file:/data/../../data/a.py",
		"%2e%2e/a.py", "x/%2E./a.py", "x%2f..%2fa.py", "/data/%252e%252e/a.py", "libs/.%25252e/a.py",
	};

	for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
		struct batch_order order = { .file = paths[i] };
		struct err err = ERR_INIT;

		if (batch_map_files(*state, &mappings, &order, &err))
			fail_msg("%s became %s", paths[i], order.file);
		assert_int_equal(err.http_status, 400);
		assert_contains(paths[i], err.msg, paths[i]);
		assert_contains(paths[i], err.msg, "..");
	}
}

static void
every_place_of_files_is_mapped(void **state)
{
	const char *jars[] = { "a.jar", "s3a://x/b.jar" }, *py_files[] = { "a.zip" }, *files[] = { "/data/f" };
	const char *archives[] = { "env.tgz#env" };
	struct batch_pair conf[] = {
		{ "spark.jars", "c.jar,  /data/d.jar ,s3a://x/e.jar" }, { "spark.files", "f" }, { "spark.archives", "g.zip#g" },
		{ "spark.submit.pyFiles", "h.py" }, { "spark.yarn.dist.archives", "i.zip" }, { "spark.pyspark.python", "./env.pex" },
		{ "spark.jars.packages", "org:a:1" },
	};
	static const char *const values[] = {
		"s3a://jobs/c.jar,s3a://data/in/d.jar,s3a://x/e.jar", "s3a://jobs/f", "s3a://jobs/g.zip#g", "s3a://jobs/h.py",
		"s3a://jobs/i.zip", "./env.pex", "org:a:1",
	};
	struct batch_order order = {
		.file = "main.py", .jars = { jars, 2 }, .py_files = { py_files, 1 }, .files = { files, 1 },
		.archives = { archives, 1 }, .conf = { conf, ARRAY_COUNT(conf) },
	};
	struct err err = ERR_INIT;

	assert_true(batch_map_files(*state, &mappings, &order, &err));
	assert_string_equal(order.file, "s3a://jobs/main.py");
	assert_string_equal(order.jars.items[0], "s3a://jobs/a.jar");
	assert_string_equal(order.jars.items[1], "s3a://x/b.jar");
	assert_string_equal(order.py_files.items[0], "s3a://jobs/a.zip");
	assert_string_equal(order.files.items[0], "s3a://data/in/f");
	assert_string_equal(order.archives.items[0], "s3a://jobs/env.tgz#env");
	for (size_t i = 0; i < ARRAY_COUNT(conf); i++)
		assert_text(conf[i].key, order.conf.items[i].value, values[i]);
}

static void
without_mappings_nothing_changes(void **state)
{
	const struct batch_pairs none = { 0 };
	struct batch_order order = { .file = "../a.py" };
	struct err err = ERR_INIT;

	assert_true(batch_map_files(*state, &none, &order, &err));
	assert_string_equal(order.file, "../a.py");
	order.file = NULL;
	assert_true(batch_map_files(*state, &mappings, &order, &err));
	assert_null(order.file);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_becomes_the_address_of_the_longest_prefix),
		cmocka_unit_test(a_path_that_leaves_its_directory_is_refused),
		cmocka_unit_test(every_place_of_files_is_mapped),
		cmocka_unit_test(without_mappings_nothing_changes),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

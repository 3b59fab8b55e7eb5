/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "http/path.h"

static void
templates_match_whole_paths(void **state)
{
	static const struct {
		const char *template;
		const char *path;
		bool matches;
		const char *first;
		const char *second;
	} rows[] = {
		{ "/", "/", true, NULL, NULL },
		{ "/a/*", "/a", true, NULL, NULL },
		{ "/a/*", "/a/b/c/", true, NULL, NULL },
		{ "/a/*", "/b/a", false, NULL, NULL },
		{ "/a/{x}/*", "/a", false, NULL, NULL },
		{ "/a/{x}/*", "/a/1/2", true, "1", NULL },
		{ "/", "//", true, NULL, NULL },
		{ "/", "/batches", false, NULL, NULL },
		{ "/batches", "/batches", true, NULL, NULL },
		{ "/batches", "/batches/", true, NULL, NULL },
		{ "/batches", "//batches", true, NULL, NULL },
		{ "/batches", "/Batches", false, NULL, NULL },
		{ "/batches", "/batchesx", false, NULL, NULL },
		{ "/batches", "/batche", false, NULL, NULL },
		{ "/batches", "/", false, NULL, NULL },
		{ "/batches", "/batches/7", false, NULL, NULL },
		{ "/batches/{id}", "/batches/7", true, "7", NULL },
		{ "/batches/{id}", "/batches/7/", true, "7", NULL },
		{ "/batches/{id}", "/batches//7", true, "7", NULL },
		{ "/batches/{id}", "//batches///7//", true, "7", NULL },
		{ "/batches/{id}", "/batches", false, NULL, NULL },
		{ "/batches/{id}", "/batches/", false, NULL, NULL },
		{ "/batches/{id}", "/batches/my%20name", true, "my name", NULL },
		{ "/batches/{id}", "/batches/a%2Fb", true, "a/b", NULL },
		{ "/batches/{id}", "/batches/a+b", true, "a+b", NULL },
		{ "/batches/{id}", "/batches/%00", true, "%00", NULL },
		{ "/batches/{id}", "/batches/..", true, "..", NULL },
		{ "/batches/{id}/log", "/batches/7/log", true, "7", NULL },
		{ "/batches/{id}/log", "/batches/7/log/", true, "7", NULL },
		{ "/batches/{id}/log", "/batches/7/state", false, NULL, NULL },
		{ "/batches/{id}/log", "/batches/log", false, NULL, NULL },
		{ "/batches/{id}/log", "/batches/7", false, NULL, NULL },
		{ "/{a}/x/{b}", "/1/x/2", true, "1", "2" },
		{ "/{a}/x/{b}", "/1/y/2", false, NULL, NULL },
		{ "/{a}/{b}/{c}/{d}", "/1/2/3/4", true, "1", "2" },
		{ "/{a}/{b}/{c}/{d}/{e}", "/1/2/3/4/5", false, NULL, NULL }, /* more than there is room for */
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *params[PATH_PARAMS_MAX] = { NULL };

		assert_number(rows[i].path, path_match(*state, rows[i].template, rows[i].path, params), rows[i].matches);
		if (!rows[i].matches)
			continue;
		assert_text(rows[i].path, params[0], rows[i].first);
		assert_text(rows[i].path, params[1], rows[i].second);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(templates_match_whole_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/yaml_json.h"

static void
yaml_becomes_json_by_the_types_of_its_scalars(void **state)
{
	static const struct {
		const char *yaml;
		const char *json;
	} rows[] = {
		{ "{a: 1, b: -2, c: '1', d: \"2\"}", "{\"a\":1,\"b\":-2,\"c\":\"1\",\"d\":\"2\"}" },
		{ "{a: true, b: False, c: yes, d: 'true'}", "{\"a\":true,\"b\":false,\"c\":\"yes\",\"d\":\"true\"}" },
		{ "{a: ~, b: null, c: '', d: }", "{\"a\":null,\"b\":null,\"c\":\"\",\"d\":null}" },
		{ "[1g, 3.5.9, 500m, 1e, e5, 0x10, -, inf, 2026-11-21]",
		  "[\"1g\",\"3.5.9\",\"500m\",\"1e\",\"e5\",\"0x10\",\"-\",\"inf\",\"2026-11-21\"]" },
		{ "[0.5, 1e3]", "[0.5,1000.0]" },
		{ "[99999999999999999999]", "[1e20]" },
		{ "- {a: [x, {b: y}]}\n- z\n", "[{\"a\":[\"x\",{\"b\":\"y\"}]},\"z\"]" },
		{ "{\"a\": [\"b\"], \"c\": {}}", "{\"a\":[\"b\"],\"c\":{}}" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;
		struct yaml *tree;

		if (!yaml_read_text(*state, "row", rows[i].yaml, strlen(rows[i].yaml), &tree, &err))
			fail_msg("%s", err.msg);
		assert_json(*state, rows[i].yaml, arena_own_json(*state, yaml_to_json(tree)), rows[i].json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(yaml_becomes_json_by_the_types_of_its_scalars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

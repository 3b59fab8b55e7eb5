/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "launch/gate.h"

#define OURS "{\"name\":\"" LAUNCH_GATE "\"}"
#define QUEUE "{\"name\":\"example.org/queue\"}"

static struct json_object *
pod_with(struct arena *arena, const char *gates)
{
	struct json_object *pod = NULL;
	struct err err = ERR_INIT;
	const char *text = arena_printf(arena, "{\"spec\":{\"schedulingGates\":%s}}", gates);

	assert_true(json_parse(text, strlen(text), &pod, &err));
	return arena_own_json(arena, pod);
}

static void
a_pod_is_gated_by_our_gate_alone(void **state)
{
	static const struct {
		const char *gates;
		bool is_gated;
		const char *others;
	} rows[] = {
		{ "null", false, NULL },
		{ "[]", false, NULL },
		{ "\"text\"", false, NULL },
		{ "[1,{}]", false, "[1,{}]" },
		{ "[" QUEUE "]", false, "[" QUEUE "]" },
		{ "[" OURS "]", true, NULL },
		{ "[" QUEUE "," OURS "]", true, "[" QUEUE "]" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *pod = pod_with(*state, rows[i].gates);
		struct json_object *others = arena_own_json(*state, launch_other_gates(pod));

		assert_number(rows[i].gates, launch_is_gated(pod), rows[i].is_gated);
		assert_text(rows[i].gates, others == NULL ? NULL : json_text(others), rows[i].others);
	}
	assert_false(launch_is_gated(NULL));
}

static void
a_closed_gate_stands_beside_those_of_the_template_and_only_once(void **state)
{
	struct json_object *pod = pod_with(*state, "[" QUEUE "]");

	launch_close_gate(pod);
	launch_close_gate(pod);
	assert_text("both", json_text(json_at(pod, "spec", "schedulingGates", NULL)), "[" QUEUE "," OURS "]");
	pod = arena_own_json(*state, json_object_new_object());
	launch_close_gate(pod);
	assert_true(launch_is_gated(pod));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_pod_is_gated_by_our_gate_alone),
		unit_test_with_arena(a_closed_gate_stands_beside_those_of_the_template_and_only_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

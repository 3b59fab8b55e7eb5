/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "operator/ids.h"

#define APPLICATION \
	"{\"metadata\": {\"name\": \"%s\", \"uid\": \"0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1\"}, \"spec\": {}}"

static struct submission_ids
ids_of(struct arena *arena, const char *name, int attempt)
{
	struct submission_ids ids;
	struct err err = ERR_INIT;

	if (!operator_ids(arena, json_of(arena, arena_printf(arena, APPLICATION, name)), attempt, &ids, &err))
		fail_msg("%s: %s", name, err.msg);
	return ids;
}

static void
names_follow_from_uid_and_attempt_alone(void **state)
{
	struct submission_ids first = ids_of(*state, "pi", 1), again = ids_of(*state, "pi", 1);
	struct submission_ids second = ids_of(*state, "pi", 2);

	assert_text("id", first.submission_id, "0f1e2d3c-4b5a-8978-8695-a4b3c2d1e0f0");
	assert_text("application", first.app_id, "spark-0f1e2d3c4b5a89788695a4b3c2d1e0f0");
	assert_text("prefix", first.resource_prefix, "pi-8695a4b3c2d1e0f0");
	assert_text("driver", first.driver_pod, "pi-driver");
	assert_text("again", again.submission_id, first.submission_id);
	assert_text("driver of the second", second.driver_pod, first.driver_pod);
	assert_text("second", second.submission_id, "0f1e2d3c-4b5a-8978-8695-a4b3c2d1e0f3");
	assert_text("prefix of the second", second.resource_prefix, "pi-8695a4b3c2d1e0f3");
}

static void
an_object_without_name_or_uuid_has_none(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"metadata\": {\"name\": \"pi\"}}",
		"{\"metadata\": {\"name\": \"pi\", \"uid\": \"0f1e2d3c\"}}",
		"{\"metadata\": {\"name\": \"pi\", \"uid\": \"0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0fx\"}}",
		"{\"metadata\": {\"name\": \"pi\", \"uid\": \"0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1-0\"}}",
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct submission_ids ids;
		struct err err = ERR_INIT;

		assert_false(operator_ids(*state, json_of(*state, rows[i]), 1, &ids, &err));
		assert_number(rows[i], err.code, ERR_INVALID);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(names_follow_from_uid_and_attempt_alone),
		unit_test_with_arena(an_object_without_name_or_uuid_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

	assert_text("id", first.submission_id, "4bf7e2fa-4b5a-8978-8695-a4b3c2d1e0f0");
	assert_text("application", first.app_id, "spark-4bf7e2fa4b5a89788695a4b3c2d1e0f0");
	assert_text("prefix", first.resource_prefix, "pi-8695a4b3c2d1e0f0");
	assert_text("driver", first.driver_pod, "pi-driver");
	assert_text("again", again.submission_id, first.submission_id);
	assert_text("driver of the second", second.driver_pod, first.driver_pod);
	assert_text("second", second.submission_id, "4bf7e2fa-4b5a-8978-8695-a4b3c2d1e0f3");
	assert_text("prefix of the second", second.resource_prefix, "pi-8695a4b3c2d1e0f3");
}

static struct json_object *
application_at(struct arena *arena, int generation, const char *spec)
{
	return json_of(arena, arena_printf(arena, "{\"metadata\": {\"name\": \"pi\", \"generation\": %d, "
						  "\"uid\": \"0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1\"}, \"spec\": %s}",
					   generation, spec));
}

static void
an_id_tells_which_attempt_of_which_spec_it_is(void **state)
{
	static const struct {
		int attempt, generation;
		const char *spec;
	} rows[] = {
		{ 1, 1, "{\"a\": \"b\"}" }, { 0, 1, "{\"a\": \"b\"}" },        { 2, 1, "{\"a\": \"b\"}" },
		{ 1, 2, "{\"a\": \"b\"}" }, { 70000, 70000, "{\"a\": \"b\"}" }, { 1, 1, "{\"a\": \"c\"}" },
	};
	const char *before = "";

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *application = application_at(*state, rows[i].generation, rows[i].spec);
		struct submission_origin origin;
		struct submission_ids ids;
		struct err err = ERR_INIT;

		assert_true(operator_ids(*state, application, rows[i].attempt, &ids, &err));
		assert_true(operator_read_id(application, ids.submission_id, &origin));
		assert_number("attempt", origin.attempt, rows[i].attempt);
		assert_number("generation", origin.generation, rows[i].generation);
		assert_false(operator_spec_is_changed(application, &origin));
		assert_string_not_equal(ids.submission_id, before);
		assert_true(operator_is_later(application, ids.submission_id, rows[i].attempt - 1));
		assert_false(operator_is_later(application, ids.submission_id, rows[i].attempt));
		before = ids.submission_id;
	}
}

static void
the_ids_of_others_are_none(void **state)
{
	struct json_object *application = application_at(*state, 1, "{}");
	static const char *const rows[] = {
		NULL, "", "theirs", "11111111-2222-3333-4444-555555555555",
		/* this application's uid itself, and with one digit of its own changed */
		"0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1", "0f1e2d3c-4b5b-8978-8695-a4b3c2d1e0f0",
	};
	struct submission_origin origin;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_false(operator_read_id(application, rows[i], &origin));
}

static void
a_spec_is_changed_by_what_an_attempt_is_made_from(void **state)
{
	static const struct {
		const char *to;
		bool changed;
	} rows[] = {
		{ "{\"b\": [1, 2], \"a\": {\"c\": \"d\", \"e\": true}}", false },
		{ "{\"a\": {\"e\": true, \"c\": \"d\"}, \"b\": [1, 2], \"f\": null, \"g\": [], \"h\": {}}", false },
		{ "{\"a\": {\"c\": \"d\", \"e\": true}, \"b\": [1, 2], \"suspend\": true, \"timeToLiveSeconds\": 7}", false },
		{ "{\"a\": {\"c\": \"d\", \"e\": true}, \"b\": [2, 1]}", true },
		{ "{\"a\": {\"c\": \"d\", \"e\": true}, \"b\": [\"1\", 2]}", true },
		{ "{\"a\": {\"c\": \"d\", \"e\": false}, \"b\": [1, 2]}", true },
		{ "{\"a\": {\"c\": \"d\", \"e\": true, \"suspend\": true}, \"b\": [1, 2]}", true },
		{ "{\"a\": {\"c\": \"d\", \"e\": true}, \"b\": [[1, 2]]}", true },
		{ "{\"a\": {\"c\": \"d\"}, \"e\": true, \"b\": [1, 2]}", true },
		{ "{}", true },
	};
	struct json_object *before = application_at(*state, 1, rows[0].to);
	struct submission_origin origin;
	struct submission_ids ids;
	struct err err = ERR_INIT;

	assert_true(operator_ids(*state, before, 1, &ids, &err));
	assert_true(operator_read_id(before, ids.submission_id, &origin));
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_number(rows[i].to, operator_spec_is_changed(application_at(*state, 2, rows[i].to), &origin),
			      rows[i].changed);
		/* not edited: the definition of the resource has changed */
		assert_false(operator_spec_is_changed(application_at(*state, 1, rows[i].to), &origin));
	}
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
		unit_test_with_arena(an_id_tells_which_attempt_of_which_spec_it_is),
		unit_test_with_arena(the_ids_of_others_are_none),
		unit_test_with_arena(a_spec_is_changed_by_what_an_attempt_is_made_from),
		unit_test_with_arena(an_object_without_name_or_uuid_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

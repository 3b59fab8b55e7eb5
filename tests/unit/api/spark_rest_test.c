/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "api/spark_rest/spark_rest.h"
#include "base/clock.h"

#define SPARK_SUBMIT "\"org.apache.spark.deploy.SparkSubmit\""

static const char *
body_of(struct arena *arena, const char *file, const char *class_name, const char *args, const char *properties)
{
	return arena_printf(arena, "{\"action\":\"CreateSubmissionRequest\",\"clientSparkVersion\":\"4.3.0\",\"appResource\":%s,"
			    "\"mainClass\":%s,\"appArgs\":%s,\"sparkProperties\":%s}", file, class_name, args, properties);
}

static bool
parse(struct arena *arena, const char *body, struct spark_rest_create *create, struct err *err)
{
	const struct request request = { .body = body, .body_size_bytes = strlen(body) };
	struct call call = { .arena = arena, .request = &request };

	return spark_rest_parse_create(&call, create, err);
}

static struct spark_rest_create
parsed(struct arena *arena, const char *body)
{
	struct spark_rest_create create;
	struct err err = ERR_INIT;

	if (!parse(arena, body, &create, &err))
		fail_msg("%s: %s", body, err.msg);
	return create;
}

static void
what_says_how_it_was_submitted_is_no_conf(void **state)
{
	struct spark_rest_create create = parsed(*state, body_of(*state, "\"local:///a.jar\"", "\"M\"", "[]",
		"{\"spark.submit.deployMode\":\"cluster\",\"spark.master.rest.enabled\":\"true\",\"spark.app.name\":\"n\","
		"\"spark.driver.supervise\":\"FALSE\",\"spark.app.submitTime\":\"1\",\"spark.kept\":\"1\"}"));

	assert_number("conf", (long long)create.order.conf.count, 1);
	assert_text("kept", batch_pairs_get(&create.order.conf, "spark.kept"), "1");
	assert_text("name", create.order.name, "n");
}

static void
supervision_is_asked_for_by_a_property_wherever_it_stands(void **state)
{
	const char *args = "[\"--conf\",\"spark.driver.supervise=true\",\"local:///a.py\"]";
	const struct {
		const char *class_name, *args, *properties;
		bool supervise;
	} rows[] = {
		{ "\"M\"", "[]", "{}", false },
		{ "\"M\"", "[]", "{\"spark.driver.supervise\":\"false\"}", false },
		{ "\"M\"", "[]", "{\"spark.driver.supervise\":\"true\"}", true },
		{ "\"M\"", "[]", "{\"spark.driver.supervise\":true}", true },
		{ "\"M\"", args, "{\"spark.driver.supervise\":\"false\"}", false },
		{ SPARK_SUBMIT, args, "{\"spark.driver.supervise\":\"false\"}", true },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_rest_create create = parsed(*state, body_of(*state, "\"local:///a.jar\"", rows[i].class_name,
									 rows[i].args, rows[i].properties));

		assert_number(rows[i].properties, create.order.supervise, rows[i].supervise);
		assert_number("conf", (long long)create.order.conf.count, 0);
	}
}

static void
the_primary_resource_is_no_jar_beside_itself(void **state)
{
	static const struct {
		const char *jars;
		const char *left;
	} rows[] = {
		{ "local:///a.jar", "" },
		{ "http://x/y.jar,local:///a.jar", "http://x/y.jar" },
		{ "http://x/local:///a.jar", "http://x/local:///a.jar" },
		{ "local:///a.jar,http://x/y.jar", "local:///a.jar,http://x/y.jar" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *properties = arena_printf(*state, "{\"spark.jars\":\"%s\"}", rows[i].jars);
		struct spark_rest_create create = parsed(*state, body_of(*state, "\"local:///a.jar\"", "\"M\"", "[]", properties));

		assert_text(rows[i].jars, batch_pairs_get(&create.order.conf, "spark.jars"), rows[i].left);
	}
}

static void
names_that_say_nothing_or_look_like_ids_are_left_out(void **state)
{
	static const struct {
		const char *name;
		const char *kept;
	} rows[] = {
		{ "\"nightly\"", "nightly" }, { "\"42\"", NULL }, { "42", NULL }, { "\"\"", NULL }, { SPARK_SUBMIT, NULL },
		{ "\"42a\"", "42a" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *properties = arena_printf(*state, "{\"spark.app.name\":%s}", rows[i].name);
		struct spark_rest_create create = parsed(*state, body_of(*state, "\"local:///a.jar\"", "\"M\"", "[]", properties));

		assert_text(rows[i].name, create.order.name, rows[i].kept);
	}
}

static void
only_a_new_submission_of_a_real_client_can_be_a_repetition(void **state)
{
	int64_t now_ms = clock_wall_us() / 1000;
	const struct {
		const char *time;
		bool is_recognised;
	} rows[] = {
		{ arena_printf(*state, "\"%lld\"", (long long)now_ms), true },
		{ arena_printf(*state, "%lld", (long long)now_ms - 60000), true },
		{ arena_printf(*state, "\"%lld\"", (long long)now_ms - 3600000), false },
		{ arena_printf(*state, "\"%lld\"", (long long)now_ms + 3600000), false },
		{ "\"\"", false }, { "\"x\"", false }, { "\"99999999999999999999\"", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *properties = arena_printf(*state, "{\"spark.app.submitTime\":%s}", rows[i].time);
		const char *one = body_of(*state, "\"local:///a.jar\"", "\"M\"", "[]", properties);
		const char *other = body_of(*state, "\"local:///a.jar\"", "\"M\"", "[\"1\"]", properties);
		const char *key = parsed(*state, one).repeat_key;

		assert_number(rows[i].time, key != NULL, rows[i].is_recognised);
		if (key == NULL)
			continue;
		assert_text("repeated", parsed(*state, one).repeat_key, key);
		assert_string_not_equal(parsed(*state, other).repeat_key, key);
	}
}

static void
an_id_is_its_time_and_number_and_nothing_else(void **state)
{
	const struct batch batch = { .id = 42, .accepted_at = "2026-11-21T12:34:56.789012Z" };
	const struct batch later = { .id = 1234567890123, .accepted_at = "2026-11-21T12:34:56.789012Z" };
	static const char *const bad[] = {
		"", "driver-", "driver-20261121123456", "driver-20261121123456-", "driver-20261121123456-x", "driver-2026112112345-1",
		"driver-202611211234567-1", "driver-20261121123456-1x", "driver-20261121123456--1", "Driver-20261121123456-1",
		"driver-20261121123456-99999999999999999999", "driver-20261121123456- 1",
	};
	int64_t id = 0;

	assert_text("id", spark_rest_id(*state, &batch), "driver-20261121123456-0042");
	assert_text("larger", spark_rest_id(*state, &later), "driver-20261121123456-1234567890123");
	assert_true(spark_rest_id_parse("driver-20261121123456-0042", &id));
	assert_number("id", id, 42);
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		if (spark_rest_id_parse(bad[i], &id))
			fail_msg("'%s' is taken for an id", bad[i]);
	}
}

static void
every_state_has_spark_s_word(void **state)
{
	static const struct {
		struct batch batch;
		const char *word;
	} rows[] = {
		{ { .state = BATCH_ACCEPTED }, "SUBMITTED" },
		{ { .state = BATCH_STARTING }, "SUBMITTED" },
		{ { .state = BATCH_STARTING, .attempts = 1 }, "SUBMITTED" },
		{ { .state = BATCH_STARTING, .attempts = 2 }, "RELAUNCHING" },
		{ { .state = BATCH_STARTING, .attempts = 1, .started_at = "2026-11-21T12:00:00.000000Z" }, "RELAUNCHING" },
		{ { .state = BATCH_STARTING, .attempts = 2, .kill_requested_at = "2026-11-21T12:00:00.000000Z" }, "KILLED" },
		{ { .state = BATCH_RUNNING }, "RUNNING" },
		{ { .state = BATCH_RUNNING, .attempts = 2 }, "RUNNING" },
		{ { .state = BATCH_SUCCESS }, "FINISHED" },
		{ { .state = BATCH_DEAD, .reason = BATCH_EXIT_CODE }, "FAILED" },
		{ { .state = BATCH_DEAD, .reason = BATCH_EVICTED }, "FAILED" },
		{ { .state = BATCH_DEAD, .reason = BATCH_SUBMISSION_FAILED }, "ERROR" },
		{ { .state = BATCH_ERROR, .reason = BATCH_REFUSED }, "ERROR" },
		{ { .state = BATCH_KILLED, .reason = BATCH_KILLED_BY_USER }, "KILLED" },
		{ { .state = BATCH_RUNNING, .kill_requested_at = "2026-11-21T12:00:00.000000Z" }, "KILLED" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_text("state", spark_rest_driver_state(&rows[i].batch), rows[i].word);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(what_says_how_it_was_submitted_is_no_conf),
		unit_test_with_arena(supervision_is_asked_for_by_a_property_wherever_it_stands),
		unit_test_with_arena(the_primary_resource_is_no_jar_beside_itself),
		unit_test_with_arena(names_that_say_nothing_or_look_like_ids_are_left_out),
		unit_test_with_arena(only_a_new_submission_of_a_real_client_can_be_a_repetition),
		unit_test_with_arena(an_id_is_its_time_and_number_and_nothing_else),
		unit_test_with_arena(every_state_has_spark_s_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "api/livy/livy.h"

static const char *
rendered(struct arena *arena, const struct batch *batch)
{
	return json_text(arena_own_json(arena, livy_render_batch(batch)));
}

#define APP_INFO "\"appInfo\":{\"driverLogUrl\":null,\"sparkUiUrl\":null,\"executorLogUrls\":null}"

/* Contract livy.md 4.1: the order of the fields, and none is ever left out. */
static void
a_new_batch_has_all_fields_and_nulls(void **state)
{
	const struct batch batch = { .id = 7, .state = BATCH_ACCEPTED, .cluster = "default", .object_name = "sg-1",
				     .accepted_at = "2026-11-21T12:00:00.000000Z" };

	assert_text("new", rendered(*state, &batch),
		    "{\"id\":7,\"name\":null,\"owner\":null,\"proxyUser\":null,\"state\":\"starting\",\"appId\":null,"
		    APP_INFO ",\"log\":[],\"reason\":null,\"message\":null,\"exitCode\":null,"
		    "\"protocol\":\"livy\",\"cluster\":\"default\",\"object\":\"sg-1\","
		    "\"submittedAt\":\"2026-11-21T12:00:00.000000Z\",\"startedAt\":null,\"finishedAt\":null}");
}

static void
an_ended_batch_tells_all_it_knows(void **state)
{
	const struct batch batch = {
		.id = 9007199254740993, .name = "a \"name\"", .owner = "alice", .proxy_user = "bob", .state = BATCH_DEAD,
		.reason = BATCH_EXIT_CODE, .message = "ExitCode: 3", .has_exit_code = true, .exit_code = 3,
		.app_id = "spark-1", .cluster = "c",
		.object_name = "o", .accepted_at = "t1", .started_at = "t2", .finished_at = "t3",
		.log_tail = json_of(*state, "[\"line 1\",\"line 2\"]"), .protocol = BATCH_SPARK_REST,
	};

	assert_text("ended", rendered(*state, &batch),
		    "{\"id\":9007199254740993,\"name\":\"a \\\"name\\\"\",\"owner\":\"alice\",\"proxyUser\":\"bob\","
		    "\"state\":\"dead\",\"appId\":\"spark-1\"," APP_INFO ",\"log\":[\"line 1\",\"line 2\"],"
		    "\"reason\":\"exit_code\",\"message\":\"ExitCode: 3\",\"exitCode\":3,"
		    "\"protocol\":\"spark_rest\",\"cluster\":\"c\",\"object\":\"o\","
		    "\"submittedAt\":\"t1\",\"startedAt\":\"t2\",\"finishedAt\":\"t3\"}");
	/* the log is still the batch's own */
	assert_text("again", json_text(batch.log_tail), "[\"line 1\",\"line 2\"]");
}

/* Contract livy.md section 3: clients raise on any word that Livy does not have. */
static void
only_livy_s_words_for_states_are_shown(void **state)
{
	static const struct {
		enum batch_state state;
		const char *shown;
		const char *shown_killed;
	} rows[] = {
		{ BATCH_ACCEPTED, "starting", "killed" }, { BATCH_STARTING, "starting", "killed" },
		{ BATCH_RUNNING, "running", "killed" },   { BATCH_SUCCESS, "success", "success" },
		{ BATCH_DEAD, "dead", "dead" },           { BATCH_KILLED, "killed", "killed" },
		{ BATCH_ERROR, "error", "error" },
	};

	(void)state;
	assert_int_equal(ARRAY_COUNT(rows), BATCH_STATE_COUNT);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch batch = { .state = rows[i].state };

		assert_text("shown", livy_state(&batch), rows[i].shown);
		batch.kill_requested_at = "2026-11-21T12:00:00.000000Z";
		assert_text("shown, to be killed", livy_state(&batch), rows[i].shown_killed);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_new_batch_has_all_fields_and_nulls),
		unit_test_with_arena(an_ended_batch_tells_all_it_knows),
		unit_test_with_arena(only_livy_s_words_for_states_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

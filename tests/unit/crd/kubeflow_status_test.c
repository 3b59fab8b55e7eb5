/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/buf.h"
#include "crd/crd.h"

/* An object with this state and message, as the operator writes them; NULL leaves the member out. */
static struct json_object *
object_of(struct arena *arena, const char *state, const char *message)
{
	struct json_object *object = arena_own_json(arena, json_object_new_object());
	struct json_object *status = json_object_new_object();
	struct json_object *application_state = json_object_new_object();

	json_object_object_add(object, "status", status);
	json_object_object_add(status, "applicationState", application_state);
	if (state != NULL)
		json_add_string(application_state, "state", state);
	if (message != NULL)
		json_add_string(application_state, "errorMessage", message);
	return object;
}

/* Waiting for another try: the message says why. */
static bool
is_put_off(const char *state)
{
	return state != NULL && (strcmp(state, "SUBMISSION_FAILED") == 0 || strcmp(state, "PENDING_RERUN") == 0);
}

/* Contract crds.md 3.2: every state there is. */
static void
only_completed_and_failed_are_an_end(void **state)
{
	static const struct {
		const char *state;
		enum batch_phase phase;
	} rows[] = {
		{ NULL, BATCH_SEEN_STARTING },
		{ "", BATCH_SEEN_STARTING },
		{ "SUBMITTED", BATCH_SEEN_STARTING },
		{ "RUNNING", BATCH_SEEN_RUNNING },
		{ "SUCCEEDING", BATCH_SEEN_RUNNING },
		{ "COMPLETED", BATCH_SEEN_SUCCEEDED },
		{ "FAILING", BATCH_SEEN_RUNNING },
		{ "FAILED", BATCH_SEEN_FAILED },
		{ "SUBMISSION_FAILED", BATCH_SEEN_STARTING },
		{ "PENDING_RERUN", BATCH_SEEN_STARTING },
		{ "INVALIDATING", BATCH_SEEN_STARTING },
		{ "SUSPENDING", BATCH_SEEN_STARTING },
		{ "SUSPENDED", BATCH_SEEN_STARTING },
		{ "RESUMING", BATCH_SEEN_STARTING },
		{ "UNKNOWN", BATCH_SEEN_NOTHING_NEW },
		{ "INVENTED_LATER", BATCH_SEEN_NOTHING_NEW },
		{ "completed", BATCH_SEEN_NOTHING_NEW },
		{ "FAILED ", BATCH_SEEN_NOTHING_NEW },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_sight sight = { .attempts = 77 };

		crd_kubeflow_sight(*state, object_of(*state, rows[i].state, "left from an earlier try"), &sight);
		assert_number(rows[i].state, sight.phase, rows[i].phase);
		assert_number(rows[i].state, sight.message != NULL,
			      rows[i].phase == BATCH_SEEN_FAILED || is_put_off(rows[i].state));
		assert_number(rows[i].state, sight.attempts, 0);
		assert_false(sight.follow_driver);
	}
}

static void
a_status_that_is_not_there_yet_means_starting(void **state)
{
	static const char *const objects[] = {
		"{}", "{\"status\":null}", "{\"status\":{}}", "{\"status\":{\"applicationState\":null}}",
		"{\"status\":{\"applicationState\":{}}}", "{\"status\":\"text\"}",
		"{\"status\":{\"applicationState\":{\"state\":7}}}",
	};

	for (size_t i = 0; i < ARRAY_COUNT(objects); i++) {
		struct batch_sight sight;

		crd_kubeflow_sight(*state, json_of(*state, objects[i]), &sight);
		assert_number(objects[i], sight.phase, BATCH_SEEN_STARTING);
		assert_null(sight.app_id);
		assert_null(sight.driver_pod);
	}
}

static void
application_id_driver_pod_and_attempts_are_read(void **state)
{
	struct json_object *object = json_of(*state,
		"{\"status\":{\"applicationState\":{\"state\":\"RUNNING\"},\"sparkApplicationId\":\"spark-1\","
		"\"driverInfo\":{\"podName\":\"pi-driver\"},\"executionAttempts\":2}}");
	struct json_object *empty = json_of(*state,
		"{\"status\":{\"sparkApplicationId\":\"\",\"driverInfo\":{\"podName\":\"\"}}}");
	struct batch_sight sight;

	crd_kubeflow_sight(*state, object, &sight);
	assert_string_equal(sight.app_id, "spark-1");
	assert_string_equal(sight.driver_pod, "pi-driver");
	assert_int_equal(sight.attempts, 2);
	crd_kubeflow_sight(*state, empty, &sight);
	assert_null(sight.app_id);
	assert_null(sight.driver_pod);
}

static void
a_failure_is_sorted_by_the_operator_s_words(void **state)
{
	static const struct {
		const char *message;
		enum batch_reason reason;
	} rows[] = {
		{ "driver container failed with ExitCode: 3, Reason: Error", BATCH_EXIT_CODE },
		{ "driver container failed with ExitCode: 137, Reason: OOMKilled", BATCH_OUT_OF_MEMORY },
		{ "driver container status missing", BATCH_FAILED },
		{ "driver pod failed: Evicted The node was low on resource: memory.", BATCH_EVICTED },
		{ "driver pod not found", BATCH_DRIVER_LOST },
		{ "failed to submit spark application: exit status 1", BATCH_SUBMISSION_FAILED },
		{ "failed during batch scheduler setup or check: no podgroup", BATCH_SUBMISSION_FAILED },
		{ "something else", BATCH_FAILED },
		{ "", BATCH_FAILED },
		{ NULL, BATCH_FAILED },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		bool told = rows[i].message != NULL && rows[i].message[0] != '\0';
		struct batch_sight sight;

		crd_kubeflow_sight(*state, object_of(*state, "FAILED", rows[i].message), &sight);
		assert_number(rows[i].message, sight.reason, rows[i].reason);
		assert_text(rows[i].message, sight.message, told ? rows[i].message : "the application failed");
	}
}

static void
a_message_up_to_the_limit_is_kept_whole(void **state)
{
	char *message = arena_alloc(*state, LIMIT_MESSAGE_BYTES + 1);
	struct batch_sight sight;

	memset(message, 'm', LIMIT_MESSAGE_BYTES);
	crd_kubeflow_sight(*state, object_of(*state, "FAILED", message), &sight);
	assert_text("at the limit", sight.message, message);
}

static bool
is_utf8(struct arena *arena, const char *text)
{
	struct json_object *quoted = arena_own_json(arena, json_object_new_string(text));
	struct json_object *root = NULL;
	struct err err = ERR_INIT;
	bool valid = json_parse(json_text(quoted), strlen(json_text(quoted)), &root, &err);

	arena_own_json(arena, root);
	return valid;
}

static void
a_long_message_keeps_beginning_and_end_in_whole_characters(void **state)
{
	static const char *const characters[] = { "x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

	for (size_t i = 0; i < ARRAY_COUNT(characters); i++) {
		for (size_t shift = 0; shift < 8; shift++) {
			struct batch_sight sight;
			struct buf message;

			buf_init(&message, (size_t)LIMIT_MESSAGE_BYTES * 10);
			buf_append(&message, "BEGIN123", shift);
			while (buf_text(&message, characters[i]))
				;
			message.limit_bytes += 100;
			buf_append(&message, "Caused by: END", 14);
			crd_kubeflow_sight(*state, object_of(*state, "FAILED", buf_str(&message)), &sight);
			assert_true(strlen(sight.message) <= LIMIT_MESSAGE_BYTES);
			assert_true(strlen(sight.message) >= LIMIT_MESSAGE_BYTES / 2);
			assert_memory_equal(sight.message, buf_str(&message), 100);
			assert_contains("end", sight.message, "Caused by: END");
			assert_contains("hint", sight.message, "bytes left out");
			if (!is_utf8(*state, sight.message))
				fail_msg("a cut inside a character of %zu bytes, shift %zu", strlen(characters[i]), shift);
			buf_release(&message);
		}
	}
}

static void
a_failure_that_the_driver_pod_may_contradict_is_doubtful(void **state)
{
	static const struct {
		const char *state;
		const char *message;
		bool doubtful;
	} rows[] = {
		{ "FAILED", "failed to submit spark application: driver pod already exist", true },
		{ "FAILED", "driver pod already exists: pi-driver", true },
		{ "FAILED", "driver pod not found", true },
		{ "FAILED", NULL, false },
		{ "SUBMISSION_FAILED", "driver pod already exist", false },
		{ "RUNNING", "driver pod already exist", false },
		{ NULL, "driver pod already exist", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].message, crd_kubeflow_is_doubtful(object_of(*state, rows[i].state, rows[i].message)),
			      rows[i].doubtful);
	assert_false(crd_kubeflow_is_doubtful(json_of(*state, "{}")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(only_completed_and_failed_are_an_end),
		unit_test_with_arena(a_status_that_is_not_there_yet_means_starting),
		unit_test_with_arena(application_id_driver_pod_and_attempts_are_read),
		unit_test_with_arena(a_failure_is_sorted_by_the_operator_s_words),
		unit_test_with_arena(a_message_up_to_the_limit_is_kept_whole),
		unit_test_with_arena(a_long_message_keeps_beginning_and_end_in_whole_characters),
		unit_test_with_arena(a_failure_that_the_driver_pod_may_contradict_is_doubtful),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

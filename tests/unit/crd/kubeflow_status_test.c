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

		crd_sight(*state, crd_of_operator("kubeflow"), object_of(*state, rows[i].state, "left from an earlier try"), &sight);
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

		crd_sight(*state, crd_of_operator("kubeflow"), json_of(*state, objects[i]), &sight);
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

	crd_sight(*state, crd_of_operator("kubeflow"), object, &sight);
	assert_string_equal(sight.app_id, "spark-1");
	assert_string_equal(sight.driver_pod, "pi-driver");
	assert_int_equal(sight.attempts, 2);
	crd_sight(*state, crd_of_operator("kubeflow"), empty, &sight);
	assert_null(sight.app_id);
	assert_null(sight.driver_pod);
}

/* The run that follows is counted as soon as it is certain, so that the wait for it differs from that for the first. */
static void
a_driver_that_is_to_run_again_is_starting(void **state)
{
	static const struct {
		const char *name, *policy, *state;
		int runs;
		enum batch_phase phase;
		int attempts;
		bool says_why;
	} rows[] = {
		{ "runs", "\"type\":\"OnFailure\",\"onFailureRetries\":9", "RUNNING", 1, BATCH_SEEN_RUNNING, 1, false },
		{ "fails", "\"type\":\"OnFailure\",\"onFailureRetries\":9", "FAILING", 1, BATCH_SEEN_STARTING, 2, true },
		{ "last retry", "\"type\":\"OnFailure\",\"onFailureRetries\":2", "FAILING", 2, BATCH_SEEN_STARTING, 3, true },
		{ "none left", "\"type\":\"OnFailure\",\"onFailureRetries\":2", "FAILING", 3, BATCH_SEEN_RUNNING, 3, false },
		{ "none at all", "\"type\":\"OnFailure\"", "FAILING", 0, BATCH_SEEN_RUNNING, 0, false },
		{ "never", "\"type\":\"Never\",\"onFailureRetries\":9", "FAILING", 1, BATCH_SEEN_RUNNING, 1, false },
		{ "always", "\"type\":\"Always\"", "FAILING", 7, BATCH_SEEN_STARTING, 8, true },
		{ "rerun", "\"type\":\"OnFailure\",\"onFailureRetries\":9", "PENDING_RERUN", 1, BATCH_SEEN_STARTING, 2, true },
		{ "again", "\"type\":\"OnFailure\",\"onFailureRetries\":9", "SUBMITTED", 2, BATCH_SEEN_STARTING, 2, false },
		{ "end", "\"type\":\"OnFailure\",\"onFailureRetries\":2", "FAILED", 3, BATCH_SEEN_FAILED, 3, true },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *text = arena_printf(*state, "{\"spec\":{\"restartPolicy\":{%s}},\"status\":{\"executionAttempts\":%d,"
						"\"applicationState\":{\"state\":\"%s\",\"errorMessage\":\"why\"}}}",
						rows[i].policy, rows[i].runs, rows[i].state);
		struct batch_sight sight;

		crd_sight(*state, crd_of_operator("kubeflow"), json_of(*state, text), &sight);
		assert_number(rows[i].name, sight.phase, rows[i].phase);
		assert_number(rows[i].name, sight.attempts, rows[i].attempts);
		assert_text(rows[i].name, sight.message, rows[i].says_why ? "why" : NULL);
	}
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
		{ "driver container failed with ExitCode: 143, Reason: Error; the pod was deleted", BATCH_DRIVER_LOST },
		{ "driver container failed with ExitCode: 143, Reason: Error; Evicted by Somebody: x", BATCH_EVICTED },
		{ "failed to submit spark application: exit status 1", BATCH_SUBMISSION_FAILED },
		{ "failed during batch scheduler setup or check: no podgroup", BATCH_SUBMISSION_FAILED },
		{ "something else", BATCH_FAILED },
		{ "", BATCH_FAILED },
		{ NULL, BATCH_FAILED },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		bool told = rows[i].message != NULL && rows[i].message[0] != '\0';
		struct batch_sight sight;

		crd_sight(*state, crd_of_operator("kubeflow"), object_of(*state, "FAILED", rows[i].message), &sight);
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
	crd_sight(*state, crd_of_operator("kubeflow"), object_of(*state, "FAILED", message), &sight);
	assert_text("at the limit", sight.message, message);
}

static void
java_s_stack_frames_are_left_out(void **state)
{
	struct batch_sight sight;

	crd_sight(*state, crd_of_operator("kubeflow"), object_of(*state, "FAILED", "failed to submit spark application: exit status 1\n"
					     "Exception in thread \"main\" ...: exceeded quota: q\n\tat org.apache.A.b(A.java:1)\n"
					     "\tat org.apache.C.d(C.java:2)\nCaused by: ...: exceeded quota: q\n\t... 12 more\n"
					     "at the end\n\tat last"), &sight);
	assert_text("message", sight.message, "failed to submit spark application: exit status 1\n"
		    "Exception in thread \"main\" ...: exceeded quota: q\nCaused by: ...: exceeded quota: q\nat the end\n");
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
			crd_sight(*state, crd_of_operator("kubeflow"), object_of(*state, "FAILED", buf_str(&message)), &sight);
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
an_end_has_its_exit_code(void **state)
{
	static const struct {
		const char *state;
		const char *message;
		bool has;
		int exit_code;
	} rows[] = {
		{ "COMPLETED", NULL, true, 0 },
		{ "COMPLETED", "driver container failed with ExitCode: 3, Reason: Error", true, 0 },
		{ "FAILED", "driver container failed with ExitCode: 3, Reason: Error", true, 3 },
		{ "FAILED", "driver container failed with ExitCode: 143, Reason: ", true, 143 },
		{ "FAILED", "driver container failed with ExitCode: none", false, 0 },
		{ "FAILED", "driver pod not found", false, 0 },
		{ "FAILED", "failed to submit spark application: exit status 1", false, 0 },
		{ "FAILED", NULL, false, 0 },
		{ "FAILING", "driver container failed with ExitCode: 3, Reason: Error", false, 0 },
		{ "RUNNING", NULL, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_sight sight;

		crd_sight(*state, crd_of_operator("kubeflow"), object_of(*state, rows[i].state, rows[i].message), &sight);
		assert_number(rows[i].message, sight.has_exit_code, rows[i].has);
		assert_number(rows[i].message, sight.exit_code, rows[i].exit_code);
	}
}

/* Foreground deletion ends the driver first, and the operator then reports how. */
static void
a_failure_that_came_with_the_object_s_deletion_is_the_deletion(void **state)
{
	static const struct {
		const char *state, *deleted_at, *ended_at;
		enum batch_phase phase;
	} rows[] = {
		{ "FAILED", "2026-11-21T12:00:05Z", "2026-11-21T12:00:05Z", BATCH_SEEN_GONE },
		{ "FAILED", "2026-11-21T12:00:05Z", "2026-11-21T12:00:09Z", BATCH_SEEN_GONE },
		{ "FAILED", "2026-11-21T12:00:05Z", "2026-11-21T12:00:04Z", BATCH_SEEN_FAILED },
		{ "FAILED", "2026-11-21T12:00:05Z", NULL, BATCH_SEEN_FAILED },
		{ "FAILED", NULL, "2026-11-21T12:00:05Z", BATCH_SEEN_FAILED },
		{ "COMPLETED", "2026-11-21T12:00:05Z", "2026-11-21T12:00:09Z", BATCH_SEEN_SUCCEEDED },
		{ "RUNNING", "2026-11-21T12:00:05Z", NULL, BATCH_SEEN_RUNNING },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *object = object_of(*state, rows[i].state, "driver pod not found");
		struct json_object *metadata = json_object_new_object();
		struct batch_sight sight;

		json_object_object_add(object, "metadata", metadata);
		if (rows[i].deleted_at != NULL)
			json_add_string(metadata, "deletionTimestamp", rows[i].deleted_at);
		json_add_string(json_member(object, "status"), "terminationTime", rows[i].ended_at);
		crd_sight(*state, crd_of_operator("kubeflow"), object, &sight);
		assert_number(rows[i].ended_at, sight.phase, rows[i].phase);
		if (rows[i].phase == BATCH_SEEN_GONE)
			assert_null(sight.message);
	}
}

static void
an_application_ends_with_its_driver_unless_it_may_run_again(void **state)
{
	static const struct {
		const char *object;
		bool ends;
	} rows[] = {
		{ "{\"spec\":{\"restartPolicy\":{\"type\":\"Never\"}}}", true },
		{ "{\"spec\":{\"restartPolicy\":{\"type\":\"Never\"},\"suspend\":false}}", true },
		{ "{\"spec\":{\"restartPolicy\":{\"type\":\"Never\"},\"suspend\":true}}", false },
		{ "{\"spec\":{\"restartPolicy\":{\"type\":\"OnFailure\"}}}", false },
		{ "{\"spec\":{\"restartPolicy\":{\"type\":\"Always\"}}}", false },
		{ "{\"spec\":{}}", false },
		{ "{\"metadata\":{\"deletionTimestamp\":\"2026-11-21T12:00:05Z\"},"
		  "\"spec\":{\"restartPolicy\":{\"type\":\"Never\"}}}", false },
	};
	static const char *const ends[] = { NULL, "", "SUBMITTED", "RUNNING", "SUCCEEDING", "FAILING", "UNKNOWN" };
	static const char *const runs_again[] = { "PENDING_RERUN", "INVALIDATING", "SUSPENDING", "SUSPENDED", "RESUMING" };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].object, crd_ends_with_driver(crd_of_operator("kubeflow"), json_of(*state, rows[i].object)), rows[i].ends);
	for (size_t i = 0; i < ARRAY_COUNT(ends) + ARRAY_COUNT(runs_again); i++) {
		bool is_end = i < ARRAY_COUNT(ends);
		const char *word = is_end ? ends[i] : runs_again[i - ARRAY_COUNT(ends)];
		struct json_object *object = object_of(*state, word, NULL);

		json_object_object_add(object, "spec", json_object_get(json_member(json_of(*state, rows[0].object), "spec")));
		assert_number(word, crd_ends_with_driver(crd_of_operator("kubeflow"), object), is_end);
		assert_number(word, crd_is_taken_up(crd_of_operator("kubeflow"), object), word != NULL && word[0] != '\0');
	}
}

static void
the_driver_pod_is_asked_where_it_knows_more(void **state)
{
	static const struct {
		const char *state;
		const char *message;
		bool more;
	} rows[] = {
		{ "FAILED", "driver container status missing", true },
		{ "FAILED", "driver container failed with ExitCode: 128, Reason: StartError", true },
		{ "FAILED", "driver container failed with ExitCode: 3, Reason: Error", false },
		{ "FAILED", "driver container failed with ExitCode: 143, Reason: Error", true },
		{ "FAILED", "driver container failed with ExitCode: 137, Reason: Error", true },
		{ "FAILED", "failed to submit spark application: driver pod already exist", true },
		{ "FAILED", "driver pod already exists: pi-driver", true },
		{ "FAILED", "driver pod not found", true },
		{ "FAILED", NULL, false },
		{ "SUBMISSION_FAILED", "driver pod already exist", false },
		{ "RUNNING", "driver pod already exist", false },
		{ NULL, "driver pod already exist", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].message, crd_pod_knows_more(crd_of_operator("kubeflow"), object_of(*state, rows[i].state, rows[i].message)),
			      rows[i].more);
	assert_false(crd_pod_knows_more(crd_of_operator("kubeflow"), json_of(*state, "{}")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(only_completed_and_failed_are_an_end),
		unit_test_with_arena(a_status_that_is_not_there_yet_means_starting),
		unit_test_with_arena(application_id_driver_pod_and_attempts_are_read),
		unit_test_with_arena(a_driver_that_is_to_run_again_is_starting),
		unit_test_with_arena(a_failure_is_sorted_by_the_operator_s_words),
		unit_test_with_arena(a_message_up_to_the_limit_is_kept_whole),
		unit_test_with_arena(a_long_message_keeps_beginning_and_end_in_whole_characters),
		unit_test_with_arena(java_s_stack_frames_are_left_out),
		unit_test_with_arena(an_end_has_its_exit_code),
		unit_test_with_arena(a_failure_that_came_with_the_object_s_deletion_is_the_deletion),
		unit_test_with_arena(an_application_ends_with_its_driver_unless_it_may_run_again),
		unit_test_with_arena(the_driver_pod_is_asked_where_it_knows_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "crd/crd.h"

static void
see(struct arena *arena, const char *object, struct batch_sight *ret_sight)
{
	crd_sight(arena, crd_of_operator("apache"), json_of(arena, object), ret_sight);
}

#define CURRENT(state) "\"currentState\":{\"currentStateSummary\":\"" state "\"}"
#define ENTRY(state) "{\"currentStateSummary\":\"" state "\",\"message\":\"m\",\"lastTransitionTime\":\"2026-01-01T00:00:05.5Z\"}"
#define STATUS(current) "\"status\":{" current "}"
#define WITH_HISTORY(current, entries) STATUS(current ",\"stateTransitionHistory\":{" entries "}")
#define RESTARTS "\"spec\":{\"applicationTolerations\":{\"restartConfig\":{\"restartPolicy\":\"OnFailure\"}}},"

/* Contract crds.md 5.2 and 8.2: every state there is. */
static void
every_state_has_its_phase(void **state)
{
	static const struct {
		const char *object;
		enum batch_phase phase;
		int attempts;
	} rows[] = {
		{ "{}", BATCH_SEEN_STARTING, 0 },
		{ "{\"status\":null}", BATCH_SEEN_STARTING, 0 },
		{ "{\"status\":\"text\"}", BATCH_SEEN_STARTING, 0 },
		{ "{\"status\":{\"currentState\":{\"currentStateSummary\":7}}}", BATCH_SEEN_STARTING, 0 },
		{ "{" STATUS(CURRENT("")) "}", BATCH_SEEN_STARTING, 0 },
		{ "{" STATUS(CURRENT("Submitted")) "}", BATCH_SEEN_STARTING, 0 },
		{ "{" STATUS(CURRENT("ScheduledToRestart")) "}", BATCH_SEEN_STARTING, 1 },
		{ "{" STATUS(CURRENT("DriverRequested")) "}", BATCH_SEEN_STARTING, 1 },
		{ "{" STATUS(CURRENT("DriverStarted")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("DriverReady")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("InitializedBelowThresholdExecutors")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("RunningHealthy")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("RunningWithPartialCapacity")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("RunningWithBelowThresholdExecutors")) "}", BATCH_SEEN_RUNNING, 1 },
		/* stopping ones are no end, with another run to come they are a beginning */
		{ "{" STATUS(CURRENT("Succeeded")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("Failed")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("DriverStartTimedOut")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("DriverReadyTimedOut")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("ExecutorsStartTimedOut")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("SchedulingFailure")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" STATUS(CURRENT("DriverEvicted")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" RESTARTS STATUS(CURRENT("Succeeded")) "}", BATCH_SEEN_RUNNING, 1 },
		{ "{" RESTARTS STATUS(CURRENT("Failed")) "}", BATCH_SEEN_STARTING, 1 },
		{ "{" RESTARTS STATUS(CURRENT("SchedulingFailure")) "}", BATCH_SEEN_STARTING, 1 },
		{ "{" RESTARTS STATUS(CURRENT("DriverEvicted")) "}", BATCH_SEEN_STARTING, 1 },
		{ "{" STATUS(CURRENT("InventedLater")) "}", BATCH_SEEN_NOTHING_NEW, 0 },
		{ "{" STATUS(CURRENT("failed")) "}", BATCH_SEEN_NOTHING_NEW, 0 },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_sight sight = { .attempts = 77 };

		see(*state, rows[i].object, &sight);
		assert_number(rows[i].object, sight.phase, rows[i].phase);
		assert_number(rows[i].object, sight.attempts, rows[i].attempts);
		assert_null(sight.driver_pod);
	}
}

static void
the_last_stopping_state_says_how_it_ended(void **state)
{
	static const struct {
		const char *history;
		enum batch_phase phase;
		enum batch_reason reason;
		const char *message;
	} rows[] = {
		{ "\"0\":" ENTRY("Submitted") ",\"1\":" ENTRY("Succeeded"), BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
		{ "\"1\":" ENTRY("Failed") ",\"2\":" ENTRY("Succeeded"), BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
		{ "\"1\":" ENTRY("Succeeded") ",\"2\":" ENTRY("Failed"), BATCH_SEEN_FAILED, BATCH_FAILED, "Failed: m" },
		{ "\"10\":" ENTRY("Succeeded") ",\"9\":" ENTRY("Failed"), BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
		{ "\"9\":" ENTRY("Succeeded") ",\"10\":" ENTRY("Failed"), BATCH_SEEN_FAILED, BATCH_FAILED, "Failed: m" },
		{ "\"1\":" ENTRY("Failed") ",\"2\":" ENTRY("RunningHealthy") ",\"3\":" ENTRY("ResourceReleased"),
		  BATCH_SEEN_FAILED, BATCH_FAILED, "Failed: m" },
		{ "\"1\":" ENTRY("SchedulingFailure"), BATCH_SEEN_FAILED, BATCH_SUBMISSION_FAILED, "SchedulingFailure: m" },
		{ "\"1\":" ENTRY("DriverEvicted"), BATCH_SEEN_FAILED, BATCH_EVICTED, "DriverEvicted: m" },
		{ "\"1\":" ENTRY("DriverStartTimedOut"), BATCH_SEEN_FAILED, BATCH_FAILED, "DriverStartTimedOut: m" },
		{ "\"1\":" ENTRY("DriverReadyTimedOut"), BATCH_SEEN_FAILED, BATCH_FAILED, "DriverReadyTimedOut: m" },
		{ "\"1\":" ENTRY("ExecutorsStartTimedOut"), BATCH_SEEN_FAILED, BATCH_FAILED, "ExecutorsStartTimedOut: m" },
		{ "\"1\":{\"currentStateSummary\":\"Failed\"}", BATCH_SEEN_FAILED, BATCH_FAILED, "Failed" },
		{ "\"1\":{\"currentStateSummary\":\"Failed\",\"message\":\"Driver removed. x\"}", BATCH_SEEN_FAILED,
		  BATCH_DRIVER_LOST, "Failed: Driver removed. x" },
		{ "\"1\":" ENTRY("Submitted"), BATCH_SEEN_FAILED, BATCH_FAILED,
		  "the application ended, and its status does not say how" },
	};
	static const char *const terminal[] = { "ResourceReleased", "TerminatedWithoutReleaseResources" };

	for (size_t i = 0; i < ARRAY_COUNT(rows) * ARRAY_COUNT(terminal); i++) {
		const char *history = rows[i / 2].history;
		struct batch_sight sight;

		see(*state, arena_printf(*state, "{\"status\":{\"currentState\":{\"currentStateSummary\":\"%s\"},"
						 "\"stateTransitionHistory\":{%s}}}", terminal[i % 2], history), &sight);
		assert_number(history, sight.phase, rows[i / 2].phase);
		assert_number(history, sight.reason, rows[i / 2].reason);
		assert_text(history, sight.message, rows[i / 2].message);
		assert_number(history, sight.has_exit_code, rows[i / 2].phase == BATCH_SEEN_SUCCEEDED);
		assert_number(history, sight.exit_code, 0);
	}
}

static void
the_drivers_status_that_was_kept_says_more(void **state)
{
	static const struct {
		const char *status;
		enum batch_reason reason;
		bool has_exit_code;
		int exit_code;
		const char *message;
	} rows[] = {
		{ "{\"phase\":\"Failed\",\"containerStatuses\":[{\"name\":\"spark-kubernetes-driver\",\"state\":{\"terminated\":"
		  "{\"exitCode\":3,\"reason\":\"Error\"}}}]}", BATCH_EXIT_CODE, true, 3,
		  "driver container failed with ExitCode: 3, Reason: Error" },
		{ "{\"phase\":\"Failed\",\"containerStatuses\":[{\"name\":\"spark-kubernetes-driver\",\"state\":{\"terminated\":"
		  "{\"exitCode\":137,\"reason\":\"OOMKilled\"}}}]}", BATCH_OUT_OF_MEMORY, true, 137,
		  "driver container failed with ExitCode: 137, Reason: OOMKilled" },
		{ "{\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"low\"}", BATCH_EVICTED, false, 0,
		  "driver pod failed: Evicted: low" },
		{ "{\"phase\":\"Failed\",\"initContainerStatuses\":[{\"name\":\"i\",\"state\":{\"terminated\":"
		  "{\"exitCode\":1,\"reason\":\"Error\"}}}]}", BATCH_FAILED, false, 0,
		  "init container i failed with ExitCode: 1, Reason: Error" },
		/* of a pod that ran on it says nothing */
		{ "{\"phase\":\"Running\"}", BATCH_FAILED, false, 0, "Failed: m" },
		{ "null", BATCH_FAILED, false, 0, "Failed: m" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_sight sight;

		see(*state, arena_printf(*state, "{\"status\":{" CURRENT("ResourceReleased") ",\"stateTransitionHistory\":{\"4\":"
						 "{\"currentStateSummary\":\"Failed\",\"message\":\"m\","
						 "\"lastObservedDriverStatus\":%s}}}}", rows[i].status), &sight);
		assert_number(rows[i].status, sight.phase, BATCH_SEEN_FAILED);
		assert_number(rows[i].status, sight.reason, rows[i].reason);
		assert_number(rows[i].status, sight.has_exit_code, rows[i].has_exit_code);
		assert_number(rows[i].status, sight.exit_code, rows[i].exit_code);
		assert_text(rows[i].status, sight.message, rows[i].message);
	}
}

#define DELETED(at) "\"metadata\":{\"uid\":\"u\",\"deletionTimestamp\":\"2026-01-01T00:00:" at "Z\"},"

static void
a_failure_that_came_with_the_deletion_is_that_deletion(void **state)
{
	static const struct {
		const char *object;
		enum batch_phase phase;
	} rows[] = {
		{ "{" STATUS("\"currentState\":{\"currentStateSummary\":\"ResourceReleased\",\"message\":\"Spark application has "
			     "been shutdown as requested.\"}") "}", BATCH_SEEN_GONE },
		{ "{" DELETED("04") STATUS(CURRENT("ResourceReleased")) "}", BATCH_SEEN_GONE },
		{ "{" DELETED("05") WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("Failed")) "}", BATCH_SEEN_GONE },
		{ "{" DELETED("04") WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("Failed")) "}", BATCH_SEEN_GONE },
		{ "{" DELETED("06") WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("Failed")) "}",
		  BATCH_SEEN_FAILED },
		{ "{" DELETED("04") WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("Succeeded")) "}",
		  BATCH_SEEN_SUCCEEDED },
		{ "{" DELETED("04") STATUS(CURRENT("RunningHealthy")) "}", BATCH_SEEN_RUNNING },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_sight sight;

		see(*state, rows[i].object, &sight);
		assert_number(rows[i].object, sight.phase, rows[i].phase);
	}
}

static void
attempts_are_counted_from_one(void **state)
{
	static const struct {
		const char *state, *id;
		int attempts;
	} rows[] = {
		{ "Submitted", "0", 0 }, { "DriverRequested", "0", 1 }, { "RunningHealthy", "0", 1 },
		{ "ScheduledToRestart", "1", 2 }, { "Submitted", "1", 2 }, { "RunningHealthy", "4", 5 },
		{ "ResourceReleased", "2", 3 }, { "RunningHealthy", "-7", 0 }, { "RunningHealthy", "99999999999", 0 },
		{ "RunningHealthy", "\"x\"", 1 },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_sight sight;

		see(*state, arena_printf(*state, "{\"status\":{\"currentState\":{\"currentStateSummary\":\"%s\"},"
						 "\"currentAttemptSummary\":{\"attemptInfo\":{\"id\":%s}}}}", rows[i].state,
					 rows[i].id), &sight);
		assert_number(rows[i].state, sight.attempts, rows[i].attempts);
	}
}

static void
the_pod_is_asked_after_a_failure_that_may_be_none(void **state)
{
	static const struct {
		const char *object;
		bool knows_more;
	} rows[] = {
		{ "{" WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("Failed")) "}", true },
		{ "{" WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("DriverEvicted")) "}", true },
		{ "{" WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("DriverStartTimedOut")) "}", true },
		{ "{" STATUS(CURRENT("ResourceReleased")) "}", true },
		{ "{" WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("Succeeded")) "}", false },
		{ "{" WITH_HISTORY(CURRENT("ResourceReleased"), "\"1\":" ENTRY("SchedulingFailure")) "}", false },
		{ "{" DELETED("04") STATUS(CURRENT("ResourceReleased")) "}", false },
		{ "{" WITH_HISTORY(CURRENT("Failed"), "\"1\":" ENTRY("Failed")) "}", false },
		{ "{" STATUS(CURRENT("RunningHealthy")) "}", false },
		{ "{}", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].object, crd_pod_knows_more(crd_of_operator("apache"), json_of(*state, rows[i].object)),
			      rows[i].knows_more);
}

static void
the_drivers_end_is_the_applications_unless_it_runs_again(void **state)
{
	const struct crd *crd = crd_of_operator("apache");

	assert_true(crd_ends_with_driver(crd, json_of(*state, "{" STATUS(CURRENT("DriverRequested")) "}")));
	assert_false(crd_ends_with_driver(crd, json_of(*state, "{" RESTARTS STATUS(CURRENT("RunningHealthy")) "}")));
	assert_false(crd_ends_with_driver(crd, json_of(*state, "{" DELETED("04") STATUS(CURRENT("RunningHealthy")) "}")));
	assert_false(crd_is_taken_up(crd, json_of(*state, "{}")));
	assert_true(crd_is_taken_up(crd, json_of(*state, "{" STATUS(CURRENT("Submitted")) "}")));
}

static void
another_run_says_why(void **state)
{
	struct batch_sight sight;

	see(*state, "{\"status\":{\"currentState\":{\"currentStateSummary\":\"ScheduledToRestart\",\"message\":\"because\"}}}",
	    &sight);
	assert_text("restart", sight.message, "because");
	see(*state, "{\"status\":{\"currentState\":{\"currentStateSummary\":\"DriverRequested\",\"message\":\"words\"}}}", &sight);
	assert_text("requested", sight.message, NULL);
}

static void
driver_pods_are_called_by_their_attempt_and_found_by_labels(void **state)
{
	struct batch batch = { .operator_kind = "apache", .object_name = "sg-1-a", .namespace = "n" };

	assert_string_equal(crd_driver_pod(*state, &batch), "sg-1-a-0-driver");
	batch.attempts = 3;
	assert_string_equal(crd_driver_pod(*state, &batch), "sg-1-a-2-driver");
	batch.driver_pod = "known";
	assert_string_equal(crd_driver_pod(*state, &batch), "known");
	assert_string_equal(crd_driver_pods_selector(*state, &batch), "spark-role=driver,spark.operator/spark-app-name=sg-1-a");
	batch.operator_kind = "kubeflow";
	assert_null(crd_driver_pods_selector(*state, &batch));
	assert_string_equal(crd_object_path(*state, &batch), "/apis/sparkoperator.k8s.io/v1beta2/namespaces/n/sparkapplications/sg-1-a");
	batch.operator_kind = "apache";
	assert_string_equal(crd_object_path(*state, &batch), "/apis/spark.apache.org/v1/namespaces/n/sparkapplications/sg-1-a");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(every_state_has_its_phase),
		unit_test_with_arena(the_last_stopping_state_says_how_it_ended),
		unit_test_with_arena(the_drivers_status_that_was_kept_says_more),
		unit_test_with_arena(a_failure_that_came_with_the_deletion_is_that_deletion),
		unit_test_with_arena(attempts_are_counted_from_one),
		unit_test_with_arena(the_pod_is_asked_after_a_failure_that_may_be_none),
		unit_test_with_arena(the_drivers_end_is_the_applications_unless_it_runs_again),
		unit_test_with_arena(another_run_says_why),
		unit_test_with_arena(driver_pods_are_called_by_their_attempt_and_found_by_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "operator/decide.h"

#include "operator/ids.h"
#include "operator/status.h"

#define UID "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1"
#define SUBMITTED_AT "2026-11-21T12:00:00Z"
#define SUBMITTED_S 1795262400
#define NOW_S (SUBMITTED_S + 100)

/* The id of the attempt, as the status and the driver pod have it; of a spec that asks for nothing. */
static const char *
id_of(struct arena *arena, int attempt, int generation)
{
	struct json_object *application =
		json_of(arena, arena_printf(arena, "{\"metadata\": {\"name\": \"pi\", \"uid\": \"" UID "\", "
						   "\"generation\": %d}, \"spec\": {}}", generation));
	struct submission_ids ids;
	struct err err = ERR_INIT;

	assert_true(operator_ids(arena, application, attempt, &ids, &err));
	return ids.submission_id;
}

/* After `attempt` submissions at generation 1; 0: it has no submissionID. */
static struct json_object *
application_at(struct arena *arena, int generation, const char *spec, const char *state, const char *more, int attempt)
{
	const char *status = arena_printf(arena, "\"submissionAttempts\": %d, \"executionAttempts\": %d, "
						 "\"submissionID\": \"%s\", \"lastSubmissionAttemptTime\": \"" SUBMITTED_AT "\",",
					  attempt, attempt, id_of(arena, attempt, 1));

	return json_of(arena, arena_printf(arena, "{\"metadata\": {\"name\": \"pi\", \"uid\": \"" UID "\", "
						  "\"generation\": %d}, \"spec\": {%s}, "
						  "\"status\": {%s %s \"applicationState\": {\"state\": \"%s\", "
						  "\"errorMessage\": \"left\"}}}",
					   generation, spec, attempt > 0 ? status : "", more, state));
}

static struct json_object *
application_of(struct arena *arena, const char *spec, const char *state, const char *more, int attempt)
{
	return application_at(arena, 1, spec, state, more, attempt);
}

static struct json_object *
pod_at(struct arena *arena, int generation, int attempt, const char *more)
{
	return json_of(arena, arena_printf(arena, "{\"metadata\": {\"name\": \"pi-driver\", \"uid\": \"pod\", "
						  "\"ownerReferences\": [{\"uid\": \"" UID "\"}], \"labels\": "
						  "{\"sparkoperator.k8s.io/submission-id\": \"%s\", "
						  "\"spark-app-selector\": \"spark-1\"}} %s}",
					   id_of(arena, attempt, generation), more));
}

static struct json_object *
pod_of(struct arena *arena, int attempt, const char *more)
{
	return pod_at(arena, 1, attempt, more);
}

#define GATED ", \"spec\": {\"schedulingGates\": [{\"name\": \"sparkgate.io/submission\"}]}"
#define PHASE(phase) ", \"status\": {\"phase\": \"" phase "\"}"
#define EXIT(phase, code, reason) \
	", \"status\": {\"phase\": \"" phase "\", \"containerStatuses\": [{\"name\": \"spark-kubernetes-driver\", " \
	"\"state\": {\"terminated\": {\"exitCode\": " code ", \"reason\": \"" reason "\"}}}]}"
#define ON_FAILURE \
	"\"restartPolicy\": {\"type\": \"OnFailure\", \"onFailureRetries\": 2, \"onFailureRetryInterval\": 10, " \
	"\"onSubmissionFailureRetries\": 2, \"onSubmissionFailureRetryInterval\": 10}"
#define ALWAYS "\"restartPolicy\": {\"type\": \"Always\"}"
#define SUSPEND "\"suspend\": true"
#define CHANGED "\"arguments\": [\"7\"]"
#define ENDED "\"terminationTime\": \"" SUBMITTED_AT "\","

/* One sight and what is to follow. */
struct row {
	const char *name;
	const char *spec, *state, *more;
	int attempt;
	int pod_attempt;                /* 0: no pod is in sight */
	const char *pod;
	bool asked;
	enum operator_act act;
	const char *to;                 /* with OPERATOR_WRITE */
	const char *message;
	int64_t due_s;                  /* with OPERATOR_WAIT; 0: never */
};

/* The status speaks of an attempt of generation 1. */
struct row_of_spec {
	int generation;                 /* of the application now */
	int pod_generation;
	struct row row;
};

static const struct row rows[] = {
	{ "a new one is submitted", "", "", "", 0, 0, "", false, OPERATOR_SUBMIT, NULL, NULL, 0 },
	{ "and found again", "", "", "", 0, 1, GATED, false, OPERATOR_SUBMIT, NULL, NULL, 0 },
	{ "a new one that is suspended is not", SUSPEND, "", "", 0, 0, "",
	  false, OPERATOR_WRITE, "SUSPENDED", NULL, 0 },
	{ "the gate is opened after the status", "", "SUBMITTED", "", 1, 1, GATED,
	  false, OPERATOR_RELEASE, NULL, NULL, 0 },
	{ "running", "", "SUBMITTED", "", 1, 1, PHASE("Running"), false, OPERATOR_WRITE, "RUNNING", NULL, 0 },
	{ "unscheduled", "", "SUBMITTED", "", 1, 1,
	  ", \"status\": {\"phase\": \"Pending\", \"conditions\": [{\"type\": \"PodScheduled\", \"status\": \"False\", "
	  "\"reason\": \"Unschedulable\", \"message\": \"no nodes\"}]}",
	  false, OPERATOR_WRITE, "SUBMITTED", "Unschedulable: no nodes", 0 },
	{ "the gate's own word is none", "", "SUBMITTED", "", 1, 1,
	  ", \"status\": {\"phase\": \"Pending\", \"conditions\": [{\"type\": \"PodScheduled\", \"status\": \"False\", "
	  "\"reason\": \"SchedulingGated\"}]}",
	  false, OPERATOR_WRITE, "SUBMITTED", NULL, 0 },
	{ "a pod without a phase says nothing", "", "SUBMITTED", "", 1, 1, "", false, OPERATOR_WAIT, NULL, NULL, 0 },
	{ "lost node", "", "RUNNING", "", 1, 1, PHASE("Unknown"), false, OPERATOR_WRITE, "UNKNOWN", NULL, 0 },
	{ "found node", "", "UNKNOWN", "", 1, 1, PHASE("Running"), false, OPERATOR_WRITE, "RUNNING", NULL, 0 },
	{ "success", "", "RUNNING", "", 1, 1, EXIT("Running", "0", "Completed"),
	  false, OPERATOR_WRITE, "COMPLETED", NULL, 0 },
	{ "exit 3", "", "RUNNING", "", 1, 1, EXIT("Failed", "3", "Error"), false, OPERATOR_WRITE, "FAILED",
	  "driver container failed with ExitCode: 3, Reason: Error", 0 },
	{ "out of memory", "", "SUBMITTED", "", 1, 1, EXIT("Failed", "137", "OOMKilled"),
	  false, OPERATOR_WRITE, "FAILED",
	  "driver container failed with ExitCode: 137, Reason: OOMKilled", 0 },
	{ "evicted", "", "RUNNING", "", 1, 1, ", \"status\": {\"phase\": \"Failed\", \"reason\": \"Evicted\", \"message\": \"x\"}",
	  false, OPERATOR_WRITE, "FAILED", "driver pod failed: Evicted: x", 0 },
	{ "no pod in sight is no proof", "", "RUNNING", "", 1, 0, "", false, OPERATOR_LOOK, NULL, NULL, 0 },
	{ "none at the API server is", "", "RUNNING", "", 1, 0, "",
	  true, OPERATOR_WRITE, "FAILED", "driver pod not found", 0 },
	{ "nor is another attempt's pod this one's", "", "RUNNING", "", 2, 1, PHASE("Running"),
	  true, OPERATOR_WRITE, "FAILED",
	  "driver pod not found", 0 },
	{ "a failure that is to be retried waits", ON_FAILURE, "RUNNING", "", 1, 1, EXIT("Failed", "3", "Error"), false,
	  OPERATOR_WRITE, "FAILING", "driver container failed with ExitCode: 3, Reason: Error", 0 },
	{ "until it is due", ON_FAILURE, "FAILING", ENDED, 2, 1, EXIT("Failed", "3", "Error"), false, OPERATOR_WRITE,
	  "PENDING_RERUN", NULL, 0 },
	{ "the last attempt is the last", ON_FAILURE, "RUNNING", "", 3, 3, EXIT("Failed", "3", "Error"),
	  false, OPERATOR_WRITE,
	  "FAILED", "driver container failed with ExitCode: 3, Reason: Error", 0 },
	{ "a policy that was taken away", "", "FAILING", ENDED, 1, 1, EXIT("Failed", "3", "Error"),
	  false, OPERATOR_WRITE,
	  "FAILED", "left", 0 },
	{ "always", ALWAYS, "RUNNING", "", 9, 9, EXIT("Succeeded", "0", ""),
	  false, OPERATOR_WRITE, "PENDING_RERUN", NULL, 0 },
	{ "before another attempt the pod goes", ON_FAILURE, "PENDING_RERUN", "", 1, 1, EXIT("Failed", "3", "Error"), false,
	  OPERATOR_REMOVE_DRIVER, NULL, NULL, 0 },
	{ "another attempt", ON_FAILURE, "PENDING_RERUN", "", 1, 0, "", false, OPERATOR_SUBMIT, NULL, NULL, 0 },
	{ "another attempt's pod is kept", ON_FAILURE, "PENDING_RERUN", "", 1, 2, GATED,
	  false, OPERATOR_SUBMIT, NULL, NULL, 0 },
	{ "a refused submission", "", "SUBMISSION_FAILED", "", 1, 0, "", false, OPERATOR_WRITE, "FAILED", "left", 0 },
	{ "that is to be retried", ON_FAILURE, "SUBMISSION_FAILED", "", 1, 0, "",
	  false, OPERATOR_SUBMIT, NULL, NULL, 0 },
	{ "not more often than it may", ON_FAILURE, "SUBMISSION_FAILED", "", 3, 0, "",
	  false, OPERATOR_WRITE, "FAILED", "left", 0 },
	{ "suspended while it runs", SUSPEND, "RUNNING", "", 1, 1, PHASE("Running"),
	  false, OPERATOR_WRITE, "SUSPENDING", NULL, 0 },
	{ "suspending removes the pod", SUSPEND, "SUSPENDING", "", 1, 1, PHASE("Running"),
	  false, OPERATOR_REMOVE_DRIVER, NULL,
	  NULL, 0 },
	{ "a pod that goes is waited for", SUSPEND, "SUSPENDING", "", 1, 1, ", \"metadata\": {\"deletionTimestamp\": \"now\", "
	  "\"name\": \"pi-driver\", \"ownerReferences\": [{\"uid\": \"" UID "\"}]}",
	  false, OPERATOR_WAIT, NULL, NULL, NOW_S + 5 },
	{ "suspending without a pod asks", SUSPEND, "SUSPENDING", "", 1, 0, "", false, OPERATOR_LOOK, NULL, NULL, 0 },
	{ "suspended", SUSPEND, "SUSPENDING", "", 1, 0, "", true, OPERATOR_WRITE, "SUSPENDED", NULL, 0 },
	{ "it stays so", SUSPEND, "SUSPENDED", "", 1, 0, "", false, OPERATOR_WAIT, NULL, NULL, 0 },
	{ "resumed", "", "SUSPENDED", "", 1, 0, "", false, OPERATOR_SUBMIT, NULL, NULL, 0 },
	{ "a suspended one that never ran is resumed", "", "SUSPENDED", "", 0, 0, "",
	  false, OPERATOR_SUBMIT, NULL, NULL, 0 },
	{ "an end is not left for a suspension", SUSPEND, "COMPLETED", ENDED, 1, 1, PHASE("Succeeded"),
	  false, OPERATOR_WAIT,
	  NULL, NULL, 0 },
	{ "without a time to live it stays", "", "FAILED", ENDED, 1, 0, "", false, OPERATOR_WAIT, NULL, NULL, 0 },
	{ "its time to live", "\"timeToLiveSeconds\": 100", "COMPLETED", ENDED, 1, 0, "",
	  false, OPERATOR_WAIT, NULL, NULL,
	  SUBMITTED_S + 101 },
	{ "is over", "\"timeToLiveSeconds\": 99", "COMPLETED", ENDED, 1, 0, "",
	  false, OPERATOR_DELETE, NULL, NULL, 0 },
	{ "no time to live at all", "\"timeToLiveSeconds\": 0", "FAILED", ENDED, 1, 0, "",
	  false, OPERATOR_DELETE, NULL, NULL, 0 },
	{ "another operator's submission", "", "SUBMITTED", "\"submissionID\": \"theirs\",", 0, 0, "",
	  true, OPERATOR_LEAVE, NULL,
	  NULL, 0 },
	{ "a state without a submission", "", "RUNNING", "", 0, 0, "", true, OPERATOR_LEAVE, NULL, NULL, 0 },
	{ "a state of the future", "", "SOMETHING_NEW", "", 1, 1, PHASE("Running"),
	  false, OPERATOR_WAIT, NULL, NULL, 0 },
};

static const struct row_of_spec rows_of_specs[] = {
	{ 2, 1,
	  { "a pod that never ran is removed", SUSPEND, "SUSPENDED", "", 1, 2, GATED,
	    false, OPERATOR_REMOVE_DRIVER, NULL, NULL, 0 } },
	{ 2, 3,
	  { "one that was resumed since is not", SUSPEND, "SUSPENDED", "", 1, 2, PHASE("Running"),
	    false, OPERATOR_WAIT, NULL, NULL, NOW_S + 5 } },
	{ 2, 3,
	  { "nor while it is suspended", SUSPEND, "SUSPENDING", "", 1, 2, PHASE("Running"),
	    false, OPERATOR_WAIT, NULL, NULL, NOW_S + 5 } },
	{ 2, 1,
	  { "a changed spec is run anew", CHANGED, "RUNNING", "", 1, 1, PHASE("Running"),
	    false, OPERATOR_WRITE, "INVALIDATING", "left", 0 } },
	{ 2, 1,
	  { "before its driver may run", CHANGED, "SUBMITTED", "", 1, 1, GATED,
	    false, OPERATOR_WRITE, "INVALIDATING", "left", 0 } },
	{ 2, 1,
	  { "after its end", CHANGED, "COMPLETED", ENDED, 1, 1, EXIT("Succeeded", "0", ""),
	    false, OPERATOR_WRITE, "INVALIDATING", "left", 0 } },
	{ 2, 1,
	  { "after its time to live", CHANGED ", \"timeToLiveSeconds\": 1", "FAILED", ENDED, 1, 0, "",
	    false, OPERATOR_WRITE, "INVALIDATING", "left", 0 } },
	{ 2, 1,
	  { "instead of a retry", CHANGED ", " ON_FAILURE, "FAILING", ENDED, 2, 2, EXIT("Failed", "3", "Error"),
	    false, OPERATOR_WRITE, "INVALIDATING", "left", 0 } },
	{ 2, 1,
	  { "between two attempts", CHANGED ", " ON_FAILURE, "PENDING_RERUN", "", 1, 0, "",
	    false, OPERATOR_WRITE, "INVALIDATING", "left", 0 } },
	{ 2, 1,
	  { "after a refusal", CHANGED, "FAILED", ENDED, 1, 0, "",
	    false, OPERATOR_WRITE, "INVALIDATING", "left", 0 } },
	{ 1, 1,
	  { "the same spec in a new definition is none", CHANGED, "RUNNING", "", 1, 1, EXIT("Succeeded", "0", ""),
	    false, OPERATOR_WRITE, "COMPLETED", NULL, 0 } },
	{ 2, 1,
	  { "a changed time to live is none", "\"timeToLiveSeconds\": 100", "COMPLETED", ENDED, 1, 0, "",
	    false, OPERATOR_WAIT, NULL, NULL, SUBMITTED_S + 101 } },
	{ 2, 1,
	  { "an empty list is none", "\"arguments\": []", "COMPLETED", ENDED, 1, 0, "",
	    false, OPERATOR_WAIT, NULL, NULL, 0 } },
	{ 2, 1,
	  { "suspension is none", SUSPEND, "RUNNING", "", 1, 1, PHASE("Running"),
	    false, OPERATOR_WRITE, "SUSPENDING", NULL, 0 } },
	{ 2, 1,
	  { "changed and suspended", CHANGED ", " SUSPEND, "INVALIDATING", "", 1, 1, PHASE("Running"),
	    false, OPERATOR_WRITE, "SUSPENDING", NULL, 0 } },
	{ 2, 1,
	  { "changed while it is suspended", CHANGED ", " SUSPEND, "SUSPENDED", "", 1, 0, "",
	    false, OPERATOR_WAIT, NULL, NULL, 0 } },
	{ 2, 1,
	  { "resumed with another spec", CHANGED, "SUSPENDED", "", 1, 0, "",
	    false, OPERATOR_SUBMIT, NULL, NULL, 0 } },
	{ 2, 1,
	  { "the old driver goes", CHANGED, "INVALIDATING", "", 1, 1, PHASE("Running"),
	    false, OPERATOR_REMOVE_DRIVER, NULL, NULL, 0 } },
	{ 2, 2,
	  { "the new one does not", CHANGED, "INVALIDATING", "", 1, 1, PHASE("Running"),
	    false, OPERATOR_WAIT, NULL, NULL, NOW_S + 5 } },
	{ 2, 1,
	  { "no driver in sight is asked for", CHANGED, "INVALIDATING", "", 1, 0, "",
	    false, OPERATOR_LOOK, NULL, NULL, 0 } },
	{ 2, 1,
	  { "and then it is begun anew", CHANGED, "INVALIDATING", "", 1, 0, "",
	    true, OPERATOR_WRITE, "PENDING_RERUN", NULL, 0 } },
};

static void
check_row(struct arena *arena, const struct row *row, int generation, int pod_generation)
{
	const struct operator_view view = {
		.application = application_at(arena, generation, row->spec, row->state, row->more, row->attempt),
		.driver_pod = row->pod_attempt == 0 ? NULL : pod_at(arena, pod_generation, row->pod_attempt, row->pod),
		.driver_asked = row->asked,
		.now_s = NOW_S,
	};
	struct operator_decision decision;

	operator_decide(arena, &view, &decision);
	assert_number(row->name, decision.act, row->act);
	if (row->act == OPERATOR_WAIT)
		assert_number(row->name, decision.due_s, row->due_s == 0 ? INT64_MAX : row->due_s);
	if (row->act != OPERATOR_WRITE)
		return;
	assert_text(row->name, json_string_at(decision.status, "applicationState", "state", NULL), row->to);
	assert_text(row->name, json_string_at(decision.status, "applicationState", "errorMessage", NULL), row->message);
}

static void
what_is_seen_decides_what_follows(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		check_row(*state, &rows[i], 1, 1);
}

static void
a_changed_spec_is_run_anew_and_what_runs_nothing_is_no_change(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(rows_of_specs); i++)
		check_row(*state, &rows_of_specs[i].row, rows_of_specs[i].generation, rows_of_specs[i].pod_generation);
}

static void
a_retry_waits_its_interval_times_the_attempts(void **state)
{
	struct operator_view view = {
		.application = application_of(*state, ON_FAILURE, "FAILING", ENDED, 2),
		.driver_pod = pod_of(*state, 2, EXIT("Failed", "3", "Error")),
		.now_s = SUBMITTED_S + 19,
	};
	struct operator_decision decision;

	operator_decide(*state, &view, &decision);
	assert_number("waits", decision.act, OPERATOR_WAIT);
	assert_number("until", decision.due_s, SUBMITTED_S + 20);
	view.now_s = SUBMITTED_S + 20;
	operator_decide(*state, &view, &decision);
	assert_number("goes on", decision.act, OPERATOR_WRITE);
	assert_null(json_member(decision.status, "terminationTime"));
	assert_number("counters stay", json_int(decision.status, "executionAttempts", 0), 2);
}

/* As the status after it goes back and is decided upon. */
static void
a_new_spec_is_counted_from_the_start_and_told_from_the_old(void **state)
{
	struct operator_view view = {
		.application = application_at(*state, 2, CHANGED, "INVALIDATING", "\"executorState\": {\"a\": \"RUNNING\"},", 3),
		.driver_asked = true,
		.now_s = NOW_S,
	};
	struct operator_decision decision;

	operator_decide(*state, &view, &decision);
	assert_null(json_member(decision.status, "submissionAttempts"));
	assert_null(json_member(decision.status, "executionAttempts"));
	assert_null(json_member(decision.status, "executorState"));
	assert_null(json_member(decision.status, "lastSubmissionAttemptTime"));
	json_object_object_add(view.application, "status", json_object_get(decision.status));
	operator_decide(*state, &view, &decision);
	assert_number("submitted", decision.act, OPERATOR_SUBMIT);
	/* the old one's last attempt, which is back from the dead */
	view.driver_pod = pod_of(*state, 1, PHASE("Running"));
	operator_decide(*state, &view, &decision);
	assert_number("the submission removes it", decision.act, OPERATOR_SUBMIT);
}

static void
what_is_being_deleted_is_left_to_the_garbage_collector(void **state)
{
	const struct operator_view view = {
		.application = json_of(*state, "{\"metadata\": {\"name\": \"pi\", \"uid\": \"" UID "\", "
					       "\"deletionTimestamp\": \"now\"}, \"spec\": {}}"),
		.now_s = NOW_S,
	};
	struct operator_decision decision;

	operator_decide(*state, &view, &decision);
	assert_number("deleted", decision.act, OPERATOR_WAIT);
}

static void
executors_accumulate_and_the_missing_are_what_the_end_makes_them(void **state)
{
	static const struct {
		const char *name;
		const char *pod, *to, *executors;
	} ends[] = {
		{ "while it runs", PHASE("Running"), "RUNNING",
		  "{\"gone\": \"UNKNOWN\", \"ended\": \"FAILED\", \"here\": \"RUNNING\"}" },
		{ "success", EXIT("Succeeded", "0", ""), "COMPLETED",
		  "{\"gone\": \"COMPLETED\", \"ended\": \"FAILED\", \"here\": \"RUNNING\"}" },
		{ "failure", EXIT("Failed", "1", ""), "FAILED",
		  "{\"gone\": \"FAILED\", \"ended\": \"FAILED\", \"here\": \"RUNNING\"}" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		const struct operator_view view = {
			.application = application_of(*state, "", "RUNNING",
						      "\"executorState\": {\"gone\": \"RUNNING\", \"ended\": \"FAILED\"},", 1),
			.driver_pod = pod_of(*state, 1, ends[i].pod),
			.executors = json_of(*state, "{\"here\": \"RUNNING\"}"),
			.now_s = NOW_S,
		};
		struct operator_decision decision;

		operator_decide(*state, &view, &decision);
		assert_text(ends[i].name, json_string_at(decision.status, "applicationState", "state", NULL), ends[i].to);
		assert_json(*state, ends[i].name, json_member(decision.status, "executorState"), ends[i].executors);
	}
}

static void
what_was_written_once_is_not_written_again(void **state)
{
	struct operator_view view = {
		.application = application_of(*state, "", "SUBMITTED", "", 1),
		.driver_pod = pod_of(*state, 1, PHASE("Running")),
		.now_s = NOW_S,
	};
	struct operator_decision decision;

	operator_decide(*state, &view, &decision);
	assert_number("first", decision.act, OPERATOR_WRITE);
	json_object_object_add(view.application, "status", json_object_get(decision.status));
	operator_decide(*state, &view, &decision);
	assert_number("second", decision.act, OPERATOR_WAIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(what_is_seen_decides_what_follows),
		unit_test_with_arena(a_changed_spec_is_run_anew_and_what_runs_nothing_is_no_change),
		unit_test_with_arena(a_retry_waits_its_interval_times_the_attempts),
		unit_test_with_arena(a_new_spec_is_counted_from_the_start_and_told_from_the_old),
		unit_test_with_arena(what_is_being_deleted_is_left_to_the_garbage_collector),
		unit_test_with_arena(executors_accumulate_and_the_missing_are_what_the_end_makes_them),
		unit_test_with_arena(what_was_written_once_is_not_written_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "operator/status.h"

#define NOW_S 1795262500

static void
a_submission_is_counted_in_the_status_that_lets_it_run(void **state)
{
	const struct submission_ids ids = { .submission_id = "id", .app_id = "spark-2", .driver_pod = "pi-driver" };
	struct json_object *application = json_of(
		*state, "{\"status\": {\"applicationState\": {\"state\": \"PENDING_RERUN\"}, \"executionAttempts\": 1, "
			"\"submissionAttempts\": 1, \"submissionID\": \"before\", \"sparkApplicationId\": \"spark-1\"}}");
	struct json_object *good = status_submitted(*state, application, &ids, NOW_S);
	struct json_object *bad = status_not_submitted(*state, application, &ids, "no", false, NOW_S);
	struct json_object *worst = status_not_submitted(*state, application, &ids, "no", true, NOW_S);

	assert_json(*state, "good", good,
		    "{\"applicationState\": {\"state\": \"SUBMITTED\"}, \"driverInfo\": {\"podName\": \"pi-driver\"}, "
		    "\"executionAttempts\": 2, \"submissionAttempts\": 2, \"submissionID\": \"id\", \"terminationTime\": null, "
		    "\"sparkApplicationId\": \"spark-2\", \"lastSubmissionAttemptTime\": \"2026-11-21T12:01:40Z\"}");
	assert_json(*state, "bad", bad,
		    "{\"applicationState\": {\"state\": \"SUBMISSION_FAILED\", \"errorMessage\": \"no\"}, \"driverInfo\": {}, "
		    "\"executionAttempts\": 1, \"submissionAttempts\": 2, \"submissionID\": \"id\", \"terminationTime\": null, "
		    "\"lastSubmissionAttemptTime\": \"2026-11-21T12:01:40Z\"}");
	assert_text("worst", json_string_at(worst, "applicationState", "state", NULL), "FAILED");
	assert_text("worst", json_string(worst, "terminationTime"), "2026-11-21T12:01:40Z");
}

static void
the_web_ui_is_found_by_address_or_by_name(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"clusterIP\": \"None\", \"ports\": [{\"port\": 4040}]}",
		  "{\"webUIServiceName\": \"pi-ui-svc\", \"webUIPort\": 4040, \"webUIAddress\": \"pi-ui-svc.ns.svc:4040\"}" },
		{ "{\"clusterIP\": \"10.0.0.7\", \"ports\": [{\"port\": 80, \"targetPort\": 4040}]}",
		  "{\"webUIServiceName\": \"pi-ui-svc\", \"webUIPort\": 80, \"webUIAddress\": \"10.0.0.7:80\"}" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *status = json_of(*state, "{\"driverInfo\": {}}");

		status_show_ui(*state, status, json_of(*state, arena_printf(*state, "{\"metadata\": {\"name\": \"pi-ui-svc\", "
				"\"namespace\": \"ns\"}, \"spec\": %s}", rows[i][0])));
		assert_json(*state, rows[i][0], json_member(status, "driverInfo"), rows[i][1]);
	}
}

static void
a_time_that_is_none_is_no_time(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"status\": {\"terminationTime\": null}}",
		"{\"status\": {\"terminationTime\": \"soon\"}}",
		"{\"status\": {\"terminationTime\": 7}}",
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i], status_time(json_of(*state, rows[i]), "terminationTime"), -1);
	assert_number("a time", status_time(json_of(*state, "{\"status\": {\"terminationTime\": \"2026-11-21T12:01:40Z\"}}"),
					    "terminationTime"), NOW_S);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_submission_is_counted_in_the_status_that_lets_it_run),
		unit_test_with_arena(the_web_ui_is_found_by_address_or_by_name),
		unit_test_with_arena(a_time_that_is_none_is_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

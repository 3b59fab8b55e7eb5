/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "crd/crd.h"

#define WAITING(reason, message) \
	"{\"status\":{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"}]," \
	"\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":\"" reason "\"" message "}}}]}}"

/* Contract crds.md 9.7. */
static const struct {
	const char *pod;
	const char *why;
} pods[] = {
	{ WAITING("ContainerCreating", ""), NULL },
	{ WAITING("PodInitializing", ""), NULL },
	{ WAITING("ErrImagePull", ",\"message\":\"no such host\""), "ErrImagePull: no such host" },
	{ WAITING("CreateContainerConfigError", ",\"message\":\"secret \\\"x\\\" not found\""),
	  "CreateContainerConfigError: secret \"x\" not found" },
	{ WAITING("InvalidImageName", ""), "InvalidImageName" },
	{ "{\"status\":{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\","
	  "\"reason\":\"Unschedulable\",\"message\":\"0/1 nodes are available: 1 Insufficient cpu.\"}]}}",
	  "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu." },
	{ "{\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":{\"waiting\":"
	  "{\"reason\":\"ImagePullBackOff\"}}}]}}", "ImagePullBackOff" },
	{ "{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"state\":{\"running\":{}}}]}}", NULL },
	{ "{\"status\":{\"conditions\":7,\"containerStatuses\":{}}}", NULL },
	{ "{}", NULL },
};

static void
a_pod_says_what_it_waits_for(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(pods); i++)
		assert_text(pods[i].pod, crd_pod_waiting_for(*state, json_of(*state, pods[i].pod)), pods[i].why);
}

static void
the_newest_event_is_found_by_whatever_time_it_has(void **state)
{
	static const char *const in_order[] = {
		"{\"metadata\":{\"creationTimestamp\":\"2026-11-21T13:00:01Z\"}}",
		"{\"eventTime\":\"2026-11-21T13:00:02.000000Z\",\"metadata\":{\"creationTimestamp\":\"2026-11-21T13:00:01Z\"}}",
		"{\"lastTimestamp\":\"2026-11-21T13:00:03Z\",\"eventTime\":null}",
		"{\"series\":{\"lastObservedTime\":\"2026-11-21T13:00:04.000000Z\"},\"lastTimestamp\":null}",
	};

	for (size_t i = 1; i < ARRAY_COUNT(in_order); i++) {
		assert_true(crd_event_is_newer(json_of(*state, in_order[i]), json_of(*state, in_order[i - 1])));
		assert_false(crd_event_is_newer(json_of(*state, in_order[i - 1]), json_of(*state, in_order[i])));
	}
}

static void
an_event_is_told_in_its_own_words(void **state)
{
	struct json_object *event = json_of(*state, "{\"reason\":\"FailedMount\",\"message\":\"secret not found\"}");

	assert_text("event", crd_event_text(*state, event), "FailedMount: secret not found");
	assert_null(crd_event_text(*state, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_pod_says_what_it_waits_for),
		unit_test_with_arena(the_newest_event_is_found_by_whatever_time_it_has),
		unit_test_with_arena(an_event_is_told_in_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

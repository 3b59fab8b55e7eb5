/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "crd/crd.h"

static void
a_pod_belongs_to_the_object_in_its_owner_references(void **state)
{
	static const struct {
		const char *pod;
		const char *object_uid;
		bool is;
	} rows[] = {
		{ "{\"metadata\":{\"ownerReferences\":[{\"uid\":\"u1\"}]}}", "u1", true },
		{ "{\"metadata\":{\"ownerReferences\":[{\"uid\":\"u0\"},{\"uid\":\"u1\"}]}}", "u1", true },
		{ "{\"metadata\":{\"ownerReferences\":[{\"uid\":\"u2\"}]}}", "u1", false },
		{ "{\"metadata\":{\"ownerReferences\":[]}}", "u1", false },
		{ "{\"metadata\":{\"ownerReferences\":{\"uid\":\"u1\"}}}", "u1", false },
		{ "{\"metadata\":{}}", "u1", false },
		{ "{\"metadata\":{\"ownerReferences\":[{}]}}", NULL, false },
		{ "{}", NULL, false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].pod, crd_pod_is_of(json_of(*state, rows[i].pod), rows[i].object_uid), rows[i].is);
}

#define DRIVER(phase, driver_state) \
	"{\"status\":{\"phase\":\"" phase "\",\"containerStatuses\":[" \
	"{\"name\":\"istio-proxy\",\"state\":{\"terminated\":{\"exitCode\":9}}}," \
	"{\"name\":\"spark-kubernetes-driver\",\"state\":" driver_state "}]}}"

#define PREEMPTED \
	"\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"},{\"type\":\"DisruptionTarget\",\"status\":\"True\"," \
	"\"reason\":\"PreemptionByScheduler\",\"message\":\"make room\"}]"

#define DELETED(more, terminated) \
	"{\"metadata\":{\"deletionTimestamp\":\"2026-11-21T18:43:33Z\"},\"status\":{\"phase\":\"Failed\"," more \
	"\"containerStatuses\":[{\"name\":\"spark-kubernetes-driver\",\"state\":{\"terminated\":" terminated "}}]}}"

/* Contract crds.md 3.3 and 9.7: the driver container decides, whatever stands beside it. */
static const struct {
	const char *pod;
	enum batch_phase phase;
	enum batch_reason reason;
	const char *message;
} pods[] = {
	{ DRIVER("Running", "{\"running\":{}}"), BATCH_SEEN_RUNNING, BATCH_NO_REASON, NULL },
	{ DRIVER("Pending", "{\"waiting\":{\"reason\":\"ImagePullBackOff\"}}"), BATCH_SEEN_STARTING,
	  BATCH_NO_REASON, NULL },
	{ DRIVER("Succeeded", "{\"terminated\":{\"exitCode\":0}}"), BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
	{ DRIVER("Running", "{\"terminated\":{\"exitCode\":0}}"), BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
	{ DRIVER("Failed", "{\"terminated\":{\"exitCode\":0}}"), BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
	{ DRIVER("Failed", "{\"terminated\":{\"exitCode\":3,\"reason\":\"Error\"}}"), BATCH_SEEN_FAILED, BATCH_EXIT_CODE,
	  "driver container failed with ExitCode: 3, Reason: Error" },
	{ DRIVER("Running", "{\"terminated\":{\"exitCode\":1}}"), BATCH_SEEN_FAILED, BATCH_EXIT_CODE,
	  "driver container failed with ExitCode: 1, Reason: " },
	{ DRIVER("Failed", "{\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\"}}"), BATCH_SEEN_FAILED,
	  BATCH_OUT_OF_MEMORY, "driver container failed with ExitCode: 137, Reason: OOMKilled" },
	{ DRIVER("Failed", "{\"terminated\":{\"exitCode\":128,\"reason\":\"StartError\",\"message\":\"no such file\"}}"),
	  BATCH_SEEN_FAILED, BATCH_EXIT_CODE, "driver container failed with ExitCode: 128, Reason: StartError: no such file" },
	{ "{\"status\":{\"phase\":\"Failed\",\"initContainerStatuses\":["
	  "{\"name\":\"first\",\"state\":{\"terminated\":{\"exitCode\":0}}},"
	  "{\"name\":\"second\",\"state\":{\"terminated\":{\"exitCode\":7,\"reason\":\"Error\"}}}],"
	  "\"containerStatuses\":[{\"name\":\"spark-kubernetes-driver\",\"state\":{\"waiting\":{}}}]}}",
	  BATCH_SEEN_FAILED, BATCH_FAILED, "init container second failed with ExitCode: 7, Reason: Error" },
	{ "{\"status\":{\"phase\":\"Failed\",\"initContainerStatuses\":[{\"name\":\"sparkgate-python\",\"state\":{\"terminated\":"
	  "{\"exitCode\":1,\"reason\":\"Error\",\"message\":\"ERROR: No matching distribution found for nump\"}}}]}}",
	  BATCH_SEEN_FAILED, BATCH_FAILED, "init container sparkgate-python failed with ExitCode: 1, Reason: Error: ERROR: No "
	  "matching distribution found for nump" },
	{ "{\"status\":{\"phase\":\"Failed\",\"reason\":\"DeadlineExceeded\",\"initContainerStatuses\":["
	  "{\"name\":\"first\",\"state\":{\"terminated\":{\"exitCode\":137}}}]}}",
	  BATCH_SEEN_FAILED, BATCH_FAILED, "driver pod failed: DeadlineExceeded" },
	{ DRIVER("Unknown", "{\"running\":{}}"), BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON, NULL },
	{ "{\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"low on memory\"}}", BATCH_SEEN_FAILED,
	  BATCH_EVICTED, "driver pod failed: Evicted: low on memory" },
	{ "{\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"low on memory\",\"containerStatuses\":["
	  "{\"name\":\"spark-kubernetes-driver\",\"state\":{\"terminated\":{\"exitCode\":137,\"reason\":\"Error\"}}}]}}",
	  BATCH_SEEN_FAILED, BATCH_EVICTED,
	  "driver container failed with ExitCode: 137, Reason: Error; Evicted: low on memory" },
	{ "{\"status\":{\"phase\":\"Failed\"," PREEMPTED ",\"containerStatuses\":["
	  "{\"name\":\"spark-kubernetes-driver\",\"state\":{\"terminated\":{\"exitCode\":143,\"reason\":\"Error\"}}}]}}",
	  BATCH_SEEN_FAILED, BATCH_EVICTED,
	  "driver container failed with ExitCode: 143, Reason: Error; Evicted by PreemptionByScheduler: make room" },
	{ "{\"status\":{\"phase\":\"Failed\"," PREEMPTED ",\"containerStatuses\":["
	  "{\"name\":\"spark-kubernetes-driver\",\"state\":{\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\"}}}]}}",
	  BATCH_SEEN_FAILED, BATCH_OUT_OF_MEMORY,
	  "driver container failed with ExitCode: 137, Reason: OOMKilled; Evicted by PreemptionByScheduler: make room" },
	{ "{\"status\":{\"phase\":\"Failed\"," PREEMPTED "}}", BATCH_SEEN_FAILED, BATCH_EVICTED,
	  "driver pod failed: Evicted by PreemptionByScheduler: make room" },
	{ "{\"status\":{\"phase\":\"Failed\",\"reason\":\"Terminated\",\"message\":\"node shutdown\"," PREEMPTED "}}",
	  BATCH_SEEN_FAILED, BATCH_EVICTED,
	  "driver pod failed: Terminated; Evicted by PreemptionByScheduler: make room" },
	{ "{\"status\":{\"phase\":\"Running\"," PREEMPTED "}}", BATCH_SEEN_RUNNING, BATCH_NO_REASON, NULL },
	{ "{\"status\":{\"phase\":\"Failed\",\"conditions\":[{\"type\":\"DisruptionTarget\",\"status\":\"False\"}]}}",
	  BATCH_SEEN_FAILED, BATCH_FAILED, "driver pod failed: no reason is given" },
	{ DELETED("", "{\"exitCode\":143,\"reason\":\"Error\"}"), BATCH_SEEN_FAILED, BATCH_DRIVER_LOST,
	  "driver container failed with ExitCode: 143, Reason: Error; the pod was deleted" },
	{ DELETED("", "{\"exitCode\":137,\"reason\":\"OOMKilled\"}"), BATCH_SEEN_FAILED, BATCH_OUT_OF_MEMORY,
	  "driver container failed with ExitCode: 137, Reason: OOMKilled" },
	{ DELETED("", "{\"exitCode\":3,\"reason\":\"Error\"}"), BATCH_SEEN_FAILED, BATCH_EXIT_CODE,
	  "driver container failed with ExitCode: 3, Reason: Error" },
	{ DELETED("", "{\"exitCode\":0}"), BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
	{ DELETED(PREEMPTED ",", "{\"exitCode\":143,\"reason\":\"Error\"}"), BATCH_SEEN_FAILED, BATCH_EVICTED,
	  "driver container failed with ExitCode: 143, Reason: Error; Evicted by PreemptionByScheduler: make room" },
	{ "{\"status\":{\"phase\":\"Failed\",\"reason\":\"OutOfcpu\"}}", BATCH_SEEN_FAILED, BATCH_FAILED,
	  "driver pod failed: OutOfcpu" },
	{ "{\"status\":{\"phase\":\"Failed\"}}", BATCH_SEEN_FAILED, BATCH_FAILED, "driver pod failed: no reason is given" },
	{ "{\"status\":{\"phase\":\"Pending\"}}", BATCH_SEEN_STARTING, BATCH_NO_REASON, NULL },
	{ "{\"status\":{\"phase\":\"Succeeded\"}}", BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON, NULL },
	{ "{\"status\":{\"phase\":\"Unknown\"}}", BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON, NULL },
	{ "{\"status\":{}}", BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON, NULL },
	{ "{}", BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON, NULL },
};

static void
a_driver_pod_tells_the_state_by_itself(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(pods); i++) {
		struct batch_sight sight;

		crd_pod_sight(*state, json_of(*state, pods[i].pod), &sight);
		assert_number(pods[i].pod, sight.phase, pods[i].phase);
		assert_number(pods[i].pod, sight.reason, pods[i].reason);
		assert_text(pods[i].pod, sight.message, pods[i].message);
	}
}

static void
the_exit_code_is_the_driver_container_s(void **state)
{
	static const struct {
		const char *pod;
		bool has;
		int exit_code;
	} rows[] = {
		{ DRIVER("Running", "{\"running\":{}}"), false, 0 },
		{ DRIVER("Running", "{\"terminated\":{\"exitCode\":0}}"), true, 0 },
		{ DRIVER("Failed", "{\"terminated\":{\"exitCode\":143}}"), true, 143 },
		{ "{\"status\":{\"phase\":\"Succeeded\"}}", true, 0 },
		{ "{\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\"}}", false, 0 },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_sight sight;

		crd_pod_sight(*state, json_of(*state, rows[i].pod), &sight);
		assert_number(rows[i].pod, sight.has_exit_code, rows[i].has);
		assert_number(rows[i].pod, sight.exit_code, rows[i].exit_code);
	}
}

static void
application_id_and_name_are_read_from_the_pod(void **state)
{
	struct batch_sight sight;

	crd_pod_sight(*state, json_of(*state, "{\"metadata\":{\"name\":\"pi-driver\",\"labels\":"
					      "{\"spark-app-selector\":\"spark-1\"}},\"status\":{\"phase\":\"Running\"}}"), &sight);
	assert_string_equal(sight.app_id, "spark-1");
	assert_string_equal(sight.driver_pod, "pi-driver");
}

static void
in_client_mode_the_pod_is_whoever_s_made_it(void **state)
{
	static const char pod[] = "{\"metadata\":{\"name\":\"me\",\"uid\":\"u\",\"labels\":{\"spark-app-selector\":\"theirs\"}},"
				  "\"spec\":{\"containers\":[{\"name\":\"base\"},{\"name\":\"beside\"}]},"
				  "\"status\":{\"phase\":\"Running\",\"containerStatuses\":["
				  "{\"name\":\"beside\",\"state\":{\"running\":{}}},"
				  "{\"name\":\"base\",\"state\":{\"terminated\":{\"exitCode\":3}}}]}}";
	const struct batch batch = { .protocol = BATCH_K8S, .operator_kind = "client", .app_id = "ours", .driver_container = "base" };
	struct batch_sight sight;

	assert_string_equal(crd_driver_container(json_of(*state, pod)), "base");
	assert_string_equal(crd_driver_container(json_of(*state, "{\"spec\":{\"containers\":[{\"name\":\"a\"},"
								 "{\"name\":\"spark-kubernetes-driver\"}]}}")), CRD_DRIVER_CONTAINER);
	assert_null(crd_driver_container(json_of(*state, "{}")));
	crd_pod_object_sight(*state, json_of(*state, pod), &batch, &sight);
	assert_int_equal(sight.phase, BATCH_SEEN_FAILED);
	assert_int_equal(sight.exit_code, 3);
	assert_null(sight.app_id);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_pod_belongs_to_the_object_in_its_owner_references),
		unit_test_with_arena(a_driver_pod_tells_the_state_by_itself),
		unit_test_with_arena(the_exit_code_is_the_driver_container_s),
		unit_test_with_arena(application_id_and_name_are_read_from_the_pod),
		unit_test_with_arena(in_client_mode_the_pod_is_whoever_s_made_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

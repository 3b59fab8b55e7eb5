/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/limits.h"
#include "crd/crd.h"

/* Row by row the specs are in tests/data/objects, which a real API server takes; here is what needs none. */

static struct json_object *
spec_of(struct arena *arena, const struct batch_order *order)
{
	const struct crd_target target = { .image = "spark:4" };
	struct json_object *spec = NULL;
	struct err err = ERR_INIT;

	if (!crd_spec(arena, crd_of_operator("apache"), order, &target, &spec, NULL, &err))
		fail_msg("%s", err.msg);
	return arena_own_json(arena, spec);
}

static void
the_shortest_request_keeps_its_pod_and_has_no_timeout(void **state)
{
	const struct batch_order order = { .file = "local:///pi.py", .executors_count = -1 };

	assert_json(*state, "shortest", spec_of(*state, &order),
		"{\"mainClass\":\"org.apache.spark.deploy.PythonRunner\",\"pyFiles\":\"local:///pi.py\","
		"\"deploymentMode\":\"ClusterMode\",\"driverArgs\":[],\"runtimeVersions\":{\"sparkVersion\":\"3.5.0\"},"
		"\"applicationTolerations\":{\"applicationTimeoutConfig\":{\"driverStartTimeoutMillis\":0,"
		"\"driverReadyTimeoutMillis\":0,\"executorStartTimeoutMillis\":0},\"restartConfig\":{\"restartPolicy\":\"Never\"},"
		"\"resourceRetainPolicy\":\"Always\",\"resourceRetainDurationMillis\":86400000,\"ttlAfterStopMillis\":86400000},"
		"\"sparkConf\":{\"spark.kubernetes.container.image\":\"spark:4\",\"spark.executor.instances\":\"1\"}}");
}

static void
labels_reach_the_pods_by_properties_and_leave_the_spec_alone(void **state)
{
	const struct batch batch = { .id = 7, .uid = "u", .namespace = "n", .object_name = "sg-7-u", .operator_kind = "apache",
				     .name = "a b" };
	const struct batch_order order = { .file = "local:///pi.py", .executors_count = -1 };
	struct json_object *spec = spec_of(*state, &order);
	struct json_object *object = arena_own_json(*state, crd_object(&batch, "k", spec)), *conf;
	static const char *const roles[] = { "driver", "executor" };

	assert_text("api", json_string(object, "apiVersion"), "spark.apache.org/v1");
	assert_text("name", json_string_at(object, "metadata", "annotations", CRD_LABEL_NAME, NULL), "a b");
	conf = json_at(object, "spec", "sparkConf", NULL);
	assert_text("app name", json_string(conf, "spark.app.name"), "sg-7-u");
	for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
		json_object_object_foreach(json_at(object, "metadata", "labels", NULL), label, value) {
			const char *key = arena_printf(*state, "spark.kubernetes.%s.label.%s", roles[i], label);

			assert_text(key, json_string(conf, key), json_object_get_string(value));
		}
	}
	/* the spec is pushed again after a lost answer */
	assert_null(json_member(json_member(spec, "sparkConf"), "spark.app.name"));
}

/* A list is as long as a request may be, and joining it must not cost its square. */
static void
a_long_list_is_joined_in_one_piece(void **state)
{
	enum { COUNT = 50000 };
	const char **items = arena_alloc(*state, COUNT * sizeof(*items));
	struct batch_order order = { .file = "local:///pi.py", .executors_count = -1, .py_files = { items, COUNT } };
	const char *joined;

	for (size_t i = 0; i < COUNT; i++)
		items[i] = "local:///dependency.py";
	joined = json_string(spec_of(*state, &order), "pyFiles");
	assert_int_equal(strlen(joined), strlen(order.file) + COUNT * (strlen(items[0]) + 1));
	assert_int_equal(strncmp(joined, "local:///pi.py,local:///dependency.py,", 38), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(the_shortest_request_keeps_its_pod_and_has_no_timeout),
		unit_test_with_arena(labels_reach_the_pods_by_properties_and_leave_the_spec_alone),
		unit_test_with_arena(a_long_list_is_joined_in_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

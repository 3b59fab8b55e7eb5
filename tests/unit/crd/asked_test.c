/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "crd/crd.h"

#define CONF(...) { .items = (struct batch_pair[]){ __VA_ARGS__ }, \
		    .count = sizeof((struct batch_pair[]){ __VA_ARGS__ }) / sizeof(struct batch_pair) }

static const struct crd_target plain_target = { .image = "spark:4", .spark_version = "4.3.0" };

static void
assert_asked(void **state, const char *row, const struct batch_order *order, const struct crd_target *target, const char *wanted)
{
	struct json_object *asked = crd_asked(*state, order, target);

	assert_non_null(asked);
	assert_json(*state, row, asked, wanted);
}

static void
what_nobody_says_is_what_is_made(void **state)
{
	const struct batch_order order = { .file = "local:///pi.py", .executors_count = -1 };

	assert_asked(state, "plain", &order, &plain_target,
		"{\"image\":\"spark:4\",\"spark_version\":\"4.3.0\",\"driver_cores\":1.0,\"driver_memory_mib\":1024,\"executor_cores\":1.0,"
		"\"executor_memory_mib\":1024,\"executors_count\":1,\"labels\":{}}");
}

static void
amounts_become_numbers_and_what_is_enforced_wins(void **state)
{
	struct crd_target target = { .image = "spark:4", .enforced_conf = CONF({ "spark.executor.memory", "3g" }) };
	const struct batch_order order = {
		.file = "local:///pi.py", .driver_memory = "512m", .executor_memory = "64g", .executor_cores = 4, .executors_count = 2,
		.conf = CONF({ "spark.kubernetes.driver.request.cores", "500m" },
			     { "spark.kubernetes.driver.container.image", "spark:driver" },
			     { "spark.kubernetes.driver.label.team", "data" },
			     { "spark.kubernetes.driver.label.access-token", "hush" },
			     { "spark.kubernetes.executor.label.team", "other" }),
	};

	assert_asked(state, "amounts", &order, &target,
		"{\"image\":\"spark:driver\",\"driver_cores\":0.5,\"driver_memory_mib\":512,\"executor_cores\":4.0,"
		"\"executor_memory_mib\":3072,\"executors_count\":2,\"labels\":{\"team\":\"data\"}}");
}

static void
dynamic_allocation_begins_with_the_most_that_is_said(void **state)
{
	const struct batch_order order = {
		.file = "local:///pi.py", .executors_count = -1,
		.conf = CONF({ "spark.dynamicAllocation.enabled", "true" }, { "spark.dynamicAllocation.initialExecutors", "3" },
			     { "spark.dynamicAllocation.minExecutors", "5" }, { "spark.dynamicAllocation.maxExecutors", "50" }),
	};

	assert_int_equal(json_object_get_int(json_object_object_get(crd_asked(*state, &order, &plain_target), "executors_count")), 5);
}

static void
airflow_is_known_by_the_first_place_that_tells(void **state)
{
	static const struct {
		const char *row, *key, *value, *more_key, *more_value, *dag, *task, *run;
	} rows[] = {
		{ "own keys", "spark.airflow.dag_id", "a", "spark.kubernetes.driver.label.dag_id", "b", "a", NULL, NULL },
		{ "labels", "spark.kubernetes.driver.label.dag_id", "b", "spark.kubernetes.driver.label.task_id", "t", "b", "t", NULL },
		{ "variables", "spark.kubernetes.driverEnv.AIRFLOW_CTX_DAG_ID", "c", "spark.kubernetes.driverEnv.AIRFLOW_CTX_DAG_RUN_ID",
		  "r", "c", NULL, "r" },
		{ "lineage", "spark.openlineage.rootParentJobName", "d.ag", "spark.openlineage.parentJobName", "d.ag.group.task", "d.ag",
		  "group.task", NULL },
		{ "lineage of another root", "spark.openlineage.rootParentJobName", "d", "spark.openlineage.parentJobName", "dd.task",
		  "d", "dd.task", NULL },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct batch_order order = {
			.file = "local:///pi.py", .executors_count = -1,
			.conf = CONF({ rows[i].key, rows[i].value }, { rows[i].more_key, rows[i].more_value }),
		};
		struct json_object *asked = crd_asked(*state, &order, &plain_target);

		assert_text(rows[i].row, json_object_get_string(json_object_object_get(asked, "airflow_dag")), rows[i].dag);
		assert_text(rows[i].row, json_object_get_string(json_object_object_get(asked, "airflow_task")), rows[i].task);
		assert_text(rows[i].row, json_object_get_string(json_object_object_get(asked, "airflow_run")), rows[i].run);
	}
}

static void
of_what_is_no_order_nothing_is_known(void **state)
{
	const struct batch_order order = { .file = "local:///pi.py", .executors_count = -1 };
	const struct crd_target no_image = { 0 };

	assert_null(crd_asked(*state, &order, &no_image));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(what_nobody_says_is_what_is_made),
		unit_test_with_arena(amounts_become_numbers_and_what_is_enforced_wins),
		unit_test_with_arena(dynamic_allocation_begins_with_the_most_that_is_said),
		unit_test_with_arena(airflow_is_known_by_the_first_place_that_tells),
		unit_test_with_arena(of_what_is_no_order_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <stdlib.h>

#include "crd/crd.h"

/* "key=value" texts as pairs; the list ends with NULL. */
static struct batch_pairs
pairs_of(struct arena *arena, const char *const *texts)
{
	struct batch_pairs pairs = { .items = arena_alloc(arena, 16 * sizeof(pairs.items[0])) };

	for (; *texts != NULL; texts++) {
		const char *equals = strchr(*texts, '=');

		assert_non_null(equals);
		pairs.items[pairs.count].key = arena_strndup(arena, *texts, (size_t)(equals - *texts));
		pairs.items[pairs.count++].value = equals + 1;
	}
	return pairs;
}

#define STRINGS(...) { (const char *[]){ __VA_ARGS__ }, ARRAY_COUNT(((const char *[]){ __VA_ARGS__ })) }

static struct batch_order
plain_order(void)
{
	return (struct batch_order){ .file = "local:///pi.py", .executors_count = -1 };
}

static struct json_object *
spec_of(struct arena *arena, const char *row, const struct batch_order *order, const struct crd_target *target)
{
	struct json_object *spec = NULL;
	struct err err = ERR_INIT;

	if (!crd_spec(arena, crd_of_operator("kubeflow"), order, target, &spec, NULL, &err))
		fail_msg("%s: %s", row, err.msg);
	return arena_own_json(arena, spec);
}

static void
the_shortest_request_gets_what_the_operator_would_default(void **state)
{
	const struct crd_target target = { .image = "spark:4" };
	const struct batch_order order = plain_order();

	assert_json(*state, "shortest", spec_of(*state, "shortest", &order, &target),
		"{\"type\":\"Python\",\"mode\":\"cluster\",\"sparkVersion\":\"3.5.0\",\"image\":\"spark:4\","
		"\"imagePullPolicy\":\"IfNotPresent\",\"mainApplicationFile\":\"local:///pi.py\",\"arguments\":[],"
		"\"driver\":{\"cores\":1,\"memory\":\"1g\"},\"executor\":{\"cores\":1,\"memory\":\"1g\",\"instances\":1},"
		"\"deps\":{},\"restartPolicy\":{\"type\":\"Never\"},\"timeToLiveSeconds\":86400,\"sparkConf\":{}}");
}

static void
a_supervised_driver_is_run_again_without_end(void **state)
{
	const struct crd_target target = { .image = "spark:4" };
	struct batch_order order = plain_order();

	order.supervise = true;
	assert_json(*state, "supervised", json_member(spec_of(*state, "supervised", &order, &target), "restartPolicy"),
		"{\"type\":\"OnFailure\",\"onFailureRetries\":2147483647,\"onFailureRetryInterval\":5,"
		"\"onSubmissionFailureRetries\":2147483647,\"onSubmissionFailureRetryInterval\":5}");
}

static void
every_field_of_a_request_has_its_place(void **state)
{
	const struct crd_target target = { .image = "spark:4", .service_account = "spark", .spark_version = "4.3.0" };
	struct batch_order order = {
		.name = "a name", .file = "s3a://b/a.jar", .class_name = "org.example.Main",
		.args = STRINGS("1", "", "--x=y z"), .jars = STRINGS("s3a://b/1.jar", "s3a://b/2.jar"),
		.py_files = STRINGS("s3a://b/p.zip"), .files = STRINGS("s3a://b/f"),
		.archives = STRINGS("s3a://b/e.tgz#e"), .driver_memory = "2g", .executor_memory = "3g",
		.driver_cores = 2, .executor_cores = 3, .executors_count = 4, .queue = "q",
	};

	order.conf = pairs_of(*state, (const char *[]){ "spark.a=b", "spark.c=", NULL });
	assert_json(*state, "full", spec_of(*state, "full", &order, &target),
		"{\"type\":\"Java\",\"mode\":\"cluster\",\"sparkVersion\":\"4.3.0\",\"image\":\"spark:4\","
		"\"imagePullPolicy\":\"IfNotPresent\",\"mainApplicationFile\":\"s3a://b/a.jar\","
		"\"mainClass\":\"org.example.Main\",\"arguments\":[\"1\",\"\",\"--x=y z\"],"
		"\"driver\":{\"cores\":2,\"memory\":\"2g\",\"serviceAccount\":\"spark\"},"
		"\"executor\":{\"cores\":3,\"memory\":\"3g\",\"instances\":4,\"serviceAccount\":\"spark\"},"
		"\"deps\":{\"jars\":[\"s3a://b/1.jar\",\"s3a://b/2.jar\"],\"pyFiles\":[\"s3a://b/p.zip\"],"
		"\"files\":[\"s3a://b/f\"],\"archives\":[\"s3a://b/e.tgz#e\"]},"
		"\"batchSchedulerOptions\":{\"queue\":\"q\"},"
		"\"restartPolicy\":{\"type\":\"Never\"},\"timeToLiveSeconds\":86400,"
		"\"sparkConf\":{\"spark.a\":\"b\",\"spark.c\":\"\"}}");
}

static void
the_application_type_follows_the_file(void **state)
{
	static const struct {
		const char *file;
		const char *type;
	} rows[] = {
		{ "local:///a.py", "Python" }, { "local:///a.PY", "Python" }, { "local:///a.zip", "Python" },
		{ "local:///a.egg", "Python" }, { "local:///a.pex", "Python" }, { "local:///a.R", "R" },
		{ "local:///a.r", "R" }, { "local:///a.jar", "Java" }, { "local:///a", "Java" },
		{ "local:///a.py.jar", "Java" }, { "local:///py", "Java" }, { "local:///dir.py/a", "Java" },
	};
	const struct crd_target target = { .image = "i" };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = plain_order();

		order.file = rows[i].file;
		assert_text(rows[i].file, json_string(spec_of(*state, rows[i].file, &order, &target), "type"), rows[i].type);
	}
}

/* What is enforced beats what is asked for, that beats the default; among what is asked for, fields beat conf. */
static const struct {
	const char *row;
	const char *default_conf[4];
	const char *request_conf[4];
	const char *enforced_conf[4];
	const char *driver_memory;
	int executor_cores;
	int executors_count;
	const char *part;       /* of the spec */
	const char *wanted;
} layers[] = {
	{ "default", { "spark.a=default" }, { NULL }, { NULL }, NULL, 0, -1, "sparkConf", "{\"spark.a\":\"default\"}" },
	{ "request over default", { "spark.a=default", "spark.b=default" }, { "spark.a=request" }, { NULL }, NULL, 0, -1,
	  "sparkConf", "{\"spark.a\":\"request\",\"spark.b\":\"default\"}" },
	{ "enforced over all", { "spark.a=default" }, { "spark.a=request" }, { "spark.a=enforced" }, NULL, 0, -1,
	  "sparkConf", "{\"spark.a\":\"enforced\"}" },
	{ "enforced alone", { NULL }, { NULL }, { "spark.a=enforced" }, NULL, 0, -1,
	  "sparkConf", "{\"spark.a\":\"enforced\"}" },
	{ "memory by default", { "spark.driver.memory=2g" }, { NULL }, { NULL }, NULL, 0, -1,
	  "driver", "{\"memory\":\"2g\",\"cores\":1}" },
	{ "memory by conf", { "spark.driver.memory=2g" }, { "spark.driver.memory=3g" }, { NULL }, NULL, 0, -1,
	  "driver", "{\"memory\":\"3g\",\"cores\":1}" },
	{ "memory by field", { "spark.driver.memory=2g" }, { "spark.driver.memory=3g" }, { NULL }, "4g", 0, -1,
	  "driver", "{\"memory\":\"4g\",\"cores\":1}" },
	{ "memory enforced", { "spark.driver.memory=2g" }, { "spark.driver.memory=3g" }, { "spark.driver.memory=5g" }, "4g",
	  0, -1, "driver", "{\"memory\":\"5g\",\"cores\":1}" },
	{ "driver cores enforced", { NULL }, { "spark.driver.cores=3" }, { "spark.driver.cores=2" }, NULL, 0, -1,
	  "driver", "{\"memory\":\"1g\",\"cores\":2}" },
	{ "executor by conf", { NULL }, { "spark.executor.cores=2", "spark.executor.memory=2g",
	  "spark.executor.instances=3" }, { NULL }, NULL, 0, -1,
	  "executor", "{\"memory\":\"2g\",\"cores\":2,\"instances\":3}" },
	{ "executor by field", { NULL }, { "spark.executor.cores=2", "spark.executor.instances=3" }, { NULL }, NULL, 5, 6,
	  "executor", "{\"memory\":\"1g\",\"cores\":5,\"instances\":6}" },
	{ "executor enforced", { NULL }, { NULL }, { "spark.executor.cores=7", "spark.executor.instances=8",
	  "spark.executor.memory=9g" }, NULL, 5, 6, "executor", "{\"memory\":\"9g\",\"cores\":7,\"instances\":8}" },
};

static void
enforced_beats_request_beats_default(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(layers); i++) {
		const struct crd_target target = {
			.image = "i",
			.default_conf = pairs_of(*state, layers[i].default_conf),
			.enforced_conf = pairs_of(*state, layers[i].enforced_conf),
		};
		const struct batch_order order = {
			.file = "local:///a", .driver_memory = layers[i].driver_memory,
			.executor_cores = layers[i].executor_cores, .executors_count = layers[i].executors_count,
			.conf = pairs_of(*state, layers[i].request_conf),
		};
		struct json_object *spec = spec_of(*state, layers[i].row, &order, &target);

		assert_json(*state, layers[i].row, json_member(spec, layers[i].part), layers[i].wanted);
	}
}

/* A key that has a field of its own must not stand in sparkConf too: the operator would let one of them win. */
static void
conf_keys_with_a_home_of_their_own_leave_the_conf(void **state)
{
	static const struct {
		const char *conf[4];
		const char *part;
		const char *wanted;
	} rows[] = {
		{ { "spark.kubernetes.container.image=mine" }, "image", "\"mine\"" },
		{ { "spark.kubernetes.container.image.pullPolicy=Always" }, "imagePullPolicy", "\"Always\"" },
		{ { "spark.kubernetes.driver.container.image=d" }, "driver", "{\"memory\":\"1g\",\"cores\":1,\"image\":\"d\"}" },
		{ { "spark.kubernetes.executor.container.image=e" }, "executor",
		  "{\"memory\":\"1g\",\"cores\":1,\"instances\":1,\"image\":\"e\"}" },
		{ { "spark.jars=s3a://b/1.jar,s3a://b/2.jar" }, "deps", "{\"jars\":[\"s3a://b/1.jar\",\"s3a://b/2.jar\"]}" },
		{ { "spark.submit.pyFiles=s3a://b/1" }, "deps", "{\"pyFiles\":[\"s3a://b/1\"]}" },
		{ { "spark.files= s3a://b/1 , s3a://b/2 ," }, "deps", "{\"files\":[\"s3a://b/1\",\"s3a://b/2\"]}" },
		{ { "spark.archives=s3a://b/1#x" }, "deps", "{\"archives\":[\"s3a://b/1#x\"]}" },
		{ { "spark.files=" }, "deps", "{}" },
	};
	const struct crd_target target = { .image = "default" };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = plain_order();
		struct json_object *spec;

		order.conf = pairs_of(*state, rows[i].conf);
		spec = spec_of(*state, rows[i].conf[0], &order, &target);
		assert_json(*state, rows[i].conf[0], json_member(spec, rows[i].part), rows[i].wanted);
		assert_json(*state, rows[i].conf[0], json_member(spec, "sparkConf"), "{}");
	}
}

static void
lists_of_field_and_conf_are_joined_the_field_first(void **state)
{
	const struct crd_target target = {
		.image = "i", .default_conf = pairs_of(*state, (const char *[]){ "spark.files=s3a://default/f", NULL }),
	};
	struct batch_order order = plain_order();

	order.jars = (struct batch_strings)STRINGS("s3a://b/1.jar");
	order.files = (struct batch_strings)STRINGS("s3a://b/f");
	order.conf = pairs_of(*state, (const char *[]){ "spark.jars=s3a://b/2.jar,s3a://b/3.jar", NULL });
	assert_json(*state, "joined", json_member(spec_of(*state, "joined", &order, &target), "deps"),
		    "{\"jars\":[\"s3a://b/1.jar\",\"s3a://b/2.jar\",\"s3a://b/3.jar\"],"
		    "\"files\":[\"s3a://b/f\",\"s3a://default/f\"]}");
}

static void
dynamic_allocation_gets_the_typed_block(void **state)
{
	static const struct {
		const char *conf[8];
		int executors_count;
		const char *block;      /* NULL: none */
		const char *executor;
		const char *spark_conf;
	} rows[] = {
		{ { "spark.dynamicAllocation.enabled=true" }, -1, "{\"enabled\":true}", "{\"memory\":\"1g\",\"cores\":1}", "{}" },
		{ { "spark.dynamicAllocation.enabled=TRUE" }, 0, "{\"enabled\":true}", "{\"memory\":\"1g\",\"cores\":1}", "{}" },
		{ { "spark.dynamicAllocation.enabled=true", "spark.dynamicAllocation.initialExecutors=2",
		    "spark.dynamicAllocation.minExecutors=0", "spark.dynamicAllocation.maxExecutors=9",
		    "spark.dynamicAllocation.shuffleTracking.enabled=true",
		    "spark.dynamicAllocation.executorIdleTimeout=60s" }, 3,
		  "{\"enabled\":true,\"initialExecutors\":2,\"minExecutors\":0,\"maxExecutors\":9,\"shuffleTrackingEnabled\":true}",
		  "{\"memory\":\"1g\",\"cores\":1,\"instances\":3}", "{\"spark.dynamicAllocation.executorIdleTimeout\":\"60s\"}" },
		{ { "spark.dynamicAllocation.enabled=true", "spark.dynamicAllocation.shuffleTracking.enabled=no" }, -1,
		  "{\"enabled\":true,\"shuffleTrackingEnabled\":false}", "{\"memory\":\"1g\",\"cores\":1}", "{}" },
		{ { "spark.dynamicAllocation.enabled=false", "spark.dynamicAllocation.minExecutors=2" }, -1, NULL,
		  "{\"memory\":\"1g\",\"cores\":1,\"instances\":1}",
		  "{\"spark.dynamicAllocation.enabled\":\"false\",\"spark.dynamicAllocation.minExecutors\":\"2\"}" },
	};
	const struct crd_target target = { .image = "i" };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = plain_order();
		struct json_object *spec, *block;

		order.executors_count = rows[i].executors_count;
		order.conf = pairs_of(*state, rows[i].conf);
		spec = spec_of(*state, rows[i].conf[0], &order, &target);
		block = json_member(spec, "dynamicAllocation");
		assert_number(rows[i].conf[0], block == NULL, rows[i].block == NULL);
		if (block != NULL)
			assert_json(*state, rows[i].conf[0], block, rows[i].block);
		assert_json(*state, rows[i].conf[0], json_member(spec, "executor"), rows[i].executor);
		assert_json(*state, rows[i].conf[0], json_member(spec, "sparkConf"), rows[i].spark_conf);
	}
}

static void
what_cannot_be_run_is_refused_with_the_name_of_the_field(void **state)
{
	static const struct {
		const char *conf[3];
		int executors_count;
		const char *image;
		const char *msg;
	} rows[] = {
		{ { NULL }, -1, NULL, "no Spark image: set spark.kubernetes.container.image" },
		{ { NULL }, -1, "", "no Spark image" },
		{ { "spark.kubernetes.container.image=" }, -1, "i", "no Spark image" },
		{ { NULL }, 0, "i", "numExecutors: at least 1" },
		{ { "spark.executor.instances=0" }, -1, "i", "numExecutors: at least 1" },
		{ { "spark.driver.cores=0" }, -1, "i", "conf spark.driver.cores: '0' is not a whole number from 1" },
		{ { "spark.driver.cores=1.5" }, -1, "i", "conf spark.driver.cores: '1.5'" },
		{ { "spark.executor.cores=two" }, -1, "i", "conf spark.executor.cores: 'two'" },
		{ { "spark.executor.cores=" }, -1, "i", "conf spark.executor.cores: ''" },
		{ { "spark.executor.instances=-1" }, -1, "i", "conf spark.executor.instances: '-1'" },
		{ { "spark.executor.instances=99999999999" }, -1, "i", "conf spark.executor.instances" },
		{ { "spark.dynamicAllocation.enabled=true", "spark.dynamicAllocation.minExecutors=few" }, -1, "i",
		  "conf spark.dynamicAllocation.minExecutors: 'few' is not a whole number from 0" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct crd_target target = { .image = rows[i].image };
		struct batch_order order = plain_order();
		struct json_object *spec = NULL;
		struct err err = ERR_INIT;

		order.executors_count = rows[i].executors_count;
		order.conf = pairs_of(*state, rows[i].conf);
		assert_false(crd_spec(*state, crd_of_operator("kubeflow"), &order, &target, &spec, NULL, &err));
		assert_number(rows[i].msg, err.http_status, 400);
		assert_contains(rows[i].msg, err.msg, rows[i].msg);
		assert_null(spec);
	}
}

/* The same order may be pushed again, by a worker and then by the watcher. */
static void
an_order_is_not_changed(void **state)
{
	const struct crd_target target = { .image = "i" };
	struct batch_order order = plain_order();
	struct json_object *once, *again;

	order.conf = pairs_of(*state, (const char *[]){ "spark.jars=s3a://b/1.jar,s3a://b/2.jar",
							 "spark.driver.cores=2", NULL });
	once = spec_of(*state, "once", &order, &target);
	assert_int_equal(order.conf.count, 2);
	assert_string_equal(order.conf.items[0].value, "s3a://b/1.jar,s3a://b/2.jar");
	again = spec_of(*state, "again", &order, &target);
	assert_true(json_object_equal(once, again));
}

static void
the_object_is_named_and_labelled_from_the_row(void **state)
{
	const struct batch batch = {
		.id = 42, .uid = "0b5e3f1c-0000-4000-8000-000000000001", .name = "pi", .namespace = "spark",
		.object_name = "sg-0b5e3f1c",
	};
	struct json_object *spec = json_of(*state, "{\"type\":\"Python\"}");
	struct json_object *object = arena_own_json(*state, crd_object(&batch, "key1", spec));

	assert_json(*state, "object", object,
		"{\"apiVersion\":\"sparkoperator.k8s.io/v1beta2\",\"kind\":\"SparkApplication\",\"metadata\":{"
		"\"name\":\"sg-0b5e3f1c\",\"namespace\":\"spark\",\"labels\":{\"app.kubernetes.io/managed-by\":\"sparkgate\","
		"\"sparkgate.io/gateway\":\"key1\",\"sparkgate.io/batch-uid\":\"0b5e3f1c-0000-4000-8000-000000000001\","
		"\"sparkgate.io/batch-id\":\"42\",\"sparkgate.io/name\":\"pi\"},"
		"\"annotations\":{\"sparkgate.io/name\":\"pi\"}},\"spec\":{\"type\":\"Python\"}}");
	assert_string_equal(crd_batch_uid(object), batch.uid);
	assert_null(crd_batch_uid(spec));
	assert_null(crd_batch_uid(NULL));
}

static void
the_row_says_whose_operator_is_to_run_it(void **state)
{
	static const struct {
		const char *operator_kind;
		const char *label;
	} rows[] = { { "kubeflow", NULL }, { "sparkgate", "sparkgate" }, { NULL, NULL } };
	struct json_object *spec = json_of(*state, "{}");

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct batch batch = { .id = 1, .uid = "u", .namespace = "n", .object_name = "o",
					     .operator_kind = rows[i].operator_kind };
		struct json_object *object = arena_own_json(*state, crd_object(&batch, "k", spec));

		assert_text("operator", json_string_at(object, "metadata", "labels", "sparkgate.io/operator", NULL),
			    rows[i].label);
	}
}

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void
a_name_becomes_a_label_as_far_as_a_label_can_hold_it(void **state)
{
	static const struct {
		const char *name;
		const char *label;      /* NULL: none */
	} rows[] = {
		{ NULL, NULL }, { "", NULL }, { "pi", "pi" }, { "a b/c", "a-b-c" }, { "A_b.c-d", "A_b.c-d" },
		{ "-_.a.-_", "a" }, { "...", NULL }, { " ", NULL }, { "h\xc3\xa4user", "h--user" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", NULL }, { "7", "7" }, { SIXTY "klm", SIXTY "klm" },
		{ SIXTY "klmn", SIXTY "klm" }, { SIXTY "kl.n", SIXTY "kl" }, { "--" SIXTY "klm", SIXTY "klm" },
	};
	struct json_object *spec = json_of(*state, "{}");

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct batch batch = { .id = 1, .uid = "u", .name = rows[i].name, .namespace = "n", .object_name = "o" };
		struct json_object *object = arena_own_json(*state, crd_object(&batch, "k", spec));

		assert_text(rows[i].name, json_string_at(object, "metadata", "labels", CRD_LABEL_NAME, NULL), rows[i].label);
	}
}

static void
paths_lead_to_the_collection_or_to_one_object(void **state)
{
	assert_string_equal(crd_path(*state, crd_of_operator("kubeflow"), "ns", NULL),
			    "/apis/sparkoperator.k8s.io/v1beta2/namespaces/ns/sparkapplications");
	assert_string_equal(crd_path(*state, crd_of_operator("kubeflow"), "ns", "a"),
			    "/apis/sparkoperator.k8s.io/v1beta2/namespaces/ns/sparkapplications/a");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(the_shortest_request_gets_what_the_operator_would_default),
		unit_test_with_arena(a_supervised_driver_is_run_again_without_end),
		unit_test_with_arena(every_field_of_a_request_has_its_place),
		unit_test_with_arena(the_application_type_follows_the_file),
		unit_test_with_arena(enforced_beats_request_beats_default),
		unit_test_with_arena(conf_keys_with_a_home_of_their_own_leave_the_conf),
		unit_test_with_arena(lists_of_field_and_conf_are_joined_the_field_first),
		unit_test_with_arena(dynamic_allocation_gets_the_typed_block),
		unit_test_with_arena(what_cannot_be_run_is_refused_with_the_name_of_the_field),
		unit_test_with_arena(an_order_is_not_changed),
		unit_test_with_arena(the_object_is_named_and_labelled_from_the_row),
		unit_test_with_arena(the_row_says_whose_operator_is_to_run_it),
		unit_test_with_arena(a_name_becomes_a_label_as_far_as_a_label_can_hold_it),
		unit_test_with_arena(paths_lead_to_the_collection_or_to_one_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

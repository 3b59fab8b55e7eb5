/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "spark/executor_request.h"

/* An executor's pod as Spark makes it; more of its spec, of its container, of its metadata. */
#define POD(spec, container, metadata) \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"cli-1-exec-1\",\"labels\":{\"spark-app-name\":\"cli\"," \
	"\"spark-app-selector\":\"spark-1\",\"spark-role\":\"executor\"}" metadata "},\"spec\":{\"containers\":[{\"name\":\"base\"}," \
	"{\"name\":\"e\",\"args\":[\"executor\"]" container "}]" spec "}}"
#define OWNED(owners) POD("", "", ",\"ownerReferences\":" owners)

static const struct spark_pod_rules strict = { .service_account = "spark" };
static const struct spark_pod_rules lenient = { .service_account = "spark", .host_access = true };

static void
an_executor_s_pod_says_whose_it_is(void **state)
{
	struct spark_executor_request request;
	struct err err = ERR_INIT;

	assert_true(spark_executor_request_read(json_of(*state, POD("", "", "")), "Pod", &strict, &request, &err));
	assert_text("name", request.name, "cli-1-exec-1");
	assert_text("application", request.app_id, "spark-1");
	assert_text("its name", request.app_name, "cli");
	assert_null(request.owner_name);
	assert_true(spark_executor_request_read(json_of(*state, OWNED("[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"me\","
								       "\"uid\":\"u\",\"controller\":true}]")),
						"Pod", &strict, &request, &err));
	assert_text("owner", request.owner_name, "me");
	assert_text("its uid", request.owner_uid, "u");
}

static void
what_a_driver_does_not_send_is_refused(void **state)
{
	static const struct {
		const char *kind;
		const char *object;
		enum err_code code;
		const char *message;
	} rows[] = {
		{ "Pod", "{}", ERR_INVALID, "a Pod" },
		{ "ConfigMap", POD("", "", ""), ERR_INVALID, "a ConfigMap" },
		{ "Pod", POD(",\"hostPID\":true", "", ""), ERR_FORBIDDEN, "spec.hostPID" },
		{ "Pod", POD("", ",\"securityContext\":{\"privileged\":true}", ""), ERR_FORBIDDEN, "privileged" },
		{ "Pod", POD(",\"serviceAccountName\":\"admin\"", "", ""), ERR_FORBIDDEN, "executors of this cluster run as 'spark'" },
		{ "Pod", POD("", "", ",\"annotations\":{\"sparkgate.io/x\":\"y\"}"), ERR_FORBIDDEN, "the gateway's own" },
		{ "Pod", OWNED("[{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"me\",\"uid\":\"u\"}]"), ERR_INVALID, "one pod" },
		{ "Pod", OWNED("[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"me\"}]"), ERR_INVALID, "one pod" },
		{ "Pod", OWNED("[{},{}]"), ERR_INVALID, "one pod" },
		{ "Pod", OWNED("\"me\""), ERR_INVALID, "one pod" },
		{ "Pod", OWNED("{}"), ERR_INVALID, "one pod" },
		{ "ConfigMap", "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}", ERR_INVALID, "spark-app-selector" },
		{ "ConfigMap", "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"A\"}}", ERR_INVALID, "metadata.name" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_executor_request request;
		struct err err = ERR_INIT;

		assert_false(spark_executor_request_read(json_of(*state, rows[i].object), rows[i].kind, &strict, &request, &err));
		assert_number(rows[i].object, err.code, rows[i].code);
		assert_contains(rows[i].object, err.msg, rows[i].message);
	}
}

static void
the_node_is_reached_where_the_configuration_allows_it(void **state)
{
	struct spark_executor_request request;
	struct err err = ERR_INIT;

	assert_true(spark_executor_request_read(json_of(*state, POD(",\"hostPID\":true", "", "")), "Pod", &lenient, &request, &err));
}

static void
one_label_can_be_set_and_nothing_else(void **state)
{
	static const struct {
		const char *patch;
		bool is_allowed;
	} rows[] = {
		{ "[{\"op\":\"add\",\"path\":\"/metadata/labels/spark-exec-inactive\",\"value\":\"true\"},"
		  "{\"op\":\"add\",\"path\":\"/metadata/resourceVersion\",\"value\":\"1\"}]", true },
		{ "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"spark-exec-inactive\":\"true\"}}}", true },
		{ "[{\"op\":\"add\",\"path\":\"/metadata/resourceVersion\",\"value\":\"1\"}]", false },
		{ "[{\"op\":\"remove\",\"path\":\"/metadata/labels/spark-exec-inactive\",\"value\":\"true\"}]", false },
		{ "[{\"op\":\"add\",\"path\":\"/metadata/labels/a\",\"value\":\"true\"}]", false },
		{ "{\"metadata\":{\"labels\":{\"spark-exec-inactive\":\"true\",\"a\":\"b\"}}}", false },
		{ "{\"metadata\":{\"labels\":{\"spark-exec-inactive\":\"true\"}},\"spec\":{}}", false },
		{ "{\"metadata\":{\"labels\":{\"spark-exec-inactive\":\"false\"}}}", false },
		{ "{}", false }, { "[]", false }, { "\"x\"", false }, { "[[]]", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;

		assert_number(rows[i].patch, spark_executor_patch_check(json_of(*state, rows[i].patch), &err), rows[i].is_allowed);
	}
}

static void
a_selector_wants_one_value_of_a_label(void **state)
{
	static const struct {
		const char *selector;
		const char *value;
	} rows[] = {
		{ "spark-app-selector=a", "a" }, { "spark-app-selector==a", "a" }, { " spark-app-selector = a ", "a" },
		{ "spark-role=executor,spark-app-selector=a,x!=y", "a" }, { "spark-exec-id in (1,2),spark-app-selector=a", "a" },
		{ "spark-app-selector=", "" }, { "spark-app-selector=a=b", "a=b" },
		{ "spark-app-selector!=a", NULL }, { "spark-app-selector in (a)", NULL }, { "spark-app-selector", NULL },
		{ "!spark-app-selector", NULL }, { "spark-app-selectors=a", NULL }, { "x-spark-app-selector=a", NULL },
		{ "x in (y,spark-app-selector=a)", NULL }, { "x in (y,spark-app-selector=a", NULL }, { "", NULL }, { NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_text(rows[i].selector == NULL ? "none" : rows[i].selector,
			    spark_selected(*state, rows[i].selector, SPARK_LABEL_APP), rows[i].value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(an_executor_s_pod_says_whose_it_is),
		unit_test_with_arena(what_a_driver_does_not_send_is_refused),
		unit_test_with_arena(the_node_is_reached_where_the_configuration_allows_it),
		unit_test_with_arena(one_label_can_be_set_and_nothing_else),
		unit_test_with_arena(a_selector_wants_one_value_of_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

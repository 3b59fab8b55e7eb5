/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "spark/driver_request.h"

/* A driver's pod as spark-submit makes it; %s: more of its spec, of its container, of its metadata. */
#define POD(spec, container, metadata) \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"pi-0123456789abcdef-driver\",\"labels\":{" \
	"\"spark-app-selector\":\"spark-1\",\"spark-role\":\"driver\"}" metadata "},\"spec\":{\"containers\":[{\"name\":\"base\"," \
	"\"image\":\"x\"},{\"name\":\"d\",\"image\":\"spark:4\",\"args\":[\"driver\",\"--properties-file\",\"/p\",\"--class\"," \
	"\"org.example.Main\",\"local:///a.jar\",\"--conf\",\"\"]" container "}]," \
	"\"volumes\":[{\"name\":\"spark-conf-volume-driver\",\"configMap\":{\"name\":\"spark-drv-1-conf-map\"}}]" spec "}}"

#define ARGS(args) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"labels\":{" \
	"\"spark-app-selector\":\"spark-1\",\"spark-role\":\"driver\"}},\"spec\":{\"containers\":[{\"args\":" args "}]," \
	"\"volumes\":[{\"name\":\"spark-conf-volume-driver\",\"configMap\":{\"name\":\"m\"}}]}}"

static const struct spark_pod_rules strict = { .service_account = "spark" };
static const struct spark_pod_rules lenient = { .service_account = "spark", .host_access = true };

static void
a_driver_s_pod_says_what_it_runs(void **state)
{
	struct spark_driver_request request;
	struct err err = ERR_INIT;

	assert_true(spark_driver_request_read(json_of(*state, POD("", "", "")), &strict, &request, &err));
	assert_text("pod", request.pod_name, "pi-0123456789abcdef-driver");
	assert_text("application", request.app_id, "spark-1");
	assert_text("config map", request.config_map, "spark-drv-1-conf-map");
	assert_text("class", request.main_class, "org.example.Main");
	assert_text("resource", request.resource, "local:///a.jar");
	assert_text("image", request.image, "spark:4");
}

static void
what_no_client_sends_is_no_driver(void **state)
{
	static const struct {
		const char *pod;
		enum err_code code;
		const char *message;
	} rows[] = {
		{ "{}", ERR_INVALID, "a Pod" },
		{ "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"spec\":{}}", ERR_INVALID, "a Pod" },
		{ "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":[]}", ERR_INVALID, "a Pod" },
		{ "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{}}", ERR_FORBIDDEN, "only the pods of Spark's drivers" },
		{ "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"spark-role\":\"executor\"}},\"spec\":{}}",
		  ERR_FORBIDDEN, "only the pods of Spark's drivers" },
		{ ARGS("[\"executor\"]"), ERR_FORBIDDEN, "only the pods of Spark's drivers" },
		{ ARGS("[]"), ERR_FORBIDDEN, "only the pods of Spark's drivers" },
		{ ARGS("\"driver\""), ERR_FORBIDDEN, "only the pods of Spark's drivers" },
		{ ARGS("[\"driver\",\"--proxy-user\",\"root\"]"), ERR_FORBIDDEN, "--proxy-user" },
		{ ARGS("[\"driver\",\"--jars\",\"x\"]"), ERR_INVALID, "'--jars'" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_driver_request request;
		struct err err = ERR_INIT;

		assert_false(spark_driver_request_read(json_of(*state, rows[i].pod), &lenient, &request, &err));
		assert_number(rows[i].pod, err.code, rows[i].code);
		assert_contains(rows[i].pod, err.msg, rows[i].message);
	}
}

/* Pod Security Standards, "baseline": each of its controls, and fields that are not known here. */
static void
what_would_reach_the_node_is_refused_unless_it_is_allowed(void **state)
{
	static const struct {
		const char *pod;
		const char *message;
	} rows[] = {
		{ POD(",\"hostNetwork\":true", "", ""), "spec.hostNetwork" },
		{ POD(",\"hostPID\":true", "", ""), "spec.hostPID" },
		{ POD(",\"hostIPC\":true", "", ""), "spec.hostIPC" },
		{ POD(",\"hostIPC\":\"yes\"", "", ""), "spec.hostIPC" },
		{ POD(",\"nodeName\":\"a\"", "", ""), "spec.nodeName" },
		{ POD(",\"ephemeralContainers\":[]", "", ""), "spec.ephemeralContainers" },
		{ POD(",\"fieldOfTomorrow\":1", "", ""), "spec.fieldOfTomorrow" },
		{ POD(",\"volumes\":[{\"name\":\"spark-conf-volume-driver\",\"configMap\":{\"name\":\"m\"}},{\"name\":\"h\","
		      "\"hostPath\":{\"path\":\"/\"}}]", "", ""), "volumes.hostPath" },
		{ POD(",\"volumes\":[{\"name\":\"spark-conf-volume-driver\",\"configMap\":{\"name\":\"m\"}},{\"name\":\"h\","
		      "\"iscsi\":{}}]", "", ""), "volumes.iscsi" },
		{ POD(",\"securityContext\":{\"sysctls\":[]}", "", ""), "securityContext.sysctls" },
		{ POD(",\"securityContext\":{\"seLinuxOptions\":{}}", "", ""), "securityContext.seLinuxOptions" },
		{ POD(",\"securityContext\":{\"windowsOptions\":{\"hostProcess\":true}}", "", ""), "windowsOptions" },
		{ POD(",\"securityContext\":{\"seccompProfile\":{\"type\":\"Unconfined\"}}", "", ""), "seccompProfile" },
		{ POD("", ",\"securityContext\":{\"privileged\":true}", ""), "securityContext.privileged" },
		{ POD("", ",\"securityContext\":{\"privileged\":1}", ""), "securityContext.privileged" },
		{ POD("", ",\"securityContext\":{\"capabilities\":{\"add\":[\"SYS_ADMIN\"]}}", ""), "capabilities.add" },
		{ POD("", ",\"securityContext\":{\"capabilities\":{\"add\":[\"ALL\"]}}", ""), "capabilities.add" },
		{ POD("", ",\"securityContext\":{\"capabilities\":{\"add\":[{}]}}", ""), "capabilities.add" },
		{ POD("", ",\"securityContext\":{\"procMount\":\"Unmasked\"}", ""), "procMount" },
		{ POD("", ",\"securityContext\":{\"appArmorProfile\":{\"type\":\"Unconfined\"}}", ""), "appArmorProfile" },
		{ POD("", ",\"ports\":[{\"containerPort\":1,\"hostPort\":80}]", ""), "hostPort" },
		{ POD("", ",\"ports\":[{\"containerPort\":1,\"hostIP\":\"0.0.0.0\"}]", ""), "hostPort" },
		{ POD(",\"initContainers\":[{\"name\":\"i\",\"securityContext\":{\"privileged\":true}}]", "", ""), "privileged" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_driver_request request;
		struct err err = ERR_INIT;

		assert_false(spark_driver_request_read(json_of(*state, rows[i].pod), &strict, &request, &err));
		assert_number(rows[i].pod, err.code, ERR_FORBIDDEN);
		assert_contains(rows[i].pod, err.msg, rows[i].message);
		if (!spark_driver_request_read(json_of(*state, rows[i].pod), &lenient, &request, &err))
			fail_msg("%s: %s", rows[i].pod, err.msg);
	}
}

static void
what_is_not_the_client_s_to_say_is_refused_always(void **state)
{
	static const struct {
		const char *pod;
		const char *message;
	} rows[] = {
		{ POD(",\"serviceAccountName\":\"admin\"", "", ""), "'admin'" },
		{ POD(",\"serviceAccount\":\"admin\"", "", ""), "'admin'" },
		{ POD(",\"serviceAccountName\":\"default\"", "", ""), "'default'" },
		{ POD("", "", ",\"labels\":{\"spark-app-selector\":\"spark-1\",\"spark-role\":\"driver\","
			      "\"sparkgate.io/batch-uid\":\"x\"}"), "sparkgate.io/batch-uid" },
		{ POD("", "", ",\"labels\":{\"spark-app-selector\":\"spark-1\",\"spark-role\":\"driver\","
			      "\"sparkoperator.k8s.io/app-name\":\"x\"}"), "sparkoperator.k8s.io/app-name" },
		{ POD("", "", ",\"annotations\":{\"container.apparmor.security.beta.kubernetes.io/d\":\"unconfined\"}"),
		  "apparmor" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_driver_request request;
		struct err err = ERR_INIT;

		assert_false(spark_driver_request_read(json_of(*state, rows[i].pod), &lenient, &request, &err));
		assert_number(rows[i].pod, err.code, ERR_FORBIDDEN);
		assert_contains(rows[i].pod, err.msg, rows[i].message);
	}
}

static void
what_spark_and_its_templates_have_is_taken(void **state)
{
	static const char *const pods[] = {
		POD(",\"serviceAccountName\":\"spark\",\"serviceAccount\":\"spark\",\"imagePullSecrets\":[{\"name\":\"r\"}]", "", ""),
		POD(",\"nodeSelector\":{\"disk\":\"ssd\"},\"tolerations\":[{\"key\":\"k\"}],\"hostNetwork\":false", "", ""),
		POD(",\"volumes\":[{\"name\":\"spark-conf-volume-driver\",\"configMap\":{\"name\":\"m\"}},"
		    "{\"name\":\"a\",\"emptyDir\":{}},{\"name\":\"b\",\"persistentVolumeClaim\":{\"claimName\":\"c\"}},"
		    "{\"name\":\"s\",\"secret\":{\"secretName\":\"t\"}},{\"name\":\"n\",\"nfs\":{\"server\":\"s\",\"path\":\"/\"}}]",
		    "", ""),
		POD("", ",\"securityContext\":{\"allowPrivilegeEscalation\":false,\"runAsUser\":185,\"privileged\":false,"
			"\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"NET_BIND_SERVICE\"]}}", ""),
		POD("", ",\"ports\":[{\"containerPort\":4040,\"hostPort\":0}]", ",\"annotations\":{\"note\":\"n\"}"),
	};

	for (size_t i = 0; i < ARRAY_COUNT(pods); i++) {
		struct spark_driver_request request;
		struct err err = ERR_INIT;

		if (!spark_driver_request_read(json_of(*state, pods[i]), &strict, &request, &err))
			fail_msg("%s: %s", pods[i], err.msg);
	}
}

static void
what_belongs_to_a_driver_stays_its_own(void **state)
{
	static const struct {
		const char *kind;
		const char *object;
		const char *message;    /* NULL: it is taken */
	} rows[] = {
		{ "ConfigMap", "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}", NULL },
		{ "ConfigMap", "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}", "kind: ConfigMap" },
		{ "ConfigMap", "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"b\"}}", "metadata.name" },
		{ "ConfigMap", "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"labels\":{\"sparkgate.io/x\":\"y\"}}}",
		  "sparkgate.io/x" },
		{ "Secret", "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}", NULL },
		{ "Secret", "{\"kind\":\"Secret\",\"type\":\"Opaque\",\"metadata\":{\"name\":\"a\"}}", NULL },
		{ "Secret", "{\"kind\":\"Secret\",\"type\":\"kubernetes.io/service-account-token\",\"metadata\":{\"name\":\"a\"}}",
		  "Opaque" },
		{ "Service", "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"clusterIP\":\"None\",\"selector\":"
			     "{\"spark-app-selector\":\"spark-1\"}}}", NULL },
		{ "Service", "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}}", "spec" },
		{ "Service", "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"type\":\"LoadBalancer\"}}", "spec.type" },
		{ "Service", "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"type\":\"NodePort\"}}", "spec.type" },
		{ "Service", "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"externalIPs\":[\"1.1.1.1\"]}}",
		  "externalIPs" },
		{ "Service", "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"selector\":{}}}", "spec.selector" },
		{ "Service", "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"selector\":"
			     "{\"spark-app-selector\":\"spark-2\"}}}", "spec.selector" },
		{ "NetworkPolicy", "{\"kind\":\"NetworkPolicy\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"podSelector\":{}}}",
		  "podSelector" },
		{ "NetworkPolicy", "{\"kind\":\"NetworkPolicy\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"podSelector\":"
				   "{\"matchLabels\":{\"spark-app-selector\":\"spark-1\"}}}}", NULL },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;
		bool good = spark_driver_part_check(json_of(*state, rows[i].object), rows[i].kind, "a", "spark-1", &err);

		if (good != (rows[i].message == NULL))
			fail_msg("%s: %s", rows[i].object, good ? "taken" : err.msg);
		if (!good)
			assert_contains(rows[i].object, err.msg, rows[i].message);
	}
}

static void
names_are_kubernetes_own(void **state)
{
	static const char *const good[] = { "a", "0", "a-b", "a.b", "spark-drv-1-conf-map" };
	static const char *const bad[] = {
		"", "-a", "a-", ".", "..", "a..b", "a.-b", "a-.b", "A", "a_b", "a/b", "a%2fb", "a b", "a\n", "é", "a.",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		if (!spark_is_object_name(good[i]))
			fail_msg("%s is a name", good[i]);
	}
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		if (spark_is_object_name(bad[i]))
			fail_msg("%s is no name", bad[i]);
	}
	assert_false(spark_is_object_name(NULL));
}

static void
properties_that_made_the_pod_come_too_late(void **state)
{
	(void)state;
	assert_true(spark_shapes_driver("spark.driver.memory"));
	assert_true(spark_shapes_driver("spark.driver.memoryOverhead"));
	assert_true(spark_shapes_driver("spark.kubernetes.driver.label.team"));
	assert_true(spark_shapes_driver("spark.kubernetes.container.image"));
	assert_false(spark_shapes_driver("spark.kubernetes.driver.master"));
	assert_false(spark_shapes_driver("spark.executor.memory"));
	assert_false(spark_shapes_driver("spark.driver.extraJavaOptions"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_driver_s_pod_says_what_it_runs),
		unit_test_with_arena(what_no_client_sends_is_no_driver),
		unit_test_with_arena(what_would_reach_the_node_is_refused_unless_it_is_allowed),
		unit_test_with_arena(what_is_not_the_client_s_to_say_is_refused_always),
		unit_test_with_arena(what_spark_and_its_templates_have_is_taken),
		unit_test_with_arena(what_belongs_to_a_driver_stays_its_own),
		unit_test_with_arena(names_are_kubernetes_own),
		unit_test_with_arena(properties_that_made_the_pod_come_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <string.h>

#include "base/limits.h"
#include "spark/properties.h"

static struct json_object *
new_object(struct spark_plan *plan, const char *version, const char *kind, const char *name)
{
	struct json_object *object = arena_own_json(plan->arena, json_object_new_object());

	json_add_string(object, "apiVersion", version);
	json_add_string(object, "kind", kind);
	json_add_string(spark_child_object(object, "metadata"), "name", name);
	return object;
}

/* The template as JSON, which is YAML too. It is read as a pod, so it says that it is one. */
struct json_object *
spark_template_map(struct spark_plan *plan)
{
	struct json_object *map = new_object(plan, "v1", "ConfigMap", plan->template_map_name);
	AUTO_JSON struct json_object *pod = json_object_new_object();

	json_add_string(pod, "apiVersion", "v1");
	json_add_string(pod, "kind", "Pod");
	json_object_object_foreach(plan->submission->executor_template, key, value)
		json_object_object_add(pod, key, json_object_get(value));
	json_add_string(spark_child_object(map, "data"), "podspec-configmap-key", json_text(pod));
	json_object_object_add(map, "immutable", json_object_new_boolean(true));
	return map;
}

struct json_object *
spark_config_map(struct spark_plan *plan, struct err *err)
{
	struct json_object *map = new_object(plan, "v1", "ConfigMap", plan->config_map_name);
	struct json_object *data = spark_child_object(map, "data");
	AUTO_BUF struct buf text;

	buf_init(&text, LIMIT_CONFIG_MAP_BYTES);
	if (!spark_properties_write(plan->conf, "Java properties of this driver, made by sparkgate", &text)) {
		(void)err_set(err, ERR_INVALID, "the properties are more than the %zu bytes that a config map holds: "
			      "shorten spec.sparkConf", text.limit_bytes);
		return NULL;
	}
	json_add_string(json_member(map, "metadata"), "namespace", plan->submission->namespace);
	json_add_string(data, "spark.properties", buf_str(&text));
	json_add_string(data, "spark.kubernetes.namespace", plan->submission->namespace);
	json_object_object_add(map, "immutable", json_object_new_boolean(true));
	return map;
}

static struct json_object *
add_port(struct json_object *spec, const char *name, int number)
{
	struct json_object *port = json_object_new_object();

	json_add_string(port, "name", name);
	json_add_int(port, "port", number);
	json_add_int(port, "targetPort", number);
	spark_append(spec, "ports", port);
	return port;
}

static void
add_addresses(struct spark_plan *plan, struct json_object *spec)
{
	const char *families = spark_conf_get_or(plan->conf, "spark.kubernetes.driver.service.ipFamilies", "IPv4");
	char *rest, *copy = arena_strdup(plan->arena, families);

	for (char *family = strtok_r(copy, ", ", &rest); family != NULL; family = strtok_r(NULL, ", ", &rest))
		spark_append(spec, "ipFamilies", json_object_new_string(family));
	json_add_string(spec, "ipFamilyPolicy",
			spark_conf_get_or(plan->conf, "spark.kubernetes.driver.service.ipFamilyPolicy", "SingleStack"));
}

/* Headless: its name leads the executors to the driver pod. */
struct json_object *
spark_service(struct spark_plan *plan)
{
	const char *labels = "spark.kubernetes.driver.service.label.";
	const char *annotations = "spark.kubernetes.driver.service.annotation.";
	const char *not_ready = "spark.kubernetes.driver.service.publishNotReadyAddresses";
	struct json_object *service = new_object(plan, "v1", "Service", plan->service_name);
	struct json_object *metadata = json_member(service, "metadata");
	struct json_object *spec = spark_child_object(service, "spec");
	size_t first, end;

	spark_add_prefixed(spark_child_object(metadata, "labels"), plan->conf, labels);
	json_add_string(json_member(metadata, "labels"), "spark-app-selector", plan->submission->app_id);
	spark_conf_range(plan->conf, annotations, &first, &end);
	if (first < end)
		spark_add_prefixed(spark_child_object(metadata, "annotations"), plan->conf, annotations);
	json_add_string(spec, "clusterIP", "None");
	add_addresses(plan, spec);
	json_object_object_add(spec, "selector", json_object_get(plan->labels));
	add_port(spec, "driver-rpc-port", plan->driver_port);
	add_port(spec, "blockmanager", plan->block_manager_port);
	add_port(spec, "spark-ui", plan->ui_port);
	if (plan->connect_port > 0) {
		struct json_object *connect = add_port(spec, "spark-connect", plan->connect_port);

		if (plan->version >= SPARK_SINCE_NETWORK_POLICY)
			json_add_string(connect, "appProtocol", "grpc");
	}
	if (plan->version >= SPARK_SINCE_NO_ESCALATION)
		json_object_object_add(spec, "publishNotReadyAddresses",
				       json_object_new_boolean(spark_conf_is_true(plan->conf, not_ready)));
	return service;
}

static void
add_selector(struct json_object *parent, const char *role, const char *app_id)
{
	struct json_object *labels = spark_child_object(spark_child_object(parent, "podSelector"), "matchLabels");

	if (role != NULL)
		json_add_string(labels, "spark-role", role);
	json_add_string(labels, "spark-app-selector", app_id);
}

/* Executors are reached by pods of the same application only. */
struct json_object *
spark_network_policy(struct spark_plan *plan)
{
	const char *name = arena_printf(plan->arena, "%s-policy", plan->submission->resource_prefix);
	const char *app_id = plan->submission->app_id;
	struct json_object *policy = new_object(plan, "networking.k8s.io/v1", "NetworkPolicy", name);
	struct json_object *metadata = json_member(policy, "metadata"), *spec = spark_child_object(policy, "spec");
	struct json_object *rule = json_object_new_object(), *peer = json_object_new_object();

	json_add_string(metadata, "namespace", plan->submission->namespace);
	json_add_string(spark_child_object(metadata, "labels"), "spark-app-selector", app_id);
	add_selector(spec, "executor", app_id);
	spark_append(spec, "ingress", rule);
	spark_append(rule, "from", peer);
	add_selector(peer, NULL, app_id);
	return policy;
}

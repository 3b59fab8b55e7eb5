/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/driver_request.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define IS_ONE_OF(word, words) text_is_one_of((word), (words), ARRAY_COUNT(words))

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- what it says of itself ---- */

/* The i-th argument as text, or NULL. */
static const char *
argument(struct json_object *container, size_t i)
{
	struct json_object *args = json_member(container, "args"), *arg;

	if (i >= json_count(args))
		return NULL;
	arg = json_object_array_get_idx(args, i);
	return json_object_is_type(arg, json_type_string) ? json_object_get_string(arg) : NULL;
}

static struct json_object *
driver_container(struct json_object *spec)
{
	struct json_object *containers = json_member(spec, "containers");

	for (size_t i = 0; i < json_count(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);

		if (text_is(argument(container, 0), "driver"))
			return container;
	}
	return NULL;
}

static const char *
config_map_of(struct json_object *spec)
{
	struct json_object *volumes = json_member(spec, "volumes");

	for (size_t i = 0; i < json_count(volumes); i++) {
		struct json_object *volume = json_object_array_get_idx(volumes, i);

		if (text_is(json_string(volume, "name"), "spark-conf-volume-driver"))
			return json_string_at(volume, "configMap", "name", NULL);
	}
	return NULL;
}

/* ["driver", options..., "--class", CLASS, RESOURCE, ARG...]: every option of Spark's own is followed by its value. */
static bool
read_arguments(struct spark_driver_request *request, struct err *err)
{
	const char *word;
	size_t i = 1;

	for (; (word = argument(request->container, i)) != NULL && starts_with(word, "--"); i += 2) {
		if (strcmp(word, "--class") == 0)
			request->main_class = argument(request->container, i + 1);
		else if (strcmp(word, "--proxy-user") == 0)
			return err_set(err, ERR_FORBIDDEN, "--proxy-user: nobody may act as somebody else by --master k8s://: "
				       "leave it out");
		else if (strcmp(word, "--properties-file") != 0)
			return err_set(err, ERR_INVALID, "args: '%s' is none of what spark-submit writes for a driver", word);
	}
	request->resource = word;
	return true;
}

bool
spark_driver_request_read(struct json_object *pod, const struct spark_pod_rules *rules,
			  struct spark_driver_request *ret_request, struct err *err)
{
	struct json_object *spec = json_member(pod, "spec"), *labels = json_at(pod, "metadata", "labels", NULL);
	struct spark_driver_request request = {
		.pod_name = json_string_at(pod, "metadata", "name", NULL),
		.app_id = json_string(labels, "spark-app-selector"),
		.config_map = config_map_of(spec),
		.container = driver_container(spec),
		.labels = labels,
	};

	if (!text_is(json_string(pod, "kind"), "Pod") || !text_is(json_string(pod, "apiVersion"), "v1") ||
	    !json_object_is_type(spec, json_type_object))
		return err_set(err, ERR_INVALID, "a Pod of apiVersion v1 is wanted");
	if (!text_is(json_string(labels, "spark-role"), "driver") || request.container == NULL)
		return err_set(err, ERR_FORBIDDEN, "only the pods of Spark's drivers are made here, as spark-submit sends them");
	if (!spark_is_object_name(request.pod_name))
		return err_set(err, ERR_INVALID, "metadata.name: a DNS name in lower case is wanted");
	if (!spark_is_app_id(request.app_id))
		return err_set(err, ERR_INVALID, "metadata.labels: spark-app-selector is wanted, Spark's application id");
	if (!spark_is_object_name(request.config_map))
		return err_set(err, ERR_INVALID, "spec.volumes: spark-conf-volume-driver is wanted, with the driver's config map");
	request.image = json_string(request.container, "image");
	if (!spark_metadata_check(pod, err) || !read_arguments(&request, err) || !spark_pod_check(spec, rules, "driver", err))
		return false;
	*ret_request = request;
	return true;
}

/* ---- what belongs to the driver ---- */

static bool
check_selector(struct json_object *labels, const char *where, const char *app_id, struct err *err)
{
	return text_is(json_string(labels, "spark-app-selector"), app_id) ||
	       err_set(err, ERR_FORBIDDEN, "%s: only pods of its own application, by spark-app-selector", where);
}

static bool
check_service(struct json_object *spec, const char *app_id, struct err *err)
{
	static const char *const known[] = {
		"clusterIP", "clusterIPs", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "ports",
		"publishNotReadyAddresses", "selector", "sessionAffinity", "type",
	};
	const char *type = json_string(spec, "type");

	if (!json_object_is_type(spec, json_type_object))
		return err_set(err, ERR_INVALID, "spec: an object is wanted");
	if (json_member(spec, "type") != NULL && !text_is(type, "ClusterIP"))
		return err_set(err, ERR_FORBIDDEN, "spec.type: only services inside the cluster are made here");
	return spark_members_check(spec, "spec", known, ARRAY_COUNT(known), err) &&
	       check_selector(json_member(spec, "selector"), "spec.selector", app_id, err);
}

static bool
check_network_policy(struct json_object *spec, const char *app_id, struct err *err)
{
	return check_selector(json_at(spec, "podSelector", "matchLabels", NULL), "spec.podSelector.matchLabels", app_id, err);
}

static bool
check_secret(struct json_object *secret, struct err *err)
{
	/* others are filled in by Kubernetes, e.g. with the token of any service account */
	return json_member(secret, "type") == NULL || text_is(json_string(secret, "type"), "Opaque") ||
	       err_set(err, ERR_FORBIDDEN, "type: only secrets of type Opaque are made here");
}

bool
spark_driver_part_check(struct json_object *object, const char *kind, const char *name, const char *app_id, struct err *err)
{
	struct json_object *spec = json_member(object, "spec");

	if (!text_is(json_string(object, "kind"), kind))
		return err_set(err, ERR_INVALID, "kind: %s is wanted, as the path says", kind);
	if (!spark_is_object_name(name) || !text_is(json_string_at(object, "metadata", "name", NULL), name))
		return err_set(err, ERR_INVALID, "metadata.name: the name in the path is wanted");
	if (!spark_metadata_check(object, err))
		return false;
	if (strcmp(kind, "Service") == 0)
		return check_service(spec, app_id, err);
	if (strcmp(kind, "NetworkPolicy") == 0)
		return check_network_policy(spec, app_id, err);
	return strcmp(kind, "Secret") != 0 || check_secret(object, err);
}

bool
spark_shapes_driver(const char *key)
{
	/* What is in the pod by now: spark-submit has read them (Spark 3.5 to 4.3, BasicDriverFeatureStep and its like). */
	static const char *const prefixes[] = {
		"spark.driver.memory", "spark.kubernetes.driver.annotation.", "spark.kubernetes.driver.label.",
		"spark.kubernetes.driver.limit.", "spark.kubernetes.driver.node.selector.", "spark.kubernetes.driver.pod",
		"spark.kubernetes.driver.request.", "spark.kubernetes.driver.secret", "spark.kubernetes.driver.service",
		"spark.kubernetes.driver.volumes.", "spark.kubernetes.driverEnv.", "spark.kubernetes.authenticate.",
	};
	static const char *const keys[] = {
		"spark.driver.cores", "spark.kubernetes.container.image", "spark.kubernetes.driver.container.image",
		"spark.kubernetes.driver.scheduler.name", "spark.kubernetes.namespace",
	};

	for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++) {
		if (starts_with(key, prefixes[i]))
			return true;
	}
	return IS_ONE_OF(key, keys);
}

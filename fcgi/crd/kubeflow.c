/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "batch/validate.h"

/*
 * The operator deletes a finished object, and with it the pods, after this, unless the target says otherwise. A gateway
 * that was away for less still finds the final state and the log.
 */
#define TIME_TO_LIVE_S 86400

/*
 * A driver that is supervised runs again without end: int32 is what the definition allows. The wait grows by this with each
 * run and counts from the run's beginning, so only what fails at once is slowed down.
 */
#define SUPERVISED_RETRIES INT32_MAX
#define SUPERVISED_INTERVAL_S 5

/* What the operator calls unknown: it shows the version and compares it with 3.0.0, nothing more. */
#define SPARK_VERSION_UNKNOWN "3.5.0"

#define LABEL_BYTES 63

static struct json_object *
strings_json(const struct batch_strings *strings)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < strings->count; i++)
		json_object_array_add(array, json_object_new_string(strings->items[i]));
	return array;
}

/* The request's list first, then that of the conf key: the operator would let one replace the other (crds.md 2.4). */
static void
add_list(struct arena *arena, struct json_object *parent, const char *field, const struct batch_strings *strings,
	 struct batch_pairs *conf, const char *conf_key)
{
	struct json_object *array = strings_json(strings);
	const char *more = batch_pairs_take(conf, conf_key);
	char *rest, *copy = arena_strdup(arena, more == NULL ? "" : more);

	for (char *item = strtok_r(copy, ", ", &rest); item != NULL; item = strtok_r(NULL, ", ", &rest))
		json_object_array_add(array, json_object_new_string(item));
	if (json_object_array_length(array) == 0)
		json_object_put(array);
	else
		json_object_object_add(parent, field, array);
}

static void
add_unless_null(struct json_object *object, const char *key, const char *text)
{
	if (text != NULL)
		json_add_string(object, key, text);
}

static const char *
either(const char *first, const char *second)
{
	return first != NULL ? first : second;
}

static bool
parse_count(const char *key, const char *text, int64_t least, int64_t *ret_count, struct err *err)
{
	char *end;
	long long count = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || count < least || count > INT32_MAX)
		return err_set(err, ERR_INVALID, "conf %s: '%s' is not a whole number from %" PRId64, key, text, least);
	*ret_count = count;
	return true;
}

/* A count from the request's field, else from the conf, else none: then nothing is added. */
static bool
add_count(struct json_object *object, const char *field, int given, struct batch_pairs *conf, const char *conf_key,
	  int64_t least, struct err *err)
{
	const char *text = batch_pairs_take(conf, conf_key);
	int64_t count = given;

	if (given <= 0 && text != NULL && !parse_count(conf_key, text, least, &count, err))
		return false;
	if (given > 0 || text != NULL)
		json_add_int(object, field, count);
	return true;
}

static bool
is_true(const char *text)
{
	return text != NULL && strcasecmp(text, "true") == 0;
}

/*
 * The typed block, because the operator's webhook looks for the conf key in a spelling that nobody writes and would
 * then add one fixed executor (crds.md 2.2).
 */
static bool
add_dynamic_allocation(struct json_object *spec, struct batch_pairs *conf, bool *ret_enabled, struct err *err)
{
	static const struct {
		const char *key;
		const char *field;
	} counts[] = {
		{ "spark.dynamicAllocation.initialExecutors", "initialExecutors" },
		{ "spark.dynamicAllocation.minExecutors", "minExecutors" },
		{ "spark.dynamicAllocation.maxExecutors", "maxExecutors" },
	};
	struct json_object *block;
	const char *tracking;

	*ret_enabled = is_true(batch_pairs_get(conf, "spark.dynamicAllocation.enabled"));
	if (!*ret_enabled)
		return true;
	block = json_object_new_object();
	json_object_object_add(spec, "dynamicAllocation", block);
	batch_pairs_take(conf, "spark.dynamicAllocation.enabled");
	json_object_object_add(block, "enabled", json_object_new_boolean(true));
	for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
		if (!add_count(block, counts[i].field, 0, conf, counts[i].key, 0, err))
			return false;
	}
	tracking = batch_pairs_take(conf, "spark.dynamicAllocation.shuffleTracking.enabled");
	if (tracking != NULL)
		json_object_object_add(block, "shuffleTrackingEnabled", json_object_new_boolean(is_true(tracking)));
	return true;
}

struct role {
	const char *name;               /* "driver", "executor" */
	const char *memory;
	int cores;
};

static bool
add_role(struct arena *arena, struct json_object *role, const struct role *given, const struct crd_target *target,
	 struct batch_pairs *conf, struct err *err)
{
	char *memory_key = arena_printf(arena, "spark.%s.memory", given->name);
	char *cores_key = arena_printf(arena, "spark.%s.cores", given->name);
	char *image_key = arena_printf(arena, "spark.kubernetes.%s.container.image", given->name);
	const char *conf_memory = batch_pairs_take(conf, memory_key);

	json_add_string(role, "memory", either(either(given->memory, conf_memory), "1g"));
	if (!add_count(role, "cores", given->cores, conf, cores_key, 1, err))
		return false;
	if (json_member(role, "cores") == NULL)
		json_add_int(role, "cores", 1);
	add_unless_null(role, "image", batch_pairs_take(conf, image_key));
	add_unless_null(role, "serviceAccount", target->service_account);
	return true;
}

static bool
add_executors_count(struct json_object *executor, int given, struct batch_pairs *conf, bool dynamic, struct err *err)
{
	const char *key = "spark.executor.instances";
	const char *text = batch_pairs_take(conf, key);
	int64_t count = given;

	if (given < 0 && text != NULL && !parse_count(key, text, 0, &count, err))
		return false;
	if (given < 0 && text == NULL)
		count = dynamic ? 0 : 1;
	if (count == 0 && !dynamic)
		return err_set(err, ERR_INVALID, "numExecutors: at least 1; for none at the start set "
			       "spark.dynamicAllocation.enabled and spark.dynamicAllocation.minExecutors=0 in conf");
	if (count > 0)
		json_add_int(executor, "instances", count);
	return true;
}

static const char *
application_type(const struct batch_order *order)
{
	static const char *const python[] = { ".py", ".zip", ".egg", ".pex" };
	const char *dot = strrchr(order->file, '.');

	for (size_t i = 0; dot != NULL && i < ARRAY_COUNT(python); i++) {
		if (strcasecmp(dot, python[i]) == 0)
			return "Python";
	}
	return dot != NULL && strcasecmp(dot, ".R") == 0 ? "R" : "Java";
}

/* Defaults below, the request in the middle, what is enforced on top. */
static struct batch_pairs
layer_conf(struct arena *arena, const struct batch_pairs *request, const struct crd_target *target)
{
	const struct batch_pairs *const layers[] = { &target->enforced_conf, request, &target->default_conf };
	struct batch_pairs conf = { 0 };
	size_t most = 0;

	for (size_t i = 0; i < ARRAY_COUNT(layers); i++)
		most += layers[i]->count;
	conf.items = arena_alloc(arena, most * sizeof(conf.items[0]) + 1);
	for (size_t i = 0; i < ARRAY_COUNT(layers); i++) {
		for (size_t k = 0; k < layers[i]->count; k++) {
			if (batch_pairs_get(&conf, layers[i]->items[k].key) == NULL)
				conf.items[conf.count++] = layers[i]->items[k];
		}
	}
	return conf;
}

static void
add_deps(struct arena *arena, struct json_object *spec, const struct batch_order *order, struct batch_pairs *conf)
{
	struct json_object *deps = json_object_new_object();

	json_object_object_add(spec, "deps", deps);
	add_list(arena, deps, "jars", &order->jars, conf, "spark.jars");
	add_list(arena, deps, "pyFiles", &order->py_files, conf, "spark.submit.pyFiles");
	add_list(arena, deps, "files", &order->files, conf, "spark.files");
	add_list(arena, deps, "archives", &order->archives, conf, "spark.archives");
}

/* Used where the operator has a batch scheduler, Volcano or YuniKorn, that knows queues. */
static void
add_queue(struct json_object *spec, const char *queue)
{
	struct json_object *options;

	if (queue == NULL)
		return;
	options = json_object_new_object();
	json_object_object_add(spec, "batchSchedulerOptions", options);
	json_add_string(options, "queue", queue);
}

static bool
add_image(struct json_object *spec, struct batch_pairs *conf, const struct crd_target *target, struct err *err)
{
	const char *image = either(batch_pairs_take(conf, "spark.kubernetes.container.image"), target->image);

	if (image == NULL || image[0] == '\0')
		return err_set(err, ERR_INVALID, "no Spark image: set spark.kubernetes.container.image in conf "
			       "(or image for this cluster in the gateway's configuration)");
	json_add_string(spec, "image", image);
	/* the CRD's own default would be Always for ":latest", which an offline cluster cannot do */
	json_add_string(spec, "imagePullPolicy",
			either(batch_pairs_take(conf, "spark.kubernetes.container.image.pullPolicy"), "IfNotPresent"));
	return true;
}

static void
add_conf(struct json_object *spec, const struct batch_pairs *conf)
{
	struct json_object *map = json_object_new_object();

	for (size_t i = 0; i < conf->count; i++)
		json_add_string(map, conf->items[i].key, conf->items[i].value);
	json_object_object_add(spec, "sparkConf", map);
}

/* What is enforced beats the fields of the request too, not only its conf: a field whose conf key is enforced is forgotten. */
static struct batch_order
forget_enforced(const struct batch_order *order, const struct batch_pairs *enforced)
{
	struct batch_order left = *order;

	if (batch_pairs_get(enforced, "spark.driver.memory") != NULL)
		left.driver_memory = NULL;
	if (batch_pairs_get(enforced, "spark.executor.memory") != NULL)
		left.executor_memory = NULL;
	if (batch_pairs_get(enforced, "spark.driver.cores") != NULL)
		left.driver_cores = 0;
	if (batch_pairs_get(enforced, "spark.executor.cores") != NULL)
		left.executor_cores = 0;
	if (batch_pairs_get(enforced, "spark.executor.instances") != NULL)
		left.executors_count = -1;
	return left;
}

/*
 * Also when it could not be submitted: a cluster that is full, or away, when the driver is to run again must not end it.
 * The intervals are written out, because without the webhook there is no other (crds.md 2.1).
 */
static void
add_restart_policy(struct json_object *spec, bool supervise)
{
	struct json_object *policy = json_object_new_object();

	json_object_object_add(spec, "restartPolicy", policy);
	json_add_string(policy, "type", supervise ? "OnFailure" : "Never");
	if (!supervise)
		return;
	json_add_int(policy, "onFailureRetries", SUPERVISED_RETRIES);
	json_add_int(policy, "onFailureRetryInterval", SUPERVISED_INTERVAL_S);
	json_add_int(policy, "onSubmissionFailureRetries", SUPERVISED_RETRIES);
	json_add_int(policy, "onSubmissionFailureRetryInterval", SUPERVISED_INTERVAL_S);
}

static bool
fill_spec(struct arena *arena, struct json_object *spec, const struct batch_order *order,
	  const struct crd_target *target, struct err *err)
{
	struct batch_pairs conf = layer_conf(arena, &order->conf, target);
	struct json_object *driver = json_object_new_object();
	struct json_object *executor = json_object_new_object();
	const struct role driver_role = { "driver", order->driver_memory, order->driver_cores };
	const struct role executor_role = { "executor", order->executor_memory, order->executor_cores };
	bool dynamic;

	json_object_object_add(spec, "driver", driver);
	json_object_object_add(spec, "executor", executor);
	add_restart_policy(spec, order->supervise);
	json_add_string(spec, "type", application_type(order));
	json_add_string(spec, "mode", "cluster");
	json_add_string(spec, "sparkVersion", either(target->spark_version, SPARK_VERSION_UNKNOWN));
	json_add_string(spec, "mainApplicationFile", order->file);
	add_unless_null(spec, "mainClass", order->class_name);
	json_object_object_add(spec, "arguments", strings_json(&order->args));
	json_add_int(spec, "timeToLiveSeconds",
		     target->time_to_live_s > 0 ? target->time_to_live_s : TIME_TO_LIVE_S);
	add_deps(arena, spec, order, &conf);
	add_queue(spec, order->queue);
	if (!add_image(spec, &conf, target, err) || !add_dynamic_allocation(spec, &conf, &dynamic, err) ||
	    !add_role(arena, driver, &driver_role, target, &conf, err) ||
	    !add_role(arena, executor, &executor_role, target, &conf, err) ||
	    !add_executors_count(executor, order->executors_count, &conf, dynamic, err))
		return false;
	add_conf(spec, &conf);
	return true;
}

bool
crd_kubeflow_spec(struct arena *arena, const struct batch_order *order, const struct crd_target *target,
		  struct json_object **ret_spec, struct err *err)
{
	struct json_object *spec = json_object_new_object();
	const struct batch_order asked = forget_enforced(order, &target->enforced_conf);

	if (!fill_spec(arena, spec, &asked, target, err)) {
		json_object_put(spec);
		return false;
	}
	*ret_spec = spec;
	return true;
}

/* Label values: [A-Za-z0-9] at both ends, also -_. between, at most 63. */
static void
add_name_label(struct json_object *labels, const char *name)
{
	char label[LABEL_BYTES + 1];
	size_t size = 0;

	for (; name != NULL && *name != '\0' && size < LABEL_BYTES; name++) {
		bool letter = isalnum((unsigned char)*name);

		if (letter || (size > 0))
			label[size++] = letter || strchr("-_.", *name) != NULL ? *name : '-';
	}
	while (size > 0 && !isalnum((unsigned char)label[size - 1]))
		size--;
	label[size] = '\0';
	if (size > 0)
		json_add_string(labels, CRD_LABEL_NAME, label);
}

void
crd_add_labels(struct json_object *labels, const struct batch *batch, const char *gateway_key)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, batch->id);
	json_add_string(labels, "app.kubernetes.io/managed-by", "sparkgate");
	json_add_string(labels, CRD_LABEL_GATEWAY, gateway_key);
	json_add_string(labels, CRD_LABEL_BATCH_UID, batch->uid);
	json_add_string(labels, CRD_LABEL_BATCH_ID, id);
	if (batch_is_pod(batch))
		json_add_string(labels, CRD_LABEL_PROTOCOL, batch_protocol_text(batch->protocol));
	else if (batch->operator_kind != NULL && strcmp(batch->operator_kind, CRD_OPERATOR_OWN) == 0)
		json_add_string(labels, CRD_LABEL_OPERATOR, CRD_OPERATOR_OWN);
	add_name_label(labels, batch->name);
}

struct json_object *
crd_kubeflow_object(const struct batch *batch, const char *gateway_key, struct json_object *spec)
{
	struct json_object *object = json_object_new_object();
	struct json_object *metadata = json_object_new_object();
	struct json_object *labels = json_object_new_object();

	crd_add_labels(labels, batch, gateway_key);
	json_add_string(metadata, "name", batch->object_name);
	json_add_string(metadata, "namespace", batch->namespace);
	json_object_object_add(metadata, "labels", labels);
	json_add_string(object, "apiVersion", "sparkoperator.k8s.io/v1beta2");
	json_add_string(object, "kind", "SparkApplication");
	json_object_object_add(object, "metadata", metadata);
	json_object_object_add(object, "spec", json_object_get(spec));
	return object;
}

char *
crd_kubeflow_path(struct arena *arena, const char *namespace, const char *name)
{
	return arena_printf(arena, "/apis/sparkoperator.k8s.io/v1beta2/namespaces/%s/sparkapplications%s%s", namespace,
			    name == NULL ? "" : "/", name == NULL ? "" : name);
}

void
crd_add_executor_labels(struct json_object *labels, const struct batch *batch, const char *gateway_key)
{
	crd_add_labels(labels, batch, gateway_key);
	json_add_string(labels, CRD_LABEL_PROTOCOL, CRD_PROTOCOL_EXECUTORS);
}

const char *
crd_executors_selector(struct arena *arena, const struct batch *batch, const char *gateway_key)
{
	return arena_printf(arena, CRD_LABEL_GATEWAY "=%s," CRD_LABEL_PROTOCOL "=" CRD_PROTOCOL_EXECUTORS ","
			    CRD_LABEL_BATCH_UID "=%s", gateway_key, batch->uid);
}

bool
crd_is_executors(struct json_object *object, const char *gateway_key)
{
	struct json_object *labels = json_at(object, "metadata", "labels", NULL);

	return text_is(json_string(labels, CRD_LABEL_GATEWAY), gateway_key) &&
	       text_is(json_string(labels, CRD_LABEL_PROTOCOL), CRD_PROTOCOL_EXECUTORS);
}

const char *
crd_pods_selector(struct arena *arena, const char *gateway_key)
{
	return arena_printf(arena, CRD_LABEL_GATEWAY "=%s," CRD_LABEL_PROTOCOL "=%s", gateway_key,
			    batch_protocol_text(BATCH_K8S));
}

char *
crd_object_path(struct arena *arena, const struct batch *batch)
{
	if (batch_is_pod(batch))
		return arena_printf(arena, "/api/v1/namespaces/%s/pods/%s", batch->namespace, batch->driver_pod);
	return crd_kubeflow_path(arena, batch->namespace, batch->object_name);
}

const char *
crd_name_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "name", NULL);
}

const char *
crd_uid_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "uid", NULL);
}

const char *
crd_batch_uid(struct json_object *object)
{
	return json_string_at(object, "metadata", "labels", CRD_LABEL_BATCH_UID, NULL);
}

bool
crd_is_another(struct json_object *object, const struct batch *batch)
{
	const char *uid = json_string_at(object, "metadata", "uid", NULL);

	return batch->object_uid != NULL && uid != NULL && strcmp(batch->object_uid, uid) != 0;
}

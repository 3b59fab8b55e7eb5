/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* By this class the operator knows that pyFiles begins with the program (contract crds.md 4.2). */
#define PYTHON_RUNNER "org.apache.spark.deploy.PythonRunner"

#define VOLCANO_FEATURE_STEP "org.apache.spark.deploy.k8s.features.VolcanoFeatureStep"

/* Where Spark may write what it downloads for spark.jars.packages; its own default is the home of a user without one. */
#define IVY_DIRECTORY "/tmp/.ivy2"

/* With commas between; NULL when there is nothing. In one piece: a list may be as long as a request. */
static const char *
joined(struct arena *arena, const char *first, const struct batch_strings *strings)
{
	size_t size = first == NULL ? 0 : strlen(first) + 1;
	char *text, *end;

	for (size_t i = 0; i < strings->count; i++)
		size += strlen(strings->items[i]) + 1;
	if (size == 0)
		return NULL;
	text = arena_alloc(arena, size);
	end = first == NULL ? text : stpcpy(text, first);
	for (size_t i = 0; i < strings->count; i++) {
		if (end != text)
			*end++ = ',';
		end = stpcpy(end, strings->items[i]);
	}
	return text;
}

static void
add_list(struct arena *arena, struct json_object *conf, const char *key, const struct batch_strings *strings)
{
	crd_add_unless_null(conf, key, joined(arena, NULL, strings));
}

static void
add_count(struct arena *arena, struct json_object *conf, const char *key, int64_t count)
{
	json_add_string(conf, key, arena_printf(arena, "%" PRId64, count));
}

static bool
refuse_comma(const char *field, const char *uri, struct err *err)
{
	return strchr(uri, ',') == NULL ||
	       err_set(err, ERR_INVALID, "%s: a comma parts two files in a SparkApplication of spark.apache.org/v1, so "
		       "none may have one in its name: %s", field, uri);
}

/* The program, by its language; lists go to the conf, because spec.files is never read and spec.jars is one URI (4.1). */
static bool
add_program(struct arena *arena, struct json_object *spec, struct json_object *conf, const struct crd_wanted *wanted,
	    struct err *err)
{
	const char *file = wanted->order->file;

	if (!refuse_comma("file", file, err))
		return false;
	for (size_t i = 0; i < wanted->order->py_files.count; i++) {
		if (!refuse_comma("pyFiles", wanted->order->py_files.items[i], err))
			return false;
	}
	if (wanted->language == CRD_PYTHON) {
		json_add_string(spec, "mainClass", PYTHON_RUNNER);
		json_add_string(spec, "pyFiles", joined(arena, file, &wanted->py_files));
		return true;
	}
	json_add_string(spec, wanted->language == CRD_R ? "sparkRFiles" : "jars", file);
	crd_add_unless_null(spec, "mainClass", wanted->order->class_name);
	add_list(arena, conf, "spark.submit.pyFiles", &wanted->py_files);
	return true;
}

static void
add_role(struct arena *arena, struct json_object *conf, const char *name, const struct crd_role *role)
{
	crd_add_unless_null(conf, arena_printf(arena, "spark.%s.memory", name), role->memory);
	if (role->cores > 0)
		add_count(arena, conf, arena_printf(arena, "spark.%s.cores", name), role->cores);
	crd_add_unless_null(conf, arena_printf(arena, "spark.kubernetes.%s.container.image", name), role->image);
	crd_add_unless_null(conf, arena_printf(arena, "spark.kubernetes.authenticate.%s.serviceAccountName", name),
			    role->service_account);
}

/* Spark finds its container in a template by this property, else it takes the first (contract crds.md 7.1). */
static void
add_template(struct arena *arena, struct json_object *spec, struct json_object *conf, const char *name,
	     const struct crd_wanted *wanted, const struct crd_role *role, const char *container)
{
	struct json_object *template = crd_pod_template(wanted, role, container), *role_spec;

	if (template == NULL)
		return;
	role_spec = json_object_new_object();
	json_object_object_add(role_spec, "podTemplateSpec", template);
	json_object_object_add(spec, arena_printf(arena, "%sSpec", name), role_spec);
	json_add_string(conf, arena_printf(arena, "spark.kubernetes.%s.podTemplateContainerName", name), container);
}

/* As many executors as with the other definition: Spark itself would begin with two. */
static void
add_executors(struct arena *arena, struct json_object *conf, const struct crd_wanted *wanted)
{
	if (wanted->executors_count > 0)
		add_count(arena, conf, "spark.executor.instances", wanted->executors_count);
	if (!wanted->dynamic)
		return;
	json_add_string(conf, "spark.dynamicAllocation.enabled", "true");
	for (size_t i = 0; i < CRD_DYNAMIC_COUNT; i++) {
		if (wanted->dynamic_counts[i] >= 0)
			add_count(arena, conf, crd_dynamic_keys[i], wanted->dynamic_counts[i]);
	}
	crd_add_unless_null(conf, "spark.dynamicAllocation.shuffleTracking.enabled", wanted->shuffle_tracking);
}

static void
add_volcano(struct arena *arena, struct json_object *conf, const char *queue, const char *priority_class)
{
	struct json_object *group, *group_spec;

	json_add_string(conf, "spark.kubernetes.driver.pod.featureSteps", VOLCANO_FEATURE_STEP);
	json_add_string(conf, "spark.kubernetes.executor.pod.featureSteps", VOLCANO_FEATURE_STEP);
	if (queue == NULL && priority_class == NULL)
		return;
	group = arena_own_json(arena, json_object_new_object());
	group_spec = json_object_new_object();
	json_add_string(group, "apiVersion", "scheduling.volcano.sh/v1beta1");
	json_add_string(group, "kind", "PodGroup");
	json_object_object_add(group, "spec", group_spec);
	crd_add_unless_null(group_spec, "queue", queue);
	crd_add_unless_null(group_spec, "priorityClassName", priority_class);
	json_add_string(conf, "spark.kubernetes.scheduler.volcano.podGroupTemplateJson", json_text(group));
}

static void
add_yunikorn(struct json_object *conf, const char *queue)
{
	crd_add_unless_null(conf, "spark.kubernetes.driver.label.queue", queue);
	crd_add_unless_null(conf, "spark.kubernetes.executor.label.queue", queue);
	json_add_string(conf, "spark.kubernetes.driver.annotation.yunikorn.apache.org/app-id", "{{APP_ID}}");
	json_add_string(conf, "spark.kubernetes.executor.annotation.yunikorn.apache.org/app-id", "{{APP_ID}}");
}

/* This operator suspends nothing, so Kueue admits pod by pod, which it does for plain pods with its label. */
static bool
add_kueue(struct json_object *conf, const char *queue, struct err *err)
{
	if (queue != NULL && !crd_check_kueue_queue(queue, err))
		return false;
	crd_add_unless_null(conf, "spark.kubernetes.driver.label." CRD_LABEL_KUEUE_QUEUE, queue);
	crd_add_unless_null(conf, "spark.kubernetes.executor.label." CRD_LABEL_KUEUE_QUEUE, queue);
	return true;
}

/* There is no field for it: by Spark's own properties for the scheduler that the cluster has (contract crds.md 6.1). */
static bool
add_queue(struct arena *arena, struct json_object *conf, const struct crd_wanted *wanted, struct err *err)
{
	const char *scheduler = wanted->target->batch_scheduler, *queue = wanted->order->queue;

	if (scheduler == NULL)
		return queue == NULL ||
		       err_set(err, ERR_INVALID, "queue: this cluster has no batch scheduler that knows queues; leave it out "
			       "(or set batch_scheduler for this cluster in the gateway's configuration)");
	if (text_is(scheduler, CRD_KUEUE))
		return add_kueue(conf, queue, err);
	json_add_string(conf, "spark.kubernetes.scheduler.name", scheduler);
	if (text_is(scheduler, "volcano"))
		add_volcano(arena, conf, queue, wanted->scheduling.priority_class);
	else
		add_yunikorn(conf, queue);
	return true;
}

/*
 * A driver that waits, for a node, a quota or a queue, is not failed for it: the operator's three timeouts are off (rule 6).
 * Its pod, and its log, stay as long as the object (rule 5).
 */
static void
add_tolerations(struct json_object *spec, const struct crd_wanted *wanted)
{
	struct json_object *tolerations = json_object_new_object();
	struct json_object *timeouts = json_object_new_object(), *restart = json_object_new_object();
	int64_t stays_ms = (int64_t)crd_time_to_live_s(wanted->target) * 1000;

	json_object_object_add(spec, "applicationTolerations", tolerations);
	json_object_object_add(tolerations, "applicationTimeoutConfig", timeouts);
	json_add_int(timeouts, "driverStartTimeoutMillis", 0);
	json_add_int(timeouts, "driverReadyTimeoutMillis", 0);
	json_add_int(timeouts, "executorStartTimeoutMillis", 0);
	json_object_object_add(tolerations, "restartConfig", restart);
	json_add_string(restart, "restartPolicy", wanted->order->supervise ? "OnFailure" : "Never");
	if (wanted->order->supervise) {
		json_add_int(restart, "maxRestartAttempts", CRD_SUPERVISED_RUNS);
		json_add_int(restart, "restartBackoffMillis", CRD_SUPERVISED_INTERVAL_S * 1000);
	}
	json_add_string(tolerations, "resourceRetainPolicy", "Always");
	json_add_int(tolerations, "resourceRetainDurationMillis", stays_ms);
	json_add_int(tolerations, "ttlAfterStopMillis", stays_ms);
}

static bool
write_spec(struct arena *arena, const struct crd_wanted *wanted, struct json_object *spec, struct err *err)
{
	struct json_object *conf = crd_pairs(&wanted->conf), *versions = json_object_new_object();
	const char *version = wanted->target->spark_version;

	json_object_object_add(spec, "sparkConf", conf);
	json_object_object_add(spec, "runtimeVersions", versions);
	json_add_string(versions, "sparkVersion", version != NULL ? version : CRD_SPARK_VERSION_UNKNOWN);
	json_add_string(spec, "deploymentMode", "ClusterMode");
	json_object_object_add(spec, "driverArgs", crd_strings(&wanted->order->args));
	crd_add_unless_null(spec, "proxyUser", wanted->order->proxy_user);
	add_tolerations(spec, wanted);
	add_list(arena, conf, "spark.jars", &wanted->jars);
	add_list(arena, conf, "spark.files", &wanted->files);
	add_list(arena, conf, "spark.archives", &wanted->archives);
	if (json_member(conf, "spark.jars.packages") != NULL && json_member(conf, "spark.jars.ivy") == NULL)
		json_add_string(conf, "spark.jars.ivy", IVY_DIRECTORY);
	json_add_string(conf, "spark.kubernetes.container.image", wanted->image);
	crd_add_unless_null(conf, "spark.kubernetes.container.image.pullPolicy", wanted->pull_policy);
	add_role(arena, conf, "driver", &wanted->driver);
	add_role(arena, conf, "executor", &wanted->executor);
	add_template(arena, spec, conf, "driver", wanted, &wanted->driver, CRD_DRIVER_CONTAINER);
	add_template(arena, spec, conf, "executor", wanted, &wanted->executor, CRD_EXECUTOR_CONTAINER);
	add_executors(arena, conf, wanted);
	return add_program(arena, spec, conf, wanted, err) && add_queue(arena, conf, wanted, err);
}

/* The operator copies no labels to the pods: Spark does, by these properties (contract crds.md 4.3). */
static void
finish_spec(struct json_object *spec, const char *name, struct json_object *labels)
{
	static const char *const roles[] = { "driver", "executor" };
	struct json_object *conf = json_member(spec, "sparkConf");
	char key[128];

	json_add_string(conf, "spark.app.name", name);
	for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
		json_object_object_foreach(labels, label, value) {
			snprintf(key, sizeof(key), "spark.kubernetes.%s.label.%s", roles[i], label); /* labels of ours: short */
			json_add_string(conf, key, json_object_get_string(value));
		}
	}
}

/* Of its last attempt, which are counted from 0 (contract crds.md 4.3; names of ours are short enough). */
static const char *
driver_pod(struct arena *arena, const struct batch *batch)
{
	int attempts = batch->attempts - batch->retries;

	return arena_printf(arena, "%s-%d-driver", batch->object_name, attempts > 0 ? attempts - 1 : 0);
}

const struct crd crd_apache = {
	.api = "spark.apache.org/v1",
	.write_spec = write_spec,
	.finish_spec = finish_spec,
	.sight = crd_apache_sight,
	.pod_knows_more = crd_apache_pod_knows_more,
	.ends_with_driver = crd_apache_ends_with_driver,
	.state = crd_apache_state,
	.driver_pod = driver_pod,
	.name_label = "spark.operator/spark-app-name",
};

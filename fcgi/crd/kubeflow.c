/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd_priv.h"

#include "base/json.h"
#include "base/text.h"
#include "spark/pod_json.h"

static void
add_list(struct json_object *parent, const char *field, const struct batch_strings *strings)
{
	if (strings->count > 0)
		json_object_object_add(parent, field, crd_strings(strings));
}

/*
 * The typed block, because the operator's webhook looks for the conf key in a spelling that nobody writes and would
 * then add one fixed executor (crds.md 2.2).
 */
static void
add_dynamic_allocation(struct json_object *spec, const struct crd_wanted *wanted)
{
	static const char *const fields[CRD_DYNAMIC_COUNT] = {
		[CRD_DYNAMIC_INITIAL] = "initialExecutors",
		[CRD_DYNAMIC_MIN] = "minExecutors",
		[CRD_DYNAMIC_MAX] = "maxExecutors",
	};
	struct json_object *block;

	if (!wanted->dynamic)
		return;
	block = json_object_new_object();
	json_object_object_add(spec, "dynamicAllocation", block);
	json_object_object_add(block, "enabled", json_object_new_boolean(true));
	for (size_t i = 0; i < CRD_DYNAMIC_COUNT; i++) {
		if (wanted->dynamic_counts[i] >= 0)
			json_add_int(block, fields[i], wanted->dynamic_counts[i]);
	}
	if (wanted->shuffle_tracking != NULL)
		json_object_object_add(block, "shuffleTrackingEnabled",
				       json_object_new_boolean(text_is(wanted->shuffle_tracking, "true")));
}

/* Memory and cores are always there: without the operator's webhook nobody else writes them (crds.md, rule 9). */
static struct json_object *
add_role(struct json_object *spec, const char *name, const struct crd_wanted *wanted, const struct crd_role *wanted_role,
	 const char *container)
{
	struct json_object *role = json_object_new_object();
	struct json_object *template = crd_pod_template(wanted, wanted_role, container);

	json_object_object_add(spec, name, role);
	json_add_string(role, "memory", wanted_role->memory != NULL ? wanted_role->memory : "1g");
	json_add_int(role, "cores", wanted_role->cores > 0 ? wanted_role->cores : 1);
	crd_add_unless_null(role, "image", wanted_role->image);
	crd_add_unless_null(role, "serviceAccount", wanted_role->service_account);
	if (template != NULL)
		json_object_object_add(role, "template", template);
	return role;
}

static void
add_deps(struct json_object *spec, const struct crd_wanted *wanted)
{
	struct json_object *deps = json_object_new_object();

	json_object_object_add(spec, "deps", deps);
	add_list(deps, "jars", &wanted->jars);
	add_list(deps, "pyFiles", &wanted->py_files);
	add_list(deps, "files", &wanted->files);
	add_list(deps, "archives", &wanted->archives);
}

/* Kueue is no scheduler: it holds the whole application back, by its spec.suspend (contract crds.md 2.6). */
static bool
add_kueue(struct json_object *spec, const char *queue, struct err *err)
{
	struct json_object *labels;

	if (queue == NULL)
		return true;
	if (!crd_check_kueue_queue(queue, err))
		return false;
	labels = json_object_new_object();
	json_add_string(labels, CRD_LABEL_KUEUE_QUEUE, queue);
	json_object_object_add(spark_child_object(spec, "metadata"), "labels", labels);
	return true;
}

/*
 * The queue also without a scheduler: an operator that has none leaves it alone. Of the schedulers Volcano asks the group of
 * pods for its priority, and not the pods.
 */
static bool
add_queue(struct json_object *spec, const struct crd_wanted *wanted, struct err *err)
{
	const char *scheduler = wanted->target->batch_scheduler, *queue = wanted->order->queue;
	struct json_object *options;

	if (text_is(scheduler, CRD_KUEUE))
		return add_kueue(spec, queue, err);
	crd_add_unless_null(spec, "batchScheduler", scheduler);
	options = json_object_new_object();
	crd_add_unless_null(options, "queue", queue);
	if (text_is(scheduler, "volcano"))
		crd_add_unless_null(options, "priorityClassName", wanted->scheduling.priority_class);
	if (json_object_object_length(options) > 0)
		json_object_object_add(spec, "batchSchedulerOptions", options);
	else
		json_object_put(options);
	return true;
}

/*
 * Also when it could not be submitted: a cluster that is full, or away, when the driver is to run again must not end it.
 * The intervals are written out, because without the webhook there is no other (crds.md 2.1). They grow with each run and
 * count from the run's beginning, so only what fails at once is slowed down.
 */
static void
add_restart_policy(struct json_object *spec, bool supervise)
{
	struct json_object *policy = json_object_new_object();

	json_object_object_add(spec, "restartPolicy", policy);
	json_add_string(policy, "type", supervise ? "OnFailure" : "Never");
	if (!supervise)
		return;
	json_add_int(policy, "onFailureRetries", CRD_SUPERVISED_RUNS);
	json_add_int(policy, "onFailureRetryInterval", CRD_SUPERVISED_INTERVAL_S);
	json_add_int(policy, "onSubmissionFailureRetries", CRD_SUPERVISED_RUNS);
	json_add_int(policy, "onSubmissionFailureRetryInterval", CRD_SUPERVISED_INTERVAL_S);
}

static bool
write_spec(struct arena *arena, const struct crd_wanted *wanted, struct json_object *spec, struct err *err)
{
	static const char *const types[] = { [CRD_JAVA] = "Java", [CRD_PYTHON] = "Python", [CRD_R] = "R" };
	const char *version = wanted->target->spark_version;
	struct json_object *executor;

	(void)arena;
	add_role(spec, "driver", wanted, &wanted->driver, CRD_DRIVER_CONTAINER);
	executor = add_role(spec, "executor", wanted, &wanted->executor, CRD_EXECUTOR_CONTAINER);
	if (wanted->executors_count > 0)
		json_add_int(executor, "instances", wanted->executors_count);
	add_restart_policy(spec, wanted->order->supervise);
	json_add_string(spec, "type", types[wanted->language]);
	json_add_string(spec, "mode", "cluster");
	json_add_string(spec, "sparkVersion", version != NULL ? version : CRD_SPARK_VERSION_UNKNOWN);
	json_add_string(spec, "mainApplicationFile", wanted->order->file);
	crd_add_unless_null(spec, "mainClass", wanted->order->class_name);
	crd_add_unless_null(spec, "proxyUser", wanted->order->proxy_user);
	json_object_object_add(spec, "arguments", crd_strings(&wanted->order->args));
	json_add_int(spec, "timeToLiveSeconds", crd_time_to_live_s(wanted->target));
	add_deps(spec, wanted);
	json_add_string(spec, "image", wanted->image);
	json_add_string(spec, "imagePullPolicy", wanted->pull_policy != NULL ? wanted->pull_policy : CRD_PULL_POLICY);
	add_dynamic_allocation(spec, wanted);
	json_object_object_add(spec, "sparkConf", crd_pairs(&wanted->conf));
	return add_queue(spec, wanted, err);
}

/* Spark's own name for it, which the operator keeps; no template of ours changes it (contract crds.md 2.3). */
static const char *
driver_pod(struct arena *arena, const struct batch *batch)
{
	return arena_printf(arena, "%s-driver", batch->object_name);
}

const struct crd crd_kubeflow = {
	.api = "sparkoperator.k8s.io/v1beta2",
	.write_spec = write_spec,
	.sight = crd_kubeflow_sight,
	.pod_knows_more = crd_kubeflow_pod_knows_more,
	.ends_with_driver = crd_kubeflow_ends_with_driver,
	.state = crd_kubeflow_state,
	.driver_pod = driver_pod,
};

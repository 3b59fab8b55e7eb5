/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/submission_priv.h"

#include <string.h>

/* One field of the contract's table (crds.md 2.1). What is done somewhere has no remedy. */
struct field {
	const char *name;
	const char *remedy;
};

static const struct field spec_fields[] = {
	{ "arguments", NULL },
	{ "batchScheduler", "leave it out, or set driver.schedulerName and executor.schedulerName" },
	{ "batchSchedulerOptions", "leave it out; queues need an operator with batch scheduling" },
	{ "deps", NULL },
	{ "driver", NULL },
	{ "driverIngressOptions", "leave it out and create the Ingress beside the application" },
	{ "driverPodDisruptionBudget", "leave it out and create the PodDisruptionBudget beside the application" },
	{ "dynamicAllocation", NULL },
	{ "executor", NULL },
	{ "failureRetries", NULL },             /* legacy: the operator ignores these two as well */
	{ "hadoopConf", NULL },
	{ "hadoopConfigMap", NULL },
	{ "image", NULL },
	{ "imagePullPolicy", NULL },
	{ "imagePullSecrets", NULL },
	{ "mainApplicationFile", NULL },
	{ "mainClass", NULL },
	{ "memoryOverheadFactor", NULL },
	{ "mode", NULL },
	{ "monitoring", "set spark.ui.prometheus.enabled and spark.metrics.conf.* in sparkConf" },
	{ "nodeSelector", NULL },
	{ "proxyUser", NULL },
	{ "pythonVersion", NULL },
	{ "restartPolicy", NULL },              /* the reconcile loop's, as are suspend and timeToLiveSeconds */
	{ "retryInterval", NULL },
	{ "sparkConf", NULL },
	{ "sparkConfigMap", NULL },
	{ "sparkUIOptions", "leave it out; the driver's service has the port spark-ui" },
	{ "sparkVersion", NULL },
	{ "suspend", NULL },
	{ "timeToLiveSeconds", NULL },
	{ "type", NULL },
	{ "volumes", NULL },
	{ NULL, NULL },
};

static const struct field role_fields[] = {
	{ "affinity", NULL },
	{ "annotations", NULL },
	{ "configMaps", NULL },
	{ "coreLimit", NULL },
	{ "coreRequest", NULL },
	{ "cores", NULL },
	{ "dnsConfig", NULL },
	{ "env", NULL },
	{ "envFrom", NULL },
	{ "envSecretKeyRefs", NULL },
	{ "envVars", NULL },
	{ "gpu", NULL },
	{ "hostAliases", NULL },
	{ "hostNetwork", NULL },
	{ "image", NULL },
	{ "initContainers", NULL },
	{ "javaOptions", NULL },
	{ "labels", NULL },
	{ "lifecycle", NULL },
	{ "memory", NULL },
	{ "memoryOverhead", NULL },
	{ "nodeSelector", NULL },
	{ "podSecurityContext", NULL },
	{ "ports", NULL },
	{ "priorityClassName", NULL },
	{ "schedulerName", NULL },
	{ "secrets", NULL },
	{ "securityContext", NULL },
	{ "serviceAccount", NULL },
	{ "shareProcessNamespace", NULL },
	{ "sidecars", NULL },
	{ "template", NULL },
	{ "terminationGracePeriodSeconds", NULL },
	{ "tolerations", NULL },
	{ "volumeMounts", NULL },
	{ NULL, NULL },
};

static const struct field own_fields[SUBMISSION_ROLE_COUNT][6] = {
	[SUBMISSION_DRIVER] = {
		{ "kubernetesMaster", NULL },
		{ "memoryLimit", NULL },
		{ "podName", NULL },
		{ "serviceAnnotations", NULL },
		{ "serviceLabels", NULL },
		{ NULL, NULL },
	},
	[SUBMISSION_EXECUTOR] = {
		{ "deleteOnTermination", NULL },
		{ "instances", NULL },
		/* the driver sets the limit in each pod that it makes, over any template */
		{ "memoryLimit", "raise executor.memoryOverhead instead, which raises request and limit" },
		{ NULL, NULL },
	},
};

static const struct field deps_fields[] = {
	{ "archives", NULL }, { "excludePackages", NULL }, { "files", NULL },        { "jars", NULL },
	{ "packages", NULL }, { "pyFiles", NULL },         { "repositories", NULL }, { NULL, NULL },
};

static const struct field allocation_fields[] = {
	{ "enabled", NULL },
	{ "initialExecutors", NULL },
	{ "maxExecutors", NULL },
	{ "minExecutors", NULL },
	{ "shuffleTrackingEnabled", NULL },
	{ "shuffleTrackingTimeout", NULL },
	{ NULL, NULL },
};

const char *
crd_role_text(enum submission_role role)
{
	return role == SUBMISSION_DRIVER ? "driver" : "executor";
}

bool
crd_field_is_empty(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return true;
	case json_type_boolean:
		return !json_object_get_boolean(value);
	case json_type_string:
		return json_object_get_string_len(value) == 0;
	case json_type_array:
		return json_object_array_length(value) == 0;
	case json_type_object: {
		json_object_object_foreach(value, key, member) {
			(void)key;
			if (!crd_field_is_empty(member))
				return false;
		}
		return true;
	}
	default:
		return false;
	}
}

static const struct field *
find(const struct field *fields, const char *name)
{
	for (; fields->name != NULL; fields++) {
		if (strcmp(fields->name, name) == 0)
			return fields;
	}
	return NULL;
}

/* `own` may be NULL. */
static bool
check_object(struct json_object *object, const char *path, const struct field *fields, const struct field *own,
	     struct err *err)
{
	if (object == NULL)
		return true;
	if (!json_object_is_type(object, json_type_object))
		return err_set(err, ERR_INVALID, "%s: an object is wanted", path);
	json_object_object_foreach(object, key, value) {
		const struct field *field = find(fields, key);

		if (field == NULL && own != NULL)
			field = find(own, key);
		if (field == NULL)
			return err_set(err, ERR_INVALID, "%s.%s: no such field in sparkoperator.k8s.io/v1beta2; is it "
				       "misspelt?", path, key);
		if (field->remedy != NULL && !crd_field_is_empty(value))
			return err_set(err, ERR_INVALID, "%s.%s: not supported by the built-in operator; %s", path, key,
				       field->remedy);
	}
	return true;
}

bool
crd_submission_check_fields(const struct submission_work *work, struct err *err)
{
	if (!check_object(work->spec, "spec", spec_fields, NULL, err) ||
	    !check_object(json_member(work->spec, "deps"), "spec.deps", deps_fields, NULL, err) ||
	    !check_object(json_member(work->spec, "dynamicAllocation"), "spec.dynamicAllocation", allocation_fields,
			  NULL, err))
		return false;
	for (enum submission_role role = 0; role < SUBMISSION_ROLE_COUNT; role++) {
		const char *path = role == SUBMISSION_DRIVER ? "spec.driver" : "spec.executor";

		if (!check_object(work->roles[role], path, role_fields, own_fields[role], err))
			return false;
	}
	return true;
}

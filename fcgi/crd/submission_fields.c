/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/submission_priv.h"

#include <string.h>

/* One field of the contract's table (crds.md 2.1). What is done somewhere has no remedy. */
struct field {
	const char *name;
	enum json_type type;
	const char *remedy;
};

static const struct field spec_fields[] = {
	{ "arguments", json_type_array, NULL },
	{ "batchScheduler", json_type_string, "leave it out, or set driver.schedulerName and executor.schedulerName" },
	/* of effect with a batchScheduler only; Livy's clients name a queue, meant for YARN, where there is none */
	{ "batchSchedulerOptions", json_type_object, NULL },
	{ "deps", json_type_object, NULL },
	{ "driver", json_type_object, NULL },
	{ "driverIngressOptions", json_type_array, "leave it out and create the Ingress beside the application" },
	{ "driverPodDisruptionBudget", json_type_boolean, "leave it out and create the budget beside the application" },
	{ "dynamicAllocation", json_type_object, NULL },
	{ "executor", json_type_object, NULL },
	{ "failureRetries", json_type_int, NULL },
	{ "hadoopConf", json_type_object, NULL },
	{ "hadoopConfigMap", json_type_string, NULL },
	{ "image", json_type_string, NULL },
	{ "imagePullPolicy", json_type_string, NULL },
	{ "imagePullSecrets", json_type_array, NULL },
	{ "mainApplicationFile", json_type_string, NULL },
	{ "mainClass", json_type_string, NULL },
	{ "memoryOverheadFactor", json_type_string, NULL },
	{ "mode", json_type_string, NULL },
	{ "monitoring", json_type_object, "set spark.ui.prometheus.enabled and spark.metrics.conf.* in sparkConf" },
	{ "nodeSelector", json_type_object, NULL },
	{ "proxyUser", json_type_string, NULL },
	{ "pythonVersion", json_type_string, NULL },
	/* the caller's, as are suspend and timeToLiveSeconds; failureRetries and retryInterval are legacy, of no effect */
	{ "restartPolicy", json_type_object, NULL },
	{ "retryInterval", json_type_int, NULL },
	{ "sparkConf", json_type_object, NULL },
	{ "sparkConfigMap", json_type_string, NULL },
	{ "sparkUIOptions", json_type_object, NULL },
	{ "sparkVersion", json_type_string, NULL },
	{ "suspend", json_type_boolean, NULL },
	{ "timeToLiveSeconds", json_type_int, NULL },
	{ "type", json_type_string, NULL },
	{ "volumes", json_type_array, NULL },
	{ NULL, json_type_null, NULL },
};

static const struct field role_fields[] = {
	{ "affinity", json_type_object, NULL },
	{ "annotations", json_type_object, NULL },
	{ "configMaps", json_type_array, NULL },
	{ "coreLimit", json_type_string, NULL },
	{ "coreRequest", json_type_string, NULL },
	{ "cores", json_type_int, NULL },
	{ "dnsConfig", json_type_object, NULL },
	{ "env", json_type_array, NULL },
	{ "envFrom", json_type_array, NULL },
	{ "envSecretKeyRefs", json_type_object, NULL },
	{ "envVars", json_type_object, NULL },
	{ "gpu", json_type_object, NULL },
	{ "hostAliases", json_type_array, NULL },
	{ "hostNetwork", json_type_boolean, NULL },
	{ "image", json_type_string, NULL },
	{ "initContainers", json_type_array, NULL },
	{ "javaOptions", json_type_string, NULL },
	{ "labels", json_type_object, NULL },
	{ "lifecycle", json_type_object, NULL },
	{ "memory", json_type_string, NULL },
	{ "memoryOverhead", json_type_string, NULL },
	{ "nodeSelector", json_type_object, NULL },
	{ "podSecurityContext", json_type_object, NULL },
	{ "ports", json_type_array, NULL },
	{ "priorityClassName", json_type_string, NULL },
	{ "schedulerName", json_type_string, NULL },
	{ "secrets", json_type_array, NULL },
	{ "securityContext", json_type_object, NULL },
	{ "serviceAccount", json_type_string, NULL },
	{ "shareProcessNamespace", json_type_boolean, NULL },
	{ "sidecars", json_type_array, NULL },
	{ "template", json_type_object, NULL },
	{ "terminationGracePeriodSeconds", json_type_int, NULL },
	{ "tolerations", json_type_array, NULL },
	{ "volumeMounts", json_type_array, NULL },
	{ NULL, json_type_null, NULL },
};

static const struct field own_fields[SUBMISSION_ROLE_COUNT][6] = {
	[SUBMISSION_DRIVER] = {
		{ "kubernetesMaster", json_type_string, NULL },
		{ "memoryLimit", json_type_string, NULL },
		{ "podName", json_type_string, NULL },
		{ "serviceAnnotations", json_type_object, NULL },
		{ "serviceLabels", json_type_object, NULL },
		{ NULL, json_type_null, NULL },
	},
	[SUBMISSION_EXECUTOR] = {
		{ "deleteOnTermination", json_type_boolean, NULL },
		{ "instances", json_type_int, NULL },
		/* the driver sets the limit in each pod that it makes, over any template */
		{ "memoryLimit", json_type_string,
		  "raise executor.memoryOverhead instead, which raises request and limit" },
		{ NULL, json_type_null, NULL },
	},
};

static const struct field deps_fields[] = {
	{ "archives", json_type_array, NULL },
	{ "excludePackages", json_type_array, NULL },
	{ "files", json_type_array, NULL },
	{ "jars", json_type_array, NULL },
	{ "packages", json_type_array, NULL },
	{ "pyFiles", json_type_array, NULL },
	{ "repositories", json_type_array, NULL },
	{ NULL, json_type_null, NULL },
};

static const struct field allocation_fields[] = {
	{ "enabled", json_type_boolean, NULL },
	{ "initialExecutors", json_type_int, NULL },
	{ "maxExecutors", json_type_int, NULL },
	{ "minExecutors", json_type_int, NULL },
	{ "shuffleTrackingEnabled", json_type_boolean, NULL },
	{ "shuffleTrackingTimeout", json_type_int, NULL },
	{ NULL, json_type_null, NULL },
};

static const struct field ui_fields[] = {
	{ "ingressAnnotations", json_type_object, "leave it out and create the Ingress beside the application" },
	{ "ingressTLS", json_type_array, "leave it out and create the Ingress beside the application" },
	{ "serviceAnnotations", json_type_object, NULL },
	{ "serviceLabels", json_type_object, NULL },
	{ "servicePort", json_type_int, NULL },
	{ "servicePortName", json_type_string, NULL },
	{ "serviceType", json_type_string, NULL },
	{ NULL, json_type_null, NULL },
};

static const struct field restart_fields[] = {
	{ "onFailureRetries", json_type_int, NULL },
	{ "onFailureRetryInterval", json_type_int, NULL },
	{ "onSubmissionFailureRetries", json_type_int, NULL },
	{ "onSubmissionFailureRetryInterval", json_type_int, NULL },
	{ "type", json_type_string, NULL },
	{ NULL, json_type_null, NULL },
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

static bool
check_field(const struct field *field, struct json_object *value, const char *path, struct err *err)
{
	static const char *const wanted[] = {
		[json_type_boolean] = "true or false is",
		[json_type_int] = "a whole number is",
		[json_type_object] = "an object is",
		[json_type_array] = "a list is",
		[json_type_string] = "a text, in quotes if it looks like a number, is",
	};

	if (field->remedy != NULL && !crd_field_is_empty(value))
		return err_set(err, ERR_INVALID, "%s.%s: not supported by the built-in operator; %s", path, field->name,
			       field->remedy);
	if (value != NULL && !json_object_is_type(value, field->type))
		return err_set(err, ERR_INVALID, "%s.%s: %s wanted", path, field->name, wanted[field->type]);
	return true;
}

/* `own` may be NULL. */
static bool
check_object(struct json_object *object, const char *path, const struct field *fields, const struct field *own,
	     struct err *err)
{
	if (object == NULL)
		return true;
	json_object_object_foreach(object, key, value) {
		const struct field *field = find(fields, key);

		if (field == NULL && own != NULL)
			field = find(own, key);
		if (field == NULL)
			return err_set(err, ERR_INVALID, "%s.%s: no such field in sparkoperator.k8s.io/v1beta2; is it "
				       "misspelt?", path, key);
		if (!check_field(field, value, path, err))
			return false;
	}
	return true;
}

bool
crd_submission_check_fields(const struct submission_work *work, struct err *err)
{
	static const struct {
		const char *field;
		const struct field *fields;
	} blocks[] = {
		{ "deps", deps_fields },
		{ "dynamicAllocation", allocation_fields },
		{ "restartPolicy", restart_fields },
		{ "sparkUIOptions", ui_fields },
	};

	if (!check_object(work->spec, "spec", spec_fields, NULL, err))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(blocks); i++) {
		const char *path = arena_printf(work->arena, "spec.%s", blocks[i].field);

		if (!check_object(json_member(work->spec, blocks[i].field), path, blocks[i].fields, NULL, err))
			return false;
	}
	for (enum submission_role role = 0; role < SUBMISSION_ROLE_COUNT; role++) {
		const char *path = role == SUBMISSION_DRIVER ? "spec.driver" : "spec.executor";

		if (!check_object(work->roles[role], path, role_fields, own_fields[role], err))
			return false;
	}
	return true;
}

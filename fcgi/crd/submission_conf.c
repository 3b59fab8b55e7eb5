/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/submission_priv.h"

#include <string.h>
#include <strings.h>

/* A text, number or boolean as a property's text. */
static void
set_field(const struct submission_work *work, struct json_object *object, const char *field, const char *key)
{
	struct json_object *value = json_member(object, field);
	const char *text = value == NULL ? "" : json_object_get_string(value);

	if (text[0] != '\0')
		spark_conf_set(work->conf, key, text);
}

/* A list as one text with commas, as spark-submit's options take it. */
static bool
set_list(const struct submission_work *work, struct json_object *object, const char *path, const char *field,
	 const char *key, struct err *err)
{
	struct json_object *list = json_member(object, field);
	char *joined, *end;

	if (crd_field_is_empty(list))
		return true;
	joined = end = arena_alloc(work->arena, strlen(json_text(list)) + 1);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_string))
			return err_set(err, ERR_INVALID, "%s.%s[%zu]: a text is wanted", path, field, i);
		if (i > 0)
			*end++ = ',';
		end = stpcpy(end, json_object_get_string(item));
	}
	spark_conf_set(work->conf, key, joined);
	return true;
}

static bool
set_map(const struct submission_work *work, struct json_object *map, const char *path, const char *prefix,
	struct err *err)
{
	if (map == NULL)
		return true;
	json_object_object_foreach(map, key, value) {
		if (!json_object_is_type(value, json_type_string))
			return err_set(err, ERR_INVALID, "%s: the value of %s is no text; put it in quotes", path, key);
		spark_conf_setf(work->conf, json_object_get_string(value), "%s%s", prefix, key);
	}
	return true;
}

/* Keys that the operator's webhook refuses, because they are ways around the cluster's rules. */
static bool
check_spark_conf(const struct submission_work *work, struct json_object *map, struct err *err)
{
	const char *namespace = json_string(map, "spark.kubernetes.namespace");

	if (namespace != NULL && strcmp(namespace, work->namespace) != 0)
		return err_set(err, ERR_INVALID, "spec.sparkConf spark.kubernetes.namespace: '%s' is not the "
			       "application's namespace, %s; leave it out", namespace, work->namespace);
	json_object_object_foreach(map, key, value) {
		(void)value;
		if (spark_conf_is_credential(key))
			return err_set(err, ERR_INVALID, "spec.sparkConf %s: credentials are not taken from an "
				       "application; use driver.serviceAccount", key);
	}
	return true;
}

/* As the operator's own options override them, they have no effect with it either. */
static bool
is_overridden(const char *key)
{
	static const char *const keys[] = {
		"spark.master",
		"spark.kubernetes.driver.podTemplateContainerName",
		"spark.kubernetes.driver.podTemplateFile",
		"spark.kubernetes.executor.podTemplateContainerName",
		"spark.kubernetes.executor.podTemplateFile",
	};

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (strcmp(key, keys[i]) == 0)
			return true;
	}
	return false;
}

/* Each is an argument KEY=VALUE, so a key ends at the first =; spark-submit drops those that are not Spark's. */
static bool
set_spark_conf(const struct submission_work *work, struct err *err)
{
	struct json_object *map = json_member(work->spec, "sparkConf");

	if (map == NULL)
		return true;
	if (!check_spark_conf(work, map, err))
		return false;
	json_object_object_foreach(map, key, value) {
		const char *equals = strchr(key, '='), *text = json_object_get_string(value);

		if (!json_object_is_type(value, json_type_string))
			return err_set(err, ERR_INVALID, "spec.sparkConf: the value of %s is no text; put it in quotes",
				       key);
		if (strncmp(key, "spark.", 6) != 0 || is_overridden(key))
			continue;
		if (equals == NULL)
			spark_conf_set(work->conf, key, text);
		else
			spark_conf_set(work->conf, arena_strndup(work->arena, key, (size_t)(equals - key)),
				       arena_printf(work->arena, "%s=%s", equals + 1, text));
	}
	return true;
}

/* The application's own labels go to every pod, but not Kueue's, which are meant for the application. */
static bool
set_labels(const struct submission_work *work, enum submission_role role, struct err *err)
{
	const char *prefix = arena_printf(work->arena, "spark.kubernetes.%s.label.", crd_role_text(role));
	struct json_object *labels = json_at(work->application, "metadata", "labels", NULL);
	const char *path = arena_printf(work->arena, "spec.%s.labels", crd_role_text(role));

	spark_conf_setf(work->conf, work->name, "%s" CRD_LABEL_PREFIX "app-name", prefix);
	spark_conf_setf(work->conf, "true", "%s" CRD_LABEL_PREFIX "launched-by-spark-operator", prefix);
	spark_conf_setf(work->conf, work->ids->submission_id, "%s" CRD_LABEL_PREFIX "submission-id", prefix);
	if (json_member(work->roles[role], "template") == NULL)
		spark_conf_setf(work->conf, "true", "%s" CRD_LABEL_PREFIX "mutated-by-spark-operator", prefix);
	if (json_object_is_type(labels, json_type_object)) {
		json_object_object_foreach(labels, key, value) {
			if (strncmp(key, "kueue.x-k8s.io/", 15) != 0)
				spark_conf_setf(work->conf, json_object_get_string(value), "%s%s", prefix, key);
		}
	}
	return set_map(work, json_member(work->roles[role], "labels"), path, prefix, err);
}

static bool
set_secret(const struct submission_work *work, enum submission_role role, struct json_object *secret, struct err *err)
{
	static const struct {
		const char *type;
		const char *variable;
		const char *file;
	} known[] = {
		{ "GCPServiceAccount", "GOOGLE_APPLICATION_CREDENTIALS", "key.json" },
		{ "HadoopDelegationToken", "HADOOP_TOKEN_FILE_LOCATION", "hadoop.token" },
		{ "Generic", NULL, NULL },
	};
	const char *name = json_string(secret, "name"), *path = json_string(secret, "path");
	const char *type = json_string(secret, "secretType"), *text = crd_role_text(role);
	const char *env = role == SUBMISSION_DRIVER ? "spark.kubernetes.driverEnv." : "spark.executorEnv.";

	if (name == NULL || path == NULL || type == NULL)
		return err_set(err, ERR_INVALID, "spec.%s.secrets: each needs name, path and secretType", text);
	spark_conf_setf(work->conf, path, "spark.kubernetes.%s.secrets.%s", text, name);
	for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
		if (strcmp(type, known[i].type) != 0)
			continue;
		if (known[i].variable != NULL)
			spark_conf_setf(work->conf, arena_printf(work->arena, "%s/%s", path, known[i].file), "%s%s", env,
					known[i].variable);
		return true;
	}
	return err_set(err, ERR_INVALID, "spec.%s.secrets: '%s' is not GCPServiceAccount, HadoopDelegationToken or "
		       "Generic", text, type);
}

static bool
set_secrets(const struct submission_work *work, enum submission_role role, struct err *err)
{
	struct json_object *secrets = json_member(work->roles[role], "secrets");
	struct json_object *variables = json_member(work->roles[role], "envSecretKeyRefs");

	for (size_t i = 0; secrets != NULL && i < json_object_array_length(secrets); i++) {
		if (!set_secret(work, role, json_object_array_get_idx(secrets, i), err))
			return false;
	}
	if (!json_object_is_type(variables, json_type_object))
		return true;
	json_object_object_foreach(variables, key, value) {
		const char *name = json_string(value, "name"), *entry = json_string(value, "key");

		if (name == NULL || entry == NULL)
			return err_set(err, ERR_INVALID, "spec.%s.envSecretKeyRefs.%s: needs name and key",
				       crd_role_text(role), key);
		spark_conf_setf(work->conf, arena_printf(work->arena, "%s:%s", name, entry),
				"spark.kubernetes.%s.secretKeyRef.%s", crd_role_text(role), key);
	}
	return true;
}

static bool
set_role(const struct submission_work *work, enum submission_role role, struct err *err)
{
	static const struct {
		const char *field;
		const char *keys[SUBMISSION_ROLE_COUNT];        /* NULL: the role has no such field */
	} typed[] = {
		{ "instances", { NULL, "spark.executor.instances" } },
		{ "cores", { "spark.driver.cores", "spark.executor.cores" } },
		{ "coreRequest", { "spark.kubernetes.driver.request.cores", "spark.kubernetes.executor.request.cores" } },
		{ "coreLimit", { "spark.kubernetes.driver.limit.cores", "spark.kubernetes.executor.limit.cores" } },
		{ "memory", { "spark.driver.memory", "spark.executor.memory" } },
		{ "memoryOverhead", { "spark.driver.memoryOverhead", "spark.executor.memoryOverhead" } },
		{ "serviceAccount", { "spark.kubernetes.authenticate.driver.serviceAccountName",
				      "spark.kubernetes.authenticate.executor.serviceAccountName" } },
		{ "javaOptions", { "spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions" } },
		{ "image", { "spark.kubernetes.driver.container.image", "spark.kubernetes.executor.container.image" } },
		{ "kubernetesMaster", { "spark.kubernetes.driver.master", NULL } },
		/* for executors the property beats the template, from Spark 4.2 on */
		{ "terminationGracePeriodSeconds", { NULL, "spark.kubernetes.executor.terminationGracePeriodSeconds" } },
		{ "deleteOnTermination", { NULL, "spark.kubernetes.executor.deleteOnTermination" } },
	};
	static const struct {
		const char *field;
		const char *prefixes[SUBMISSION_ROLE_COUNT];
	} maps[] = {
		{ "annotations", { "spark.kubernetes.driver.annotation.", "spark.kubernetes.executor.annotation." } },
		{ "serviceLabels", { "spark.kubernetes.driver.service.label.", NULL } },
		{ "serviceAnnotations", { "spark.kubernetes.driver.service.annotation.", NULL } },
		{ "envVars", { "spark.kubernetes.driverEnv.", "spark.executorEnv." } },
	};
	struct json_object *fields = work->roles[role];
	const char *path = arena_printf(work->arena, "spec.%s", crd_role_text(role));

	for (size_t i = 0; i < ARRAY_COUNT(typed); i++) {
		if (typed[i].keys[role] != NULL)
			set_field(work, fields, typed[i].field, typed[i].keys[role]);
	}
	for (size_t i = 0; i < ARRAY_COUNT(maps); i++) {
		if (maps[i].prefixes[role] != NULL &&
		    !set_map(work, json_member(fields, maps[i].field),
			     arena_printf(work->arena, "%s.%s", path, maps[i].field), maps[i].prefixes[role], err))
			return false;
	}
	return set_labels(work, role, err) && set_secrets(work, role, err) &&
	       crd_submission_local_dirs(work, role, err);
}

/* Is it on, by field or property? */
static bool
set_dynamic_allocation(const struct submission_work *work)
{
	static const struct {
		const char *field;
		const char *key;
	} fields[] = {
		{ "initialExecutors", "spark.dynamicAllocation.initialExecutors" },
		{ "minExecutors", "spark.dynamicAllocation.minExecutors" },
		{ "maxExecutors", "spark.dynamicAllocation.maxExecutors" },
		{ "shuffleTrackingEnabled", "spark.dynamicAllocation.shuffleTracking.enabled" },
		{ "shuffleTrackingTimeout", "spark.dynamicAllocation.shuffleTracking.timeout" },
	};
	struct json_object *block = json_member(work->spec, "dynamicAllocation");

	if (!json_object_get_boolean(json_member(block, "enabled")))
		return spark_conf_is_true(work->conf, "spark.dynamicAllocation.enabled");
	spark_conf_set(work->conf, "spark.dynamicAllocation.enabled", "true");
	spark_conf_set(work->conf, "spark.dynamicAllocation.shuffleTracking.enabled", "true");
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
		set_field(work, block, fields[i].field, fields[i].key);
	return true;
}

/* spark-submit's options beat properties and are not merged with them. */
static bool
set_deps(const struct submission_work *work, struct err *err)
{
	static const struct {
		const char *field;
		const char *key;
	} lists[] = {
		{ "jars", "spark.jars" },
		{ "files", "spark.files" },
		{ "pyFiles", "spark.submit.pyFiles" },
		{ "archives", "spark.archives" },
		{ "packages", "spark.jars.packages" },
		{ "excludePackages", "spark.jars.excludes" },
		{ "repositories", "spark.jars.repositories" },
	};
	struct json_object *deps = json_member(work->spec, "deps");

	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		if (!set_list(work, deps, "spec.deps", lists[i].field, lists[i].key, err))
			return false;
	}
	return true;
}

/* spec.image also sets the roles' own keys, so that it beats sparkConf; their own fields beat it in turn. */
static void
set_image(const struct submission_work *work)
{
	static const char *const keys[] = { "spark.kubernetes.driver.container.image",
					    "spark.kubernetes.executor.container.image" };

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
		set_field(work, work->spec, "image", keys[i]);
}

bool
crd_submission_conf(const struct submission_work *work, struct err *err)
{
	struct json_object *spec = work->spec;

	set_field(work, spec, "image", "spark.kubernetes.container.image");
	set_field(work, spec, "imagePullPolicy", "spark.kubernetes.container.image.pullPolicy");
	set_field(work, spec, "pythonVersion", "spark.kubernetes.pyspark.pythonVersion");
	set_field(work, spec, "memoryOverheadFactor", "spark.kubernetes.memoryOverheadFactor");
	spark_conf_set(work->conf, "spark.kubernetes.submission.waitAppCompletion", "false");
	if (!set_list(work, spec, "spec", "imagePullSecrets", "spark.kubernetes.container.image.pullSecrets", err) ||
	    !set_spark_conf(work, err) ||
	    !set_map(work, json_member(spec, "hadoopConf"), "spec.hadoopConf", "spark.hadoop.", err))
		return false;
	set_image(work);
	for (enum submission_role role = 0; role < SUBMISSION_ROLE_COUNT; role++) {
		if (!set_role(work, role, err))
			return false;
	}
	if (!set_map(work, json_member(spec, "nodeSelector"), "spec.nodeSelector", "spark.kubernetes.node.selector.",
		     err) ||
	    !set_deps(work, err))
		return false;
	/* what the operator's webhook writes into the object (crds.md 2.2); its misspelt probe for dynamic allocation
	   is not repeated here */
	spark_conf_default(work->conf, "spark.driver.cores", "1");
	spark_conf_default(work->conf, "spark.driver.memory", "1g");
	spark_conf_default(work->conf, "spark.executor.cores", "1");
	spark_conf_default(work->conf, "spark.executor.memory", "1g");
	if (!set_dynamic_allocation(work))
		spark_conf_default(work->conf, "spark.executor.instances", "1");
	return true;
}

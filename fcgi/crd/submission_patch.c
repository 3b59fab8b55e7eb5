/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/submission_priv.h"

#include <inttypes.h>
#include <string.h>

#include "spark/amount.h"
#include "spark/pod_json.h"

/* A pod on the webhook's table. */
struct patient {
	const struct submission_work *work;
	enum submission_role role;
	struct json_object *fields;     /* spec.driver or spec.executor */
	struct json_object *pod_spec;
	struct json_object *container;  /* Spark's */
};

/* A copy of its own for the pod: the application's object stays as it is. */
static struct json_object *
copy_of(struct json_object *value)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(value, &copy, NULL) != 0)
		return json_object_get(value);
	return copy;
}

static void
append_all(struct json_object *object, const char *key, struct json_object *list)
{
	for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++)
		spark_append(object, key, copy_of(json_object_array_get_idx(list, i)));
}

static void
mount_config_map(const struct patient *patient, const char *config_map, const char *volume, const char *path)
{
	struct json_object *source = json_object_new_object();

	json_add_string(source, "name", config_map);
	spark_add_volume(patient->pod_spec, volume, "configMap", source);
	json_object_object_add(spark_add_mount(patient->container, volume, path), "readOnly",
			       json_object_new_boolean(true));
}

/* Directories of configuration files: hadoopConfigMap, sparkConfigMap, and config maps of the role's own. */
static bool
add_config_maps(const struct patient *patient, struct err *err)
{
	const char *hadoop = json_string(patient->work->spec, "hadoopConfigMap");
	const char *spark = json_string(patient->work->spec, "sparkConfigMap");
	struct json_object *list = json_member(patient->fields, "configMaps");

	if (hadoop != NULL && hadoop[0] != '\0') {
		mount_config_map(patient, hadoop, "hadoop-configmap-volume", "/etc/hadoop/conf");
		spark_add_env(patient->container, "HADOOP_CONF_DIR", "/etc/hadoop/conf");
	}
	if (spark != NULL && spark[0] != '\0') {
		mount_config_map(patient, spark, "spark-configmap-volume", "/etc/spark/conf");
		spark_add_env(patient->container, "SPARK_CONF_DIR", "/etc/spark/conf");
		/* the driver writes this variable after those of a template; its properties come later still */
		if (patient->role == SUBMISSION_EXECUTOR)
			spark_conf_set(patient->work->conf, "spark.executorEnv.SPARK_CONF_DIR", "/etc/spark/conf");
	}
	for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *name = json_string(item, "name"), *path = json_string(item, "path");
		const char *volume;

		if (name == NULL || path == NULL)
			return err_set(err, ERR_INVALID, "spec.%s.configMaps: each needs name and path",
				       crd_role_text(patient->role));
		/* a volume's name is a label, a config map's may be longer and have dots */
		volume = strlen(name) + 4 <= 63 && strchr(name, '.') == NULL ?
				 arena_printf(patient->work->arena, "%s-vol", name) :
				 arena_printf(patient->work->arena, "config-map-%zu-vol", i);
		mount_config_map(patient, name, volume, path);
	}
	return true;
}

static bool
has_volume(const struct patient *patient, const char *name)
{
	struct json_object *volumes = json_member(patient->pod_spec, "volumes");
	size_t count = json_object_is_type(volumes, json_type_array) ? json_object_array_length(volumes) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *own = json_string(json_object_array_get_idx(volumes, i), "name");

		if (own != NULL && strcmp(own, name) == 0)
			return true;
	}
	return false;
}

static bool
add_volumes(const struct patient *patient, struct err *err)
{
	struct json_object *mounts = json_member(patient->fields, "volumeMounts");

	for (size_t i = 0; mounts != NULL && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		const char *name = json_string(mount, "name");

		if (name != NULL && crd_is_local_dir(name))
			continue;
		if (name == NULL || (crd_volume(patient->work, name) == NULL && !has_volume(patient, name)))
			return err_set(err, ERR_INVALID, "spec.%s.volumeMounts: no volume '%s' in spec.volumes",
				       crd_role_text(patient->role), name == NULL ? "" : name);
		if (!has_volume(patient, name))
			spark_append(patient->pod_spec, "volumes", copy_of(crd_volume(patient->work, name)));
		spark_append(patient->container, "volumeMounts", copy_of(mount));
	}
	return true;
}

static bool
is_same_container(struct json_object *one, struct json_object *other)
{
	return json_object_equal(json_member(one, "name"), json_member(other, "name")) &&
	       json_object_equal(json_member(one, "image"), json_member(other, "image"));
}

/* Those that the template has already are not doubled. */
static void
add_containers(const struct patient *patient, const char *key, struct json_object *list)
{
	for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
		struct json_object *container = json_object_array_get_idx(list, i);
		struct json_object *present = json_member(patient->pod_spec, key);
		size_t count = json_object_is_type(present, json_type_array) ? json_object_array_length(present) : 0;
		bool found = false;

		for (size_t k = 0; k < count && !found; k++)
			found = is_same_container(json_object_array_get_idx(present, k), container);
		if (!found)
			spark_append(patient->pod_spec, key, copy_of(container));
	}
}

static void
set_copy(struct json_object *object, const char *key, struct json_object *value)
{
	if (!crd_field_is_empty(value))
		json_object_object_add(object, key, copy_of(value));
}

static void
add_settings(const struct patient *patient)
{
	static const struct {
		const char *field;
		const char *pod_field;
	} copied[] = {
		{ "dnsConfig", "dnsConfig" },
		{ "priorityClassName", "priorityClassName" },
		{ "schedulerName", "schedulerName" },
		{ "affinity", "affinity" },
		{ "podSecurityContext", "securityContext" },
		{ "terminationGracePeriodSeconds", "terminationGracePeriodSeconds" },
		{ "shareProcessNamespace", "shareProcessNamespace" },
	};
	struct json_object *selector = json_member(patient->fields, "nodeSelector");

	if (json_object_get_boolean(json_member(patient->fields, "hostNetwork"))) {
		json_object_object_add(patient->pod_spec, "hostNetwork", json_object_new_boolean(true));
		json_add_string(patient->pod_spec, "dnsPolicy", "ClusterFirstWithHostNet");
	}
	for (size_t i = 0; i < ARRAY_COUNT(copied); i++)
		set_copy(patient->pod_spec, copied[i].pod_field, json_member(patient->fields, copied[i].field));
	append_all(patient->pod_spec, "hostAliases", json_member(patient->fields, "hostAliases"));
	append_all(patient->pod_spec, "tolerations", json_member(patient->fields, "tolerations"));
	if (json_object_is_type(selector, json_type_object) && json_object_object_length(selector) > 0) {
		struct json_object *own = spark_child_object(patient->pod_spec, "nodeSelector");

		json_object_object_foreach(selector, key, value)
			json_object_object_add(own, key, json_object_get(value));
	}
	set_copy(patient->container, "securityContext", json_member(patient->fields, "securityContext"));
	set_copy(patient->container, "lifecycle", json_member(patient->fields, "lifecycle"));
	append_all(patient->container, "ports", json_member(patient->fields, "ports"));
}

static const char *
quantity(struct arena *arena, int64_t mib)
{
	return mib % 1024 == 0 ? arena_printf(arena, "%" PRId64 "Gi", mib / 1024) : arena_printf(arena, "%" PRId64 "Mi", mib);
}

static bool
add_limits(const struct patient *patient, struct err *err)
{
	struct json_object *gpu = json_member(patient->fields, "gpu");
	const char *gpu_name = json_string(gpu, "name"), *role = crd_role_text(patient->role);
	const char *limit = json_string(patient->fields, "memoryLimit");
	int64_t gpu_count = json_int(gpu, "quantity", 0), limit_mib;
	struct json_object *limits;

	if (limit != NULL && limit[0] == '\0')
		limit = NULL;
	if (crd_field_is_empty(gpu) && limit == NULL)
		return true;
	limits = spark_child_object(spark_child_object(patient->container, "resources"), "limits");
	if (limit != NULL) {
		if (!spark_memory_mib(arena_printf(patient->work->arena, "spec.%s.memoryLimit", role), limit, &limit_mib,
				      err))
			return false;
		json_add_string(limits, "memory", quantity(patient->work->arena, limit_mib));
	}
	if (crd_field_is_empty(gpu))
		return true;
	if (gpu_name == NULL || gpu_name[0] == '\0' || gpu_count <= 0)
		return err_set(err, ERR_INVALID, "spec.%s.gpu: needs a name, e.g. nvidia.com/gpu, and a quantity above 0",
			       role);
	json_add_string(limits, gpu_name, arena_printf(patient->work->arena, "%" PRId64, gpu_count));
	return true;
}

bool
crd_submission_patch(const struct submission_work *work, enum submission_role role, struct json_object *pod,
		     struct err *err)
{
	const struct patient patient = {
		.work = work,
		.role = role,
		.fields = work->roles[role],
		.pod_spec = spark_child_object(pod, "spec"),
		.container = spark_container(pod, role == SUBMISSION_DRIVER ? SPARK_DRIVER_CONTAINER :
									      SPARK_EXECUTOR_CONTAINER),
	};

	append_all(patient.container, "env", json_member(patient.fields, "env"));
	append_all(patient.container, "envFrom", json_member(patient.fields, "envFrom"));
	if (!add_config_maps(&patient, err) || !add_volumes(&patient, err) || !add_limits(&patient, err))
		return false;
	add_settings(&patient);
	add_containers(&patient, "initContainers", json_member(patient.fields, "initContainers"));
	add_containers(&patient, "containers", json_member(patient.fields, "sidecars"));
	return true;
}

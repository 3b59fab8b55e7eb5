/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VOLUMES "spark.kubernetes.driver.volumes."

/* One volume of the properties: spark.kubernetes.driver.volumes.KIND.NAME.… */
struct named_volume {
	const char *kind;
	const char *name;
	size_t index;           /* from 0, counts all of them: claims are named by it */
};

static const char *
option(struct spark_plan *plan, const struct named_volume *volume, const char *rest)
{
	return spark_conf_get(plan->conf,
			      arena_printf(plan->arena, VOLUMES "%s.%s.%s", volume->kind, volume->name, rest));
}

static const char *
option_or(struct spark_plan *plan, const struct named_volume *volume, const char *rest, const char *fallback)
{
	const char *value = option(plan, volume, rest);

	return value != NULL ? value : fallback;
}

static bool
is_read_only(struct spark_plan *plan, const struct named_volume *volume)
{
	return strcmp(option_or(plan, volume, "mount.readOnly", "false"), "true") == 0;
}

static bool
need(struct spark_plan *plan, const struct named_volume *volume, const char *rest, const char **ret_value,
     struct err *err)
{
	*ret_value = option(plan, volume, rest);
	if (*ret_value == NULL)
		return err_set(err, ERR_INVALID, VOLUMES "%s.%s.%s is missing", volume->kind, volume->name, rest);
	return true;
}

/* A claim that the application brings along: it lives as long as the driver pod. */
static void
add_claim(struct spark_plan *plan, const struct named_volume *volume, const char *claim, const char *class,
	  const char *size)
{
	struct json_object *object = json_object_new_object();
	struct json_object *metadata = spark_child_object(object, "metadata");
	struct json_object *spec = spark_child_object(object, "spec");
	struct json_object *labels = spark_child_object(metadata, "labels");
	bool is_shared = plan->version < SPARK_SINCE_POD_CLAIMS ||
			 spark_conf_is_true(plan->conf, "spark.kubernetes.legacy.useReadWriteOnceAccessMode");

	json_add_string(object, "apiVersion", "v1");
	json_add_string(object, "kind", "PersistentVolumeClaim");
	json_add_string(metadata, "name", claim);
	spark_add_prefixed(labels, plan->conf,
			   arena_printf(plan->arena, VOLUMES "%s.%s.label.", volume->kind, volume->name));
	json_add_string(labels, "spark-app-selector", plan->submission->app_id);
	json_add_string(spec, "storageClassName", class);
	spark_append(spec, "accessModes", json_object_new_string(is_shared ? "ReadWriteOnce" : "ReadWriteOncePod"));
	json_add_string(spark_child_object(spark_child_object(spec, "resources"), "requests"), "storage", size);
	json_object_array_add(plan->others, object);
}

/* "OnDemand" anywhere in the claim's name stands for a name made for this driver. */
static const char *
claim_name(struct spark_plan *plan, const struct named_volume *volume, const char *pattern)
{
	static const char on_demand[] = "OnDemand";
	const char *at = strstr(pattern, on_demand);

	if (at == NULL)
		return pattern;
	return arena_printf(plan->arena, "%.*s%s-driver-pvc-%zu%s", (int)(at - pattern), pattern,
			    plan->submission->resource_prefix, volume->index, at + strlen(on_demand));
}

static bool
make_source(struct spark_plan *plan, const struct named_volume *volume, struct json_object *source,
	    const char **ret_kind, struct err *err)
{
	const char *path, *server, *claim, *class = option(plan, volume, "options.storageClass");
	const char *size = option(plan, volume, "options.sizeLimit");

	*ret_kind = volume->kind;
	if (strcmp(volume->kind, "hostPath") == 0) {
		if (!need(plan, volume, "options.path", &path, err))
			return false;
		json_add_string(source, "path", path);
		json_add_string(source, "type",
				plan->version < SPARK_SINCE_POD_CLAIMS ? "" :
									 option_or(plan, volume, "options.type", ""));
	} else if (strcmp(volume->kind, "emptyDir") == 0) {
		json_add_string(source, "medium", option_or(plan, volume, "options.medium", ""));
		if (size != NULL)
			json_add_string(source, "sizeLimit", size);
	} else if (strcmp(volume->kind, "nfs") == 0) {
		if (!need(plan, volume, "options.path", &path, err) ||
		    !need(plan, volume, "options.server", &server, err))
			return false;
		json_add_string(source, "path", path);
		json_add_string(source, "server", server);
	} else if (strcmp(volume->kind, "persistentVolumeClaim") == 0) {
		if (!need(plan, volume, "options.claimName", &claim, err))
			return false;
		claim = claim_name(plan, volume, claim);
		json_add_string(source, "claimName", claim);
		json_object_object_add(source, "readOnly", json_object_new_boolean(is_read_only(plan, volume)));
		if (class != NULL && size != NULL)
			add_claim(plan, volume, claim, class, size);
	} else {
		return err_set(err, ERR_INVALID, VOLUMES "%s.%s: not supported by the built-in operator; use "
			       "spec.volumes and spec.driver.volumeMounts", volume->kind, volume->name);
	}
	return true;
}

static bool
add_named(struct spark_plan *plan, const struct named_volume *volume, struct json_object *pod_spec,
	  struct json_object *container, struct err *err)
{
	struct json_object *source = json_object_new_object(), *mount;
	const char *path, *kind;

	arena_own_json(plan->arena, source);
	if (!need(plan, volume, "mount.path", &path, err) || !make_source(plan, volume, source, &kind, err))
		return false;
	spark_add_volume(pod_spec, volume->name, kind, json_object_get(source));
	mount = spark_add_mount(container, volume->name, path);
	json_object_object_add(mount, "readOnly", json_object_new_boolean(is_read_only(plan, volume)));
	json_add_string(mount, "subPath", option_or(plan, volume, "mount.subPath", ""));
	if (plan->version >= SPARK_SINCE_POD_CLAIMS)
		json_add_string(mount, "subPathExpr", option_or(plan, volume, "mount.subPathExpr", ""));
	return true;
}

/* By name: scratch volumes are used in this order. */
static int
compare_volumes(const void *one, const void *other)
{
	const struct named_volume *a = one, *b = other;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : strcmp(a->kind, b->kind);
}

/* Each volume once, however many properties it has. */
static struct named_volume *
find_volumes(struct spark_plan *plan, size_t *ret_count)
{
	struct named_volume *volumes;
	size_t first, end, count = 0;

	spark_conf_range(plan->conf, VOLUMES, &first, &end);
	volumes = arena_alloc(plan->arena, (end - first + 1) * sizeof(volumes[0]));
	for (size_t i = first; i < end; i++) {
		const char *kind = plan->conf->items[i].key + strlen(VOLUMES), *name = strchr(kind, '.');
		struct named_volume volume;

		if (name == NULL)
			continue;
		volume.kind = arena_strndup(plan->arena, kind, (size_t)(name - kind));
		volume.name = arena_strndup(plan->arena, name + 1, strcspn(name + 1, "."));
		/* the properties are sorted, so those of one volume stand together */
		if (count == 0 || compare_volumes(&volumes[count - 1], &volume) != 0)
			volumes[count++] = volume;
	}
	qsort(volumes, count, sizeof(volumes[0]), compare_volumes);
	*ret_count = count;
	return volumes;
}

bool
spark_driver_volumes(struct spark_plan *plan, struct json_object *pod_spec, struct json_object *container,
		     struct err *err)
{
	size_t count;
	struct named_volume *volumes = find_volumes(plan, &count);

	for (size_t i = 0; i < count; i++) {
		volumes[i].index = i;
		if (!add_named(plan, &volumes[i], pod_spec, container, err))
			return false;
	}
	return true;
}

/* The paths at which scratch volumes are mounted already, by commas; "" for none. */
static const char *
mounted_local_dirs(struct spark_plan *plan, struct json_object *container)
{
	struct json_object *mounts = spark_child_array(container, "volumeMounts");
	char *paths = arena_alloc(plan->arena, strlen(json_text(mounts)) + 1), *end = paths;

	for (size_t i = 0; i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		const char *name = json_string(mount, "name"), *path = json_string(mount, "mountPath");

		if (name != NULL && path != NULL &&
		    strncmp(name, SPARK_LOCAL_DIR_PREFIX, strlen(SPARK_LOCAL_DIR_PREFIX)) == 0)
			end += sprintf(end, "%s%s", end == paths ? "" : ",", path);
	}
	return paths;
}

/* A new directory for each application: the id's digits in the form of a UUID, as spark-submit's random one. */
static const char *
new_local_dir(struct spark_plan *plan)
{
	const char *id = plan->submission->app_id, *digits = strlen(id) == 38 ? id + strlen("spark-") : NULL;

	if (digits == NULL)
		return arena_printf(plan->arena, "/var/data/%s", id);
	return arena_printf(plan->arena, "/var/data/spark-%.8s-%.4s-%.4s-%.4s-%s", digits, digits + 8, digits + 12,
			    digits + 16, digits + 20);
}

void
spark_local_dirs(struct spark_plan *plan, struct json_object *pod_spec, struct json_object *container)
{
	const char *mounted = mounted_local_dirs(plan, container);
	const char *dirs = mounted;

	if (mounted[0] == '\0') {
		char *rest, *copy;
		int number = 0;

		dirs = spark_conf_get_or(plan->conf, "spark.local.dir", new_local_dir(plan));
		copy = arena_strdup(plan->arena, dirs);
		for (char *dir = strtok_r(copy, ",", &rest); dir != NULL; dir = strtok_r(NULL, ",", &rest)) {
			const char *name = arena_printf(plan->arena, SPARK_LOCAL_DIR_PREFIX "%d", ++number);
			struct json_object *source = json_object_new_object();

			if (spark_conf_is_true(plan->conf, "spark.kubernetes.local.dirs.tmpfs"))
				json_add_string(source, "medium", "Memory");
			spark_add_volume(pod_spec, name, "emptyDir", source);
			spark_add_mount(container, name, dir);
		}
	}
	spark_add_env(container, "SPARK_LOCAL_DIRS", dirs);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/submission_priv.h"

#include <string.h>

bool
crd_is_local_dir(const char *volume)
{
	return strncmp(volume, SPARK_LOCAL_DIR_PREFIX, strlen(SPARK_LOCAL_DIR_PREFIX)) == 0;
}

struct json_object *
crd_volume(const struct submission_work *work, const char *name)
{
	struct json_object *volumes = json_member(work->spec, "volumes");

	for (size_t i = 0; volumes != NULL && i < json_object_array_length(volumes); i++) {
		struct json_object *volume = json_object_array_get_idx(volumes, i);
		const char *own = json_string(volume, "name");

		if (own != NULL && strcmp(own, name) == 0)
			return volume;
	}
	return NULL;
}

/* What of a volume's source has a property, by kind. */
static const struct {
	const char *kind;
	const char *options[4];         /* the fields, which are called alike as properties; NULL ends */
} kinds[] = {
	{ "emptyDir", { "sizeLimit", "medium" } },
	{ "hostPath", { "path", "type" } },
	{ "nfs", { "path", "server", "readOnly" } },
	{ "persistentVolumeClaim", { "claimName", "readOnly" } },
};

static bool
set_local_dir(const struct submission_work *work, enum submission_role role, struct json_object *mount,
	      const char *name, struct err *err)
{
	static const char *const mount_fields[][2] = {
		{ "mountPath", "mount.path" }, { "subPath", "mount.subPath" }, { "readOnly", "mount.readOnly" },
	};
	struct json_object *volume = crd_volume(work, name), *source = NULL;
	const char *prefix;
	size_t kind = 0;

	for (; volume != NULL && kind < ARRAY_COUNT(kinds); kind++) {
		if (json_object_object_get_ex(volume, kinds[kind].kind, &source))
			break;
	}
	if (volume == NULL || kind == ARRAY_COUNT(kinds))
		return err_set(err, ERR_INVALID, "spec.volumes: '%s' must be there as emptyDir, hostPath, nfs or "
			       "persistentVolumeClaim", name);
	prefix = arena_printf(work->arena, "spark.kubernetes.%s.volumes.%s.%s", crd_role_text(role), kinds[kind].kind,
			      name);
	for (size_t i = 0; i < ARRAY_COUNT(mount_fields); i++) {
		struct json_object *value = json_member(mount, mount_fields[i][0]);

		if (!crd_field_is_empty(value))
			spark_conf_setf(work->conf, json_object_get_string(value), "%s.%s", prefix, mount_fields[i][1]);
	}
	for (size_t i = 0; i < ARRAY_COUNT(kinds[kind].options) && kinds[kind].options[i] != NULL; i++) {
		struct json_object *value = json_member(source, kinds[kind].options[i]);

		if (!crd_field_is_empty(value))
			spark_conf_setf(work->conf, json_object_get_string(value), "%s.options.%s", prefix,
					kinds[kind].options[i]);
	}
	return true;
}

bool
crd_submission_local_dirs(const struct submission_work *work, enum submission_role role, struct err *err)
{
	struct json_object *mounts = json_member(work->roles[role], "volumeMounts");

	for (size_t i = 0; mounts != NULL && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		const char *name = json_string(mount, "name");

		if (name != NULL && crd_is_local_dir(name) && !set_local_dir(work, role, mount, name, err))
			return false;
	}
	return true;
}

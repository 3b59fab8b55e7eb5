/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/pod_rules.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define NAME_BYTES 253
#define LABEL_BYTES 63

#define IS_ONE_OF(word, words) text_is_one_of((word), (words), ARRAY_COUNT(words))

static bool
is_true(struct json_object *object, const char *key)
{
	struct json_object *value = json_member(object, key);

	return value != NULL && (!json_object_is_type(value, json_type_boolean) || json_object_get_boolean(value));
}

bool
spark_is_object_name(const char *text)
{
	size_t size = text == NULL ? 0 : strlen(text);

	if (size == 0 || size > NAME_BYTES || !isalnum((unsigned char)text[0]) || !isalnum((unsigned char)text[size - 1]))
		return false;
	for (size_t i = 0; i < size; i++) {
		bool inner = text[i] == '-' || text[i] == '.';

		if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && !inner)
			return false;
		if (text[i] == '.' && !isalnum((unsigned char)text[i + 1]))
			return false;
	}
	return strstr(text, "-.") == NULL;
}

bool
spark_is_app_id(const char *text)
{
	size_t size = text == NULL ? 0 : strlen(text);

	if (size == 0 || size > LABEL_BYTES)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL)
			return false;
	}
	return true;
}

/* ---- what a pod may not have ---- */

static bool
forbidden(const char *where, const char *what, struct err *err)
{
	return err_set(err, ERR_FORBIDDEN, "%s%s%s: this cluster's configuration does not allow it to pods that come here", where,
		       where[0] == '\0' ? "" : ".", what);
}

bool
spark_members_check(struct json_object *object, const char *where, const char *const *known, size_t count, struct err *err)
{
	json_object_object_foreach(object, key, value) {
		if (value != NULL && !text_is_one_of(key, known, count))
			return forbidden(where, key, err);
	}
	return true;
}

static bool
want_type(struct json_object *value, enum json_type type, const char *where, struct err *err)
{
	return value == NULL || json_object_is_type(value, type) ||
	       err_set(err, ERR_INVALID, "%s: %s is wanted", where, type == json_type_array ? "a list" : "an object");
}

static bool
check_capabilities(struct json_object *context, struct err *err)
{
	/* Source: Pod Security Standards, baseline */
	static const char *const harmless[] = {
		"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
		"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
	};
	struct json_object *added = json_at(context, "capabilities", "add", NULL);

	if (!want_type(added, json_type_array, "securityContext.capabilities.add", err))
		return false;
	for (size_t i = 0; i < json_count(added); i++) {
		struct json_object *name = json_object_array_get_idx(added, i);

		if (!json_object_is_type(name, json_type_string) || !IS_ONE_OF(json_object_get_string(name), harmless))
			return forbidden("securityContext", "capabilities.add", err);
	}
	return true;
}

/* Of a pod, or of a container. */
static bool
check_security(struct json_object *context, struct err *err)
{
	static const char *const known[] = {
		"allowPrivilegeEscalation", "capabilities", "fsGroup", "fsGroupChangePolicy", "privileged", "procMount",
		"readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile", "appArmorProfile",
		"supplementalGroups", "supplementalGroupsPolicy",
	};
	const char *proc = json_string(context, "procMount");

	if (!want_type(context, json_type_object, "securityContext", err))
		return false;
	if (context == NULL)
		return true;
	if (!spark_members_check(context, "securityContext", known, ARRAY_COUNT(known), err))
		return false;
	if (is_true(context, "privileged"))
		return forbidden("securityContext", "privileged", err);
	if (json_member(context, "procMount") != NULL && !text_is(proc, "Default"))
		return forbidden("securityContext", "procMount", err);
	if (text_is(json_string_at(context, "seccompProfile", "type", NULL), "Unconfined"))
		return forbidden("securityContext", "seccompProfile", err);
	if (text_is(json_string_at(context, "appArmorProfile", "type", NULL), "Unconfined"))
		return forbidden("securityContext", "appArmorProfile", err);
	return check_capabilities(context, err);
}

static bool
check_ports(struct json_object *ports, struct err *err)
{
	for (size_t i = 0; i < json_count(ports); i++) {
		struct json_object *port = json_object_array_get_idx(ports, i);

		if (json_int(port, "hostPort", 0) != 0 || json_member(port, "hostIP") != NULL)
			return forbidden("containers.ports", "hostPort", err);
	}
	return true;
}

static bool
check_containers(struct json_object *containers, const char *where, struct err *err)
{
	if (!want_type(containers, json_type_array, where, err))
		return false;
	for (size_t i = 0; i < json_count(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);

		if (!json_object_is_type(container, json_type_object))
			return err_set(err, ERR_INVALID, "%s[%zu]: an object is wanted", where, i);
		if (!want_type(json_member(container, "ports"), json_type_array, "containers.ports", err) ||
		    !check_security(json_member(container, "securityContext"), err) ||
		    !check_ports(json_member(container, "ports"), err))
			return false;
	}
	return true;
}

static bool
check_volumes(struct json_object *volumes, struct err *err)
{
	static const char *const known[] = {
		"name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "nfs", "persistentVolumeClaim", "projected",
		"secret",
	};

	if (!want_type(volumes, json_type_array, "volumes", err))
		return false;
	for (size_t i = 0; i < json_count(volumes); i++) {
		struct json_object *volume = json_object_array_get_idx(volumes, i);

		if (!json_object_is_type(volume, json_type_object))
			return err_set(err, ERR_INVALID, "volumes[%zu]: an object is wanted", i);
		if (!spark_members_check(volume, "volumes", known, ARRAY_COUNT(known), err))
			return false;
	}
	return true;
}

static bool
check_host_access(struct json_object *spec, struct err *err)
{
	static const char *const known[] = {
		"activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy",
		"enableServiceLinks", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname",
		"imagePullSecrets", "initContainers", "nodeSelector", "os", "preemptionPolicy", "priority",
		"priorityClassName", "readinessGates", "resourceClaims", "resources", "restartPolicy", "runtimeClassName",
		"schedulerName", "schedulingGates", "securityContext", "serviceAccount", "serviceAccountName",
		"setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "tolerations",
		"topologySpreadConstraints", "volumes",
	};
	static const char *const host[] = { "hostNetwork", "hostPID", "hostIPC" };

	for (size_t i = 0; i < ARRAY_COUNT(host); i++) {
		if (is_true(spec, host[i]))
			return forbidden("spec", host[i], err);
	}
	return spark_members_check(spec, "spec", known, ARRAY_COUNT(known), err) &&
	       check_security(json_member(spec, "securityContext"), err) &&
	       check_volumes(json_member(spec, "volumes"), err) &&
	       check_containers(json_member(spec, "containers"), "containers", err) &&
	       check_containers(json_member(spec, "initContainers"), "initContainers", err);
}

static bool
check_account(struct json_object *spec, const char *allowed, const char *role, struct err *err)
{
	static const char *const keys[] = { "serviceAccountName", "serviceAccount" };

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		struct json_object *member = json_member(spec, keys[i]);
		const char *account = json_string(spec, keys[i]);

		if (member != NULL && account == NULL)
			return err_set(err, ERR_INVALID, "spec.%s: a string is wanted", keys[i]);
		if (account != NULL && account[0] != '\0' && strcmp(account, allowed == NULL ? "default" : allowed) != 0)
			return err_set(err, ERR_FORBIDDEN, "spec.%s: '%s', but %ss of this cluster run as '%s': leave "
				       "spark.kubernetes.authenticate.%s.serviceAccountName out", keys[i], account, role,
				       allowed == NULL ? "default" : allowed, role);
	}
	return true;
}

bool
spark_pod_check(struct json_object *spec, const struct spark_pod_rules *rules, const char *role, struct err *err)
{
	return check_account(spec, rules->service_account, role, err) && (rules->host_access || check_host_access(spec, err));
}

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Labels by which the gateway, or an operator, knows its own pods are nobody else's to set. */
static bool
check_labels(struct json_object *labels, const char *where, struct err *err)
{
	if (!want_type(labels, json_type_object, where, err))
		return false;
	if (labels == NULL)
		return true;
	json_object_object_foreach(labels, key, value) {
		if (starts_with(key, "sparkgate.io/") || starts_with(key, "sparkoperator.k8s.io/"))
			return err_set(err, ERR_FORBIDDEN, "%s: %s is the gateway's own: leave it out", where, key);
		/* unconfined by another door, in versions that know it */
		if (starts_with(key, "container.apparmor.security.beta.kubernetes.io/"))
			return err_set(err, ERR_FORBIDDEN, "%s: %s is not taken here: leave it out", where, key);
		if (!json_object_is_type(value, json_type_string))
			return err_set(err, ERR_INVALID, "%s.%s: a string is wanted", where, key);
	}
	return true;
}

/* Names and labels are taken over; what else metadata can hold, e.g. owners and finalizers, is not. */
bool
spark_metadata_check(struct json_object *object, struct err *err)
{
	return check_labels(json_at(object, "metadata", "labels", NULL), "metadata.labels", err) &&
	       check_labels(json_at(object, "metadata", "annotations", NULL), "metadata.annotations", err);
}

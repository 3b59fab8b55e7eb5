/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/driver_request.h"

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

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
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

/* ---- what a pod may not have ---- */

static bool
forbidden(const char *where, const char *what, struct err *err)
{
	return err_set(err, ERR_FORBIDDEN, "%s%s%s: this cluster's configuration does not allow it to pods that come here", where,
		       where[0] == '\0' ? "" : ".", what);
}

static bool
check_members(struct json_object *object, const char *where, const char *const *known, size_t count, struct err *err)
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
	if (!check_members(context, "securityContext", known, ARRAY_COUNT(known), err))
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
		if (!check_members(volume, "volumes", known, ARRAY_COUNT(known), err))
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
	return check_members(spec, "spec", known, ARRAY_COUNT(known), err) &&
	       check_security(json_member(spec, "securityContext"), err) &&
	       check_volumes(json_member(spec, "volumes"), err) &&
	       check_containers(json_member(spec, "containers"), "containers", err) &&
	       check_containers(json_member(spec, "initContainers"), "initContainers", err);
}

static bool
check_account(struct json_object *spec, const char *allowed, struct err *err)
{
	static const char *const keys[] = { "serviceAccountName", "serviceAccount" };

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		struct json_object *member = json_member(spec, keys[i]);
		const char *account = json_string(spec, keys[i]);

		if (member != NULL && account == NULL)
			return err_set(err, ERR_INVALID, "spec.%s: a string is wanted", keys[i]);
		if (account != NULL && account[0] != '\0' && strcmp(account, allowed == NULL ? "default" : allowed) != 0)
			return err_set(err, ERR_FORBIDDEN, "spec.%s: '%s', but drivers of this cluster run as '%s': leave "
				       "spark.kubernetes.authenticate.driver.serviceAccountName out", keys[i], account,
				       allowed == NULL ? "default" : allowed);
	}
	return true;
}

/* ---- what it says of itself ---- */

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
static bool
check_metadata(struct json_object *object, struct err *err)
{
	return check_labels(json_at(object, "metadata", "labels", NULL), "metadata.labels", err) &&
	       check_labels(json_at(object, "metadata", "annotations", NULL), "metadata.annotations", err);
}

static bool
is_app_id(const char *text)
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

/* The i-th argument as text, or NULL. */
static const char *
argument(struct json_object *container, size_t i)
{
	struct json_object *args = json_member(container, "args"), *arg;

	if (i >= json_count(args))
		return NULL;
	arg = json_object_array_get_idx(args, i);
	return json_object_is_type(arg, json_type_string) ? json_object_get_string(arg) : NULL;
}

static struct json_object *
driver_container(struct json_object *spec)
{
	struct json_object *containers = json_member(spec, "containers");

	for (size_t i = 0; i < json_count(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);

		if (text_is(argument(container, 0), "driver"))
			return container;
	}
	return NULL;
}

static const char *
config_map_of(struct json_object *spec)
{
	struct json_object *volumes = json_member(spec, "volumes");

	for (size_t i = 0; i < json_count(volumes); i++) {
		struct json_object *volume = json_object_array_get_idx(volumes, i);

		if (text_is(json_string(volume, "name"), "spark-conf-volume-driver"))
			return json_string_at(volume, "configMap", "name", NULL);
	}
	return NULL;
}

/* ["driver", options..., "--class", CLASS, RESOURCE, ARG...]: every option of Spark's own is followed by its value. */
static bool
read_arguments(struct spark_driver_request *request, struct err *err)
{
	const char *word;
	size_t i = 1;

	for (; (word = argument(request->container, i)) != NULL && starts_with(word, "--"); i += 2) {
		if (strcmp(word, "--class") == 0)
			request->main_class = argument(request->container, i + 1);
		else if (strcmp(word, "--proxy-user") == 0)
			return err_set(err, ERR_FORBIDDEN, "--proxy-user: nobody may act as somebody else, because the gateway "
				       "does not know who is calling; leave it out");
		else if (strcmp(word, "--properties-file") != 0)
			return err_set(err, ERR_INVALID, "args: '%s' is none of what spark-submit writes for a driver", word);
	}
	request->resource = word;
	return true;
}

bool
spark_driver_request_read(struct json_object *pod, const struct spark_driver_rules *rules,
			  struct spark_driver_request *ret_request, struct err *err)
{
	struct json_object *spec = json_member(pod, "spec"), *labels = json_at(pod, "metadata", "labels", NULL);
	struct spark_driver_request request = {
		.pod_name = json_string_at(pod, "metadata", "name", NULL),
		.app_id = json_string(labels, "spark-app-selector"),
		.config_map = config_map_of(spec),
		.container = driver_container(spec),
		.labels = labels,
	};

	if (!text_is(json_string(pod, "kind"), "Pod") || !text_is(json_string(pod, "apiVersion"), "v1") ||
	    !json_object_is_type(spec, json_type_object))
		return err_set(err, ERR_INVALID, "a Pod of apiVersion v1 is wanted");
	if (text_is(json_string(labels, "spark-role"), "executor"))
		return err_set(err, ERR_FORBIDDEN, "executors are not made here yet: submit with --deploy-mode cluster");
	if (!text_is(json_string(labels, "spark-role"), "driver") || request.container == NULL)
		return err_set(err, ERR_FORBIDDEN, "only the pods of Spark's drivers are made here, as spark-submit sends them");
	if (!spark_is_object_name(request.pod_name))
		return err_set(err, ERR_INVALID, "metadata.name: a DNS name in lower case is wanted");
	if (!is_app_id(request.app_id))
		return err_set(err, ERR_INVALID, "metadata.labels: spark-app-selector is wanted, Spark's application id");
	if (!spark_is_object_name(request.config_map))
		return err_set(err, ERR_INVALID, "spec.volumes: spark-conf-volume-driver is wanted, with the driver's config map");
	request.image = json_string(request.container, "image");
	if (!check_metadata(pod, err) || !read_arguments(&request, err) || !check_account(spec, rules->service_account, err) ||
	    (!rules->host_access && !check_host_access(spec, err)))
		return false;
	*ret_request = request;
	return true;
}

/* ---- what belongs to the driver ---- */

static bool
check_selector(struct json_object *labels, const char *where, const char *app_id, struct err *err)
{
	return text_is(json_string(labels, "spark-app-selector"), app_id) ||
	       err_set(err, ERR_FORBIDDEN, "%s: only pods of its own application, by spark-app-selector", where);
}

static bool
check_service(struct json_object *spec, const char *app_id, struct err *err)
{
	static const char *const known[] = {
		"clusterIP", "clusterIPs", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "ports",
		"publishNotReadyAddresses", "selector", "sessionAffinity", "type",
	};
	const char *type = json_string(spec, "type");

	if (!json_object_is_type(spec, json_type_object))
		return err_set(err, ERR_INVALID, "spec: an object is wanted");
	if (json_member(spec, "type") != NULL && !text_is(type, "ClusterIP"))
		return err_set(err, ERR_FORBIDDEN, "spec.type: only services inside the cluster are made here");
	return check_members(spec, "spec", known, ARRAY_COUNT(known), err) &&
	       check_selector(json_member(spec, "selector"), "spec.selector", app_id, err);
}

static bool
check_network_policy(struct json_object *spec, const char *app_id, struct err *err)
{
	return check_selector(json_at(spec, "podSelector", "matchLabels", NULL), "spec.podSelector.matchLabels", app_id, err);
}

static bool
check_secret(struct json_object *secret, struct err *err)
{
	/* others are filled in by Kubernetes, e.g. with the token of any service account */
	return json_member(secret, "type") == NULL || text_is(json_string(secret, "type"), "Opaque") ||
	       err_set(err, ERR_FORBIDDEN, "type: only secrets of type Opaque are made here");
}

bool
spark_driver_part_check(struct json_object *object, const char *kind, const char *name, const char *app_id, struct err *err)
{
	struct json_object *spec = json_member(object, "spec");

	if (!text_is(json_string(object, "kind"), kind))
		return err_set(err, ERR_INVALID, "kind: %s is wanted, as the path says", kind);
	if (!spark_is_object_name(name) || !text_is(json_string_at(object, "metadata", "name", NULL), name))
		return err_set(err, ERR_INVALID, "metadata.name: the name in the path is wanted");
	if (!check_metadata(object, err))
		return false;
	if (strcmp(kind, "Service") == 0)
		return check_service(spec, app_id, err);
	if (strcmp(kind, "NetworkPolicy") == 0)
		return check_network_policy(spec, app_id, err);
	return strcmp(kind, "Secret") != 0 || check_secret(object, err);
}

bool
spark_shapes_driver(const char *key)
{
	/* What is in the pod by now: spark-submit has read them (Spark 3.5 to 4.3, BasicDriverFeatureStep and its like). */
	static const char *const prefixes[] = {
		"spark.driver.memory", "spark.kubernetes.driver.annotation.", "spark.kubernetes.driver.label.",
		"spark.kubernetes.driver.limit.", "spark.kubernetes.driver.node.selector.", "spark.kubernetes.driver.pod",
		"spark.kubernetes.driver.request.", "spark.kubernetes.driver.secret", "spark.kubernetes.driver.service",
		"spark.kubernetes.driver.volumes.", "spark.kubernetes.driverEnv.", "spark.kubernetes.authenticate.",
	};
	static const char *const keys[] = {
		"spark.driver.cores", "spark.kubernetes.container.image", "spark.kubernetes.driver.container.image",
		"spark.kubernetes.driver.scheduler.name", "spark.kubernetes.namespace",
	};

	for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++) {
		if (starts_with(key, prefixes[i]))
			return true;
	}
	return IS_ONE_OF(key, keys);
}

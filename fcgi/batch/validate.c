/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/validate.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/uri.h"
#include "batch/policy.h"

enum conf_rule { CONF_DROP, CONF_DENY };

struct conf_row {
	const char *key;        /* a pattern (batch/policy.h) */
	enum conf_rule rule;
	const char *why;        /* of a denial */
};

/* Spark, its operators and this gateway find pods by these (contract crds.md 2.5 and 4.3). */
#define RESERVED_LABEL_OF(role, label) \
	{ "spark.kubernetes." role ".label." label, CONF_DENY, "pods are found by it: choose another label" }
#define RESERVED_LABEL(label) RESERVED_LABEL_OF("driver", label), RESERVED_LABEL_OF("executor", label)

/*
 * Contract crds.md 6.2: what names the target, the object or its pods is the gateway's; credentials of the driver
 * towards the API server would lift the submitter to whatever they allow.
 */
static const struct conf_row conf_rules[] = {
	{ "spark.master", CONF_DROP, NULL },
	{ "spark.app.id", CONF_DROP, NULL },
	{ "spark.app.name", CONF_DROP, NULL },
	{ "spark.driver.host", CONF_DROP, NULL },
	{ "spark.driver.bindAddress", CONF_DROP, NULL },
	{ "spark.kubernetes.namespace", CONF_DROP, NULL },
	{ "spark.kubernetes.driver.master", CONF_DROP, NULL },
	{ "spark.kubernetes.driver.pod.name", CONF_DROP, NULL },
	{ "spark.kubernetes.executor.podNamePrefix", CONF_DROP, NULL },
	{ "spark.kubernetes.submission.waitAppCompletion", CONF_DROP, NULL },
	{ "spark.submit.deployMode", CONF_DENY, "the gateway always submits in cluster mode: leave it out" },
	{ "spark.submit.proxyUser.allowCustomClasspathInClusterMode", CONF_DENY, "leave it out" },
	{ "spark.kubernetes.driver.podTemplateFile", CONF_DENY, "pod templates are files of the operator's host" },
	{ "spark.kubernetes.executor.podTemplateFile", CONF_DENY, "pod templates are files of the operator's host" },
	{ "spark.kubernetes.driver.podTemplateContainerName", CONF_DENY, "leave it out" },
	{ "spark.kubernetes.executor.podTemplateContainerName", CONF_DENY, "leave it out" },
	{ "spark.kubernetes.authenticate.*", CONF_DENY,
	  "service accounts and credentials are set per cluster in the gateway's configuration" },
	RESERVED_LABEL("spark-role"),
	RESERVED_LABEL("spark-app-selector"),
	RESERVED_LABEL("spark-exec-id"),
	RESERVED_LABEL("sparkoperator.k8s.io/*"),
	RESERVED_LABEL("spark.operator/*"),
	RESERVED_LABEL("sparkgate.io/*"),
};

static const char *const secret_parts[] = {
	"secret", "password", "passwd", "token", "credential", "access.key", "accesskey", "apikey", "api_key", "api.key",
	"account.key", "private.key", "privatekey", "transport.headers", "transport.auth", "sasl.jaas",
};

bool
batch_key_is_secret(const char *key)
{
	for (size_t i = 0; i < ARRAY_COUNT(secret_parts); i++) {
		if (strcasestr(key, secret_parts[i]) != NULL)
			return true;
	}
	return false;
}

const char *
batch_pairs_take(struct batch_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const char *value = pairs->items[i].value;

		if (strcmp(pairs->items[i].key, key) != 0)
			continue;
		memmove(&pairs->items[i], &pairs->items[i + 1], (pairs->count - i - 1) * sizeof(pairs->items[0]));
		pairs->count--;
		return value;
	}
	return NULL;
}

static const struct conf_row *
find_rule(const char *key)
{
	for (size_t i = 0; i < ARRAY_COUNT(conf_rules); i++) {
		if (batch_key_matches(conf_rules[i].key, key))
			return &conf_rules[i];
	}
	return NULL;
}

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool
check_name(const char *name, struct err *err)
{
	if (name == NULL)
		return true;
	if (name[0] == '\0' || is_number(name))
		return err_set(err, ERR_INVALID,
			       "Rejected, Reason: Invalid session name: %s (a name is not empty and not a number)", name);
	if (strlen(name) > LIMIT_NAME_BYTES)
		return err_set(err, ERR_INVALID, "Rejected, Reason: name: longer than %d bytes", LIMIT_NAME_BYTES);
	return true;
}

#define URI_REMEDY "give a URI that the driver can reach, e.g. local:///path in the image, s3a://, hdfs:// or https://"

/* uri[size], because those of a conf value stand in a list. */
static bool
check_uri(const char *field, const char *uri, size_t size, struct err *err)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)uri[i] <= ' ' || uri[i] == 0x7f || strchr("\"<>\\^`{|}", uri[i]) != NULL)
			return err_set(err, ERR_INVALID,
				       "Rejected, Reason: %s: java.net.URISyntaxException: Illegal character in path at "
				       "index %zu: %.*s", field, i, (int)size, uri);
	}
	if (strncasecmp(uri, "file:", 5) == 0 || uri[0] == '/')
		return err_set(err, ERR_INVALID,
			       "Rejected, Reason: requirement failed: Local path %.*s cannot be added to user sessions. "
			       "%s: it would be read from the gateway's host; " URI_REMEDY, (int)size, uri, field);
	if (!uri_has_scheme(uri, size))
		return err_set(err, ERR_INVALID,
			       "Rejected, Reason: requirement failed: Path '%.*s' is not absolute. %s: " URI_REMEDY,
			       (int)size, uri, field);
	return true;
}

static bool
check_uris(const char *field, const struct batch_strings *uris, struct err *err)
{
	for (size_t i = 0; i < uris->count; i++) {
		if (!check_uri(field, uris->items[i], strlen(uris->items[i]), err))
			return false;
	}
	return true;
}

/* Java style: digits and an optional unit, as Spark's JavaUtils.byteStringAsBytes takes it. */
static bool
check_memory(const char *field, const char *memory, struct err *err)
{
	static const char *const units[] = { "", "k", "kb", "m", "mb", "g", "gb", "t", "tb", "p", "pb" };
	size_t digits;

	if (memory == NULL)
		return true;
	digits = strspn(memory, "0123456789");
	for (size_t i = 0; digits > 0 && i < ARRAY_COUNT(units); i++) {
		if (strcasecmp(memory + digits, units[i]) == 0)
			return true;
	}
	return err_set(err, ERR_INVALID, "%s: '%s' is no amount of memory: write e.g. 512m or 2g", field, memory);
}

static bool
is_memory_key(const char *key)
{
	return strcmp(key, "spark.driver.memory") == 0 || strcmp(key, "spark.executor.memory") == 0;
}

/* The rules of the path fields hold for their conf keys too (contract livy.md 4.2): commas and blanks part a list. */
static bool
check_conf_uris(const struct batch_pair *pair, struct err *err)
{
	const char *uri, *at = pair->value;
	size_t size;

	while (batch_key_is_uris(pair->key) && (uri = batch_next_uri(&at, &size), size > 0)) {
		if (!check_uri(pair->key, uri, size, err))
			return false;
	}
	return true;
}

static bool
check_conf(struct batch_pairs *conf, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < conf->count; i++) {
		const struct batch_pair pair = conf->items[i];
		const struct conf_row *row = find_rule(pair.key);

		if (row != NULL && row->rule == CONF_DENY)
			return err_set(err, ERR_INVALID,
				       "Rejected, Reason: Blacklisted configuration values in session config: %s (%s)",
				       pair.key, row->why);
		if (is_memory_key(pair.key) && !check_memory(pair.key, pair.value, err))
			return false;
		/* spark-submit drops what does not begin with "spark." as well */
		if (row == NULL && (strncmp(pair.key, "spark.", 6) == 0 || strcmp(pair.key, "pyRequirements") == 0))
			conf->items[kept++] = pair;
	}
	conf->count = kept;
	return true;
}

bool
batch_validate(struct batch_order *order, struct err *err)
{
	if (order->file == NULL)
		return err_set(err, ERR_INVALID, "Rejected, Reason: requirement failed: File is required.");
	if (order->file[0] == '\0')
		return err_set(err, ERR_INVALID, "Rejected, Reason: requirement failed: File is required: file is empty.");
	if (order->driver_cores < 0 || order->executor_cores < 0)
		return err_set(err, ERR_INVALID, "%s: at least 1",
			       order->driver_cores < 0 ? "driverCores" : "executorCores");
	return check_name(order->name, err) && check_memory("driverMemory", order->driver_memory, err) &&
	       check_memory("executorMemory", order->executor_memory, err) && check_conf(&order->conf, err);
}

bool
batch_validate_uris(const struct batch_order *order, struct err *err)
{
	for (size_t i = 0; i < order->conf.count; i++) {
		if (!check_conf_uris(&order->conf.items[i], err))
			return false;
	}
	return check_uri("file", order->file, strlen(order->file), err) && check_uris("jars", &order->jars, err) &&
	       check_uris("pyFiles", &order->py_files, err) && check_uris("files", &order->files, err) &&
	       check_uris("archives", &order->archives, err);
}

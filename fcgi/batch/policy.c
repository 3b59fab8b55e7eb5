/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/policy.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "base/percent.h"
#include "base/uri.h"

#define KEY_BYTES 256
#define BLANKS " \t\r\n\f"

/* ---- names of properties ---- */

/* Source: SparkConf.configsWithAlternatives and the alternatives of ConfigEntry, Spark 3.5 to 4.3. */
static const struct {
	const char *other;
	const char *key;
} other_names[] = {
	{ "spark.yarn.keytab", "spark.kerberos.keytab" },
	{ "spark.yarn.principal", "spark.kerberos.principal" },
	{ "spark.yarn.access.namenodes", "spark.kerberos.access.hadoopFileSystems" },
	{ "spark.yarn.access.hadoopFileSystems", "spark.kerberos.access.hadoopFileSystems" },
	{ "spark.files.userClassPathFirst", "spark.executor.userClassPathFirst" },
	{ "spark.yarn.user.classpath.first", "spark.executor.userClassPathFirst" },
	{ "spark.yarn.driver.memoryOverhead", "spark.driver.memoryOverhead" },
	{ "spark.yarn.executor.memoryOverhead", "spark.executor.memoryOverhead" },
	{ "spark.yarn.maxAppAttempts", "spark.kubernetes.maxAppAttempts" },
};

static const char *
trim(const char *key, char *buffer)
{
	size_t size;

	key += strspn(key, BLANKS);
	size = strlen(key);
	while (size > 0 && strchr(BLANKS, key[size - 1]) != NULL)
		size--;
	/* no property of Spark's is as long: nothing but a pattern can mean it */
	if (key[size] == '\0' || size >= KEY_BYTES)
		return key;
	memcpy(buffer, key, size);
	buffer[size] = '\0';
	return buffer;
}

static const char *
usual_name(const char *key)
{
	for (size_t i = 0; i < ARRAY_COUNT(other_names); i++) {
		if (strcasecmp(other_names[i].other, key) == 0)
			return other_names[i].key;
	}
	return key;
}

static bool
is_meant(const char *pattern, const char *key)
{
	return fnmatch(pattern, key, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

bool
batch_key_matches(const char *pattern, const char *key)
{
	char buffer[KEY_BYTES];
	const char *given = trim(key, buffer), *usual = usual_name(given);

	return is_meant(pattern, given) || is_meant(usual_name(pattern), usual);
}

/* ---- what the gateway denies by itself ---- */

#define OF_HOST "it would be read from the host of whoever runs spark-submit"

static const struct {
	const char *pattern;
	const char *why;
} shipped[] = {
	{ "spark.driver.extraClassPath", "it comes before Spark's own classes: give jars" },
	{ "spark.executor.extraClassPath", "it comes before Spark's own classes: give jars" },
	{ "spark.kubernetes.driver.volumes.hostPath.*", "files of a node are everybody's: use a claim" },
	{ "spark.kubernetes.executor.volumes.hostPath.*", "files of a node are everybody's: use a claim" },
	{ "spark.kubernetes.context", "the gateway's configuration says where a cluster is" },
	{ "spark.kerberos.keytab", OF_HOST },
	{ "spark.kerberos.principal", "it belongs to a keytab, and " OF_HOST },
	{ "spark.kubernetes.kerberos.krb5.path", OF_HOST ": use spark.kubernetes.kerberos.krb5.configMapName" },
	{ "spark.jars.ivySettings", OF_HOST ": use spark.jars.repositories" },
};

static const char *
find_meant(const struct batch_strings *patterns, const char *key)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (batch_key_matches(patterns->items[i], key))
			return patterns->items[i];
	}
	return NULL;
}

#define DENIED "Rejected, Reason: Blacklisted configuration values in session config: %s "

/* Whose rules those are, for people. */
static const char *
whose(struct arena *arena, const struct batch_policy *policy, const struct batch_rules *rules)
{
	return rules == &policy->of_cluster
		       ? arena_printf(arena, "cluster '%s'", policy->cluster)
		       : arena_printf(arena, "cluster '%s' for the role '%s'", policy->cluster, policy->role);
}

static bool
check_key(struct arena *arena, const struct batch_policy *policy, const char *key, struct err *err)
{
	const struct batch_rules *const layers[] = { &policy->of_role, &policy->of_cluster };
	const char *pattern;

	for (size_t i = 0; i < ARRAY_COUNT(layers); i++) {
		if (find_meant(&layers[i]->allowed_conf, key) != NULL)
			return true;
		pattern = find_meant(&layers[i]->denied_conf, key);
		if (pattern != NULL)
			return err_set(err, ERR_INVALID, DENIED "(%s has '%s' among its denied_conf: leave it out)", key,
				       whose(arena, policy, layers[i]), pattern);
	}
	for (size_t i = 0; i < ARRAY_COUNT(shipped); i++) {
		if (batch_key_matches(shipped[i].pattern, key))
			return err_set(err, ERR_INVALID, DENIED "(the gateway denies '%s': %s; allowed_conf of cluster '%s' could "
				       "allow it)", key, shipped[i].pattern, shipped[i].why, policy->cluster);
	}
	return true;
}

/* ---- addresses ---- */

/*
 * "scheme:" or "scheme://host": letters become small, and the name of a user goes, which says nothing of where it is.
 * Returns what is behind it.
 */
static char *
tidy_authority(char *uri)
{
	char *host = strchr(uri, ':') + 1, *path = host, *at;

	if (strncmp(host, "//", 2) == 0) {
		host += 2;
		path = host + strcspn(host, "/?#");
		at = memrchr(host, '@', (size_t)(path - host));
		if (at != NULL) {
			memmove(host, at + 1, strlen(at + 1) + 1);
			path -= at + 1 - host;
		}
	}
	for (char *letter = uri; letter < path; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	return path;
}

/* What stands behind '#' is the name under which the driver finds it. */
static const char *
understand(struct arena *arena, const char *uri, size_t size, size_t decodings)
{
	const char *fragment = memchr(uri, '#', size);
	char *text = arena_strndup(arena, uri, fragment == NULL ? size : (size_t)(fragment - uri));

	while (decodings-- > 0)
		text = percent_decode(arena, text, strlen(text), false);
	uri_resolve_dots(tidy_authority(text));
	return text;
}

/* As written, and decoded once, twice and three times: the last is of one who hides something. */
#define READINGS 4

static const char *
find_pattern(const struct batch_strings *patterns, const char *uri)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (fnmatch(patterns->items[i], uri, FNM_NOESCAPE) == 0)
			return patterns->items[i];
	}
	return NULL;
}

struct readings {
	const char *items[READINGS];
};

static bool
allows(const struct batch_rules *rules, const struct readings *readings)
{
	for (size_t i = 0; i < READINGS; i++) {
		if (find_pattern(&rules->allowed_uris, readings->items[i]) == NULL)
			return false;
	}
	return true;
}

static const char *
find_denial(const struct batch_rules *rules, const struct readings *readings)
{
	const char *pattern = NULL;

	for (size_t i = 0; i < READINGS && pattern == NULL; i++)
		pattern = find_pattern(&rules->denied_uris, readings->items[i]);
	return pattern;
}

bool
batch_policy_check_uri(struct arena *arena, const struct batch_policy *policy, const char *field, const char *uri, size_t size,
		       struct err *err)
{
	const struct batch_rules *const layers[] = { &policy->of_role, &policy->of_cluster };
	struct readings readings;
	const char *denied;

	if (policy->of_cluster.denied_uris.count + policy->of_role.denied_uris.count == 0)
		return true;
	for (size_t i = 0; i < READINGS; i++)
		readings.items[i] = understand(arena, uri, size, i);
	for (size_t i = 0; i < ARRAY_COUNT(layers); i++) {
		if (allows(layers[i], &readings))
			return true;
		denied = find_denial(layers[i], &readings);
		if (denied != NULL)
			return err_set(err, ERR_INVALID, "Rejected, Reason: %s: %.*s: %s has '%s' among its denied_uris: put it "
				       "where that cluster allows it", field, (int)size, uri, whose(arena, policy, layers[i]),
				       denied);
	}
	return true;
}

bool
batch_key_is_uris(const char *key)
{
	static const char *const keys[] = {
		"spark.jars", "spark.files", "spark.archives", "spark.yarn.dist.archives", "spark.submit.pyFiles",
	};

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

const char *
batch_next_uri(const char **at, size_t *ret_size)
{
	const char *uri = *at + strspn(*at, ", ");

	*ret_size = strcspn(uri, ", ");
	*at = uri + *ret_size;
	return uri;
}

bool
batch_policy_check_property(struct arena *arena, const struct batch_policy *policy, const char *key, const char *value,
			    struct err *err)
{
	const char *uri;
	size_t size;

	if (!check_key(arena, policy, key, err))
		return false;
	while (batch_key_is_uris(key) && (uri = batch_next_uri(&value, &size), size > 0)) {
		if (!batch_policy_check_uri(arena, policy, key, uri, size, err))
			return false;
	}
	return true;
}

/* ---- an order ---- */

static bool
check_uris(struct arena *arena, const struct batch_policy *policy, const char *field, const struct batch_strings *uris,
	   struct err *err)
{
	for (size_t i = 0; i < uris->count; i++) {
		if (!batch_policy_check_uri(arena, policy, field, uris->items[i], strlen(uris->items[i]), err))
			return false;
	}
	return true;
}

bool
batch_policy_check(struct arena *arena, const struct batch_policy *policy, const struct batch_order *order, struct err *err)
{
	for (size_t i = 0; i < order->conf.count; i++) {
		const struct batch_pair *pair = &order->conf.items[i];

		if (!batch_policy_check_property(arena, policy, pair->key, pair->value, err))
			return false;
	}
	return batch_policy_check_uri(arena, policy, "file", order->file, strlen(order->file), err) &&
	       check_uris(arena, policy, "jars", &order->jars, err) &&
	       check_uris(arena, policy, "pyFiles", &order->py_files, err) &&
	       check_uris(arena, policy, "files", &order->files, err) &&
	       check_uris(arena, policy, "archives", &order->archives, err);
}

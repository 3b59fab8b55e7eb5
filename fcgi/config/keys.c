/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config_priv.h"

#include <ctype.h>
#include <string.h>

static const char *const auth_words[] = { [CONFIG_AUTH_UNSET] = "unset", [CONFIG_AUTH_NONE] = "none",
					 [CONFIG_AUTH_PROXY] = "proxy" };
static const char *const level_words[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug",
};
static const char *const format_words[] = { [LOG_FORMAT_LOGFMT] = "logfmt", [LOG_FORMAT_JSON] = "json" };
static const char *const operator_words[] = {
	[CONFIG_OPERATOR_KUBEFLOW] = "kubeflow", [CONFIG_OPERATOR_SPARKGATE] = "sparkgate",
	[CONFIG_OPERATOR_APACHE] = "apache", [CONFIG_OPERATOR_AUTO] = "auto", [CONFIG_OPERATOR_BUILTIN] = "builtin",
};
static const char *const scheduler_words[] = {
	[CONFIG_SCHEDULER_NONE] = "none", [CONFIG_SCHEDULER_VOLCANO] = "volcano", [CONFIG_SCHEDULER_YUNIKORN] = "yunikorn",
	[CONFIG_SCHEDULER_KUEUE] = "kueue",
};

/* KEY_WORD members are written as one int. */
_Static_assert(sizeof(enum config_auth) == sizeof(int) && sizeof(enum log_level) == sizeof(int) &&
	       sizeof(enum log_format) == sizeof(int) && sizeof(enum config_operator) == sizeof(int) &&
	       sizeof(enum config_scheduler) == sizeof(int),
	       "enums are ints here");

#define WORDS(words_) .words = (words_), .words_count = ARRAY_COUNT(words_)
#define AT(member) .offset = offsetof(struct config, member)
#define RANGE(min_, max_, unit_) .min = (min_), .max = (max_), .unit = (unit_)

const struct config_key config_keys[] = {
	{ "auth", KEY_WORD, AT(auth), .default_text = "unset", WORDS(auth_words),
	  .help = "How callers prove who they are. \"unset\" serves loopback only; \"none\" serves whoever reaches a "
		  "port, and must be written out before anything but loopback is served; with \"proxy\" nginx has found out "
		  "who it is (nginx/authentication.conf), and whom it does not name is refused." },
	{ "proxy_users", KEY_CONF, AT(proxy_users), .count_offset = offsetof(struct config, proxy_users_count),
	  .remedy = config_remedy_users, .value_remedy = config_remedy_users,
	  .help = "Users, and as whom they may submit (proxyUser, doAs); patterns with commas between. \"*\" as a user is everybody, "
		  "whoever is not authenticated included. Everybody is themselves." },
	{ "roles", KEY_CONF, AT(roles), .count_offset = offsetof(struct config, roles_count), .value_remedy = config_remedy_users,
	  .help = "Roles, and the users that have them: patterns with commas between. A user has the first role that fits; \"*\" fits "
		  "everybody, whoever is not authenticated included." },
	{ "database.conninfo", KEY_TEXT, AT(database_conninfo), .needs_restart = true,
	  .help = "PostgreSQL, as libpq's connection string or URI. Required. Keep a password out of it: use a "
		  "password file (passfile=) or the environment." },
	{ "database.connect_timeout_ms", KEY_INT, AT(database_connect_timeout_ms), .default_text = "2000", .needs_restart = true,
	  RANGE(100, 60000, "milliseconds"), .help = "The longest wait for a connection to PostgreSQL." },
	{ "database.statement_timeout_ms", KEY_INT, AT(database_statement_timeout_ms), .default_text = "5000", .needs_restart = true,
	  RANGE(100, 600000, "milliseconds"), .help = "The longest run of one SQL statement." },
	{ "database.prepared_statements", KEY_FLAG, AT(database_prepared_statements), .default_text = "true", .needs_restart = true,
	  .help = "Each connection prepares its statements once. \"false\" where a pooler lies between that gives each transaction "
		  "another connection and knows no prepared statements: PgBouncer before 1.21, or with max_prepared_statements 0." },
	{ "kube.connect_timeout_ms", KEY_INT, AT(kube_connect_timeout_ms), .default_text = "2000",
	  RANGE(100, 60000, "milliseconds"), .help = "The longest wait for a connection to an API server." },
	{ "kube.request_timeout_ms", KEY_INT, AT(kube_request_timeout_ms), .default_text = "10000",
	  RANGE(100, 120000, "milliseconds"), .help = "The longest run of one call to an API server, watches aside." },
	{ "kube.watch_timeout_s", KEY_INT, AT(kube_watch_timeout_s), .default_text = "290",
	  RANGE(5, 3600, "seconds"), .help = "The API server ends a watch after this; the watcher then resumes it." },
	{ "watcher.takeover_ms", KEY_INT, AT(watcher_takeover_ms), .default_text = "2000",
	  RANGE(100, 8000, "milliseconds"),
	  .help = "How often a waiting watcher tries to take over a cluster whose watcher has died." },
	{ "watcher.dispatch_interval_ms", KEY_INT, AT(watcher_dispatch_interval_ms), .default_text = "500",
	  RANGE(50, 60000, "milliseconds"),
	  .help = "How often the watcher looks for batches that no worker could bring to their cluster." },
	{ "watcher.resync_interval_s", KEY_INT, AT(watcher_resync_interval_s), .default_text = "600",
	  RANGE(10, 86400, "seconds"),
	  .help = "How often the watcher lists everything anew, even though its watch looks healthy." },
	{ "watcher.driver_silence_s", KEY_INT, AT(watcher_driver_silence_s), .default_text = "300",
	  RANGE(1, 86400, "seconds"),
	  .help = "How long a driver that was not submitted here may ask for nothing, while none of its executors runs, until its "
		  "application is taken for dead (--master k8s:// in client mode)." },
	{ "watcher.down_after_s", KEY_INT, AT(watcher_down_after_s), .default_text = "15",
	  RANGE(10, 86400, "seconds"),
	  .help = "How long a cluster's watcher may have had no word of it until the cluster counts as down: new batches then go "
		  "to others, where there are any that may take them." },
	{ "watcher.report_transaction_s", KEY_INT, AT(watcher_report_transaction_s), .default_text = "60",
	  RANGE(0, 86400, "seconds"),
	  .help = "How long a transaction of the role sparkgate_report may last, whatever it has set for itself, until the watcher "
		  "ends its session; 0 is for ever." },
	{ "operator.concurrent_reconciles", KEY_INT, AT(operator_concurrent_reconciles), .default_text = "12",
	  RANGE(1, 64, "applications"),
	  .help = "How many applications of a cluster sparkgate-operator works on at a time; each has a connection to "
		  "the API server." },
	{ "log_archive.max_bytes", KEY_INT, AT(log_archive_max_bytes), .default_text = "67108864",
	  RANGE(65536, 1073741824, "bytes"), .help = "How much of one driver's log is kept in PostgreSQL." },
	{ "log_archive.followed_max", KEY_INT, AT(log_archive_followed_max), .default_text = "500",
	  RANGE(1, 10000, "drivers"),
	  .help = "How many drivers of a cluster have their logs followed at a time; each is a connection to the API "
		  "server. The logs of others are read when there is room, at the latest when they end." },
	{ "retention.finished_days", KEY_INT, AT(retention_finished_days), .default_text = "90",
	  RANGE(0, 36500, "days"), .help = "How long a finished batch and its log are kept; 0 is for ever." },
	{ "retention.object_hours", KEY_INT, AT(retention_object_hours), .default_text = "24",
	  RANGE(1, 8760, "hours"),
	  .help = "How long the object of a finished batch, and its pods, are kept in Kubernetes." },
	{ "log.level", KEY_WORD, AT(log_level), .default_text = "info", WORDS(level_words),
	  .help = "The least important events that are logged." },
	{ "log.format", KEY_WORD, AT(log_format), .default_text = "logfmt", WORDS(format_words),
	  .help = "One line per event on standard error: key=value pairs, or a JSON object." },
	{ "metrics.shared_file", KEY_PATH, AT(metrics_shared_file), .needs_restart = true,
	  .help = "A small file, best on a tmpfs, through which all workers of this host count together. Not set: "
		  "each worker counts alone, and a scrape sees whichever worker answers it." },
	{ "submitter.cluster", KEY_TEXT, AT(submitter_cluster), .remedy = config_remedy_cluster_name,
	  .help = "The cluster in which POST /api/v1/spark-submit makes driver pods for a Kubeflow operator that has its "
		  "feature gate RestSubmitter on. That cluster needs a spark_version. Not set: the route is not there." },
};
const size_t config_keys_count = ARRAY_COUNT(config_keys);

#undef AT
#define AT(member) .offset = offsetof(struct config_cluster, member)
#define LIMIT_RANGE RANGE(0, 1000000, "batches")

const struct config_key config_cluster_keys[] = {
	{ "kubeconfig", KEY_PATH, AT(kubeconfig),
	  .help = "How to reach the API server, as kubectl knows it. Either this or in_cluster." },
	{ "context", KEY_TEXT, AT(context), .remedy = config_remedy_one_word,
	  .help = "A context of the kubeconfig. Not set: its current-context." },
	{ "in_cluster", KEY_FLAG, AT(in_cluster), .default_text = "false",
	  .help = "The gateway runs as a pod of this cluster and uses the service account that is mounted there." },
	{ "namespace", KEY_TEXT, AT(namespace), .remedy = config_remedy_dns_label,
	  .help = "Where applications are created. Not set: the context's or the pod's own, else \"default\"." },
	{ "service_account", KEY_TEXT, AT(service_account), .remedy = config_remedy_dns_subdomain,
	  .help = "The service account of drivers and executors. Not set: the namespace's default." },
	{ "service_accounts", KEY_CONF, AT(service_accounts),
	  .count_offset = offsetof(struct config_cluster, service_accounts_count),
	  .remedy = config_remedy_users, .value_remedy = config_remedy_account,
	  .help = "Users, by patterns with commas between, and the service account of each; the first row that fits counts. "
		  "{user} stands for the user's name. Whom no row fits has service_account." },
	{ "image", KEY_TEXT, AT(image), .remedy = config_remedy_one_word,
	  .help = "The Spark image of a batch that names none. Not set: the batch must." },
	{ "spark_version", KEY_TEXT, AT(spark_version), .remedy = config_remedy_one_word,
	  .help = "The version of Spark in the image." },
	{ "images", KEY_CONF, AT(images), .count_offset = offsetof(struct config_cluster, images_count),
	  .remedy = config_remedy_version,
	  .help = "Spark versions, such as 3.5 or 4.0.1, and the image of each: for a batch that asks for one by conf "
		  "spark.sparkgate.sparkVersion, or whose spark-submit (spark://) has it." },
	{ "file_mappings", KEY_CONF, AT(file_mappings), .count_offset = offsetof(struct config_cluster, file_mappings_count),
	  .remedy = config_remedy_paths, .value_remedy = config_remedy_addresses,
	  .help = "Where files lie that a batch names by relative paths (\"\"), absolute ones (\"/data/\") or file: URIs: the "
		  "beginning of the path, and the beginning of the address in its place. Others are refused." },
	{ "pip_config_map", KEY_TEXT, AT(pip_config_map), .remedy = config_remedy_dns_subdomain,
	  .help = "A config map of the namespace with settings for pip, such as PIP_INDEX_URL, for batches with pyRequirements. "
		  "Not set: pip's own, PyPI." },
	{ "operator", KEY_WORD, AT(operator_kind), .default_text = "kubeflow", WORDS(operator_words),
	  .help = "The operator that turns applications into pods: \"kubeflow\", \"apache\" (spark.apache.org), or \"builtin\" "
		  "for sparkgate-operator(8), which acts on applications with the label sparkgate.io/operator=sparkgate "
		  "(\"sparkgate\" means the same). \"auto\": Kubeflow's where its definition is served, else Apache's." },
	{ "batch_scheduler", KEY_WORD, AT(batch_scheduler), .default_text = "none", WORDS(scheduler_words),
	  .help = "Who places the pods of a batch, and knows the queue that it asks for: \"volcano\", \"yunikorn\", or \"kueue\", "
		  "which admits it. \"none\": Kubernetes' own scheduler, which knows no queues." },
	{ "weight", KEY_INT, AT(weight), .default_text = "0", RANGE(0, 1000, "parts"),
	  .help = "The share of this cluster in the batches that name none. Where no cluster has a weight, the first one gets them." },
	{ "queues", KEY_LIST, AT(queues), .count_offset = offsetof(struct config_cluster, queues_count),
	  .help = "The queues whose batches come here, shared with whoever lists them as well. Batches of a queue that nobody lists go "
		  "to the clusters that list none." },
	{ "drain", KEY_FLAG, AT(drain), .default_text = "false",
	  .help = "Nothing new comes here; what is here is followed to its end. The way to take a cluster away." },
	{ "k8s_submissions", KEY_FLAG, AT(k8s_submissions), .default_text = "false",
	  .help = "spark-submit --master k8s:// may make its driver pods here, and drivers their executors. The gateway then "
		  "needs the rights of deploy/kubernetes/k8s-rbac.yaml.in." },
	{ "k8s_host_access", KEY_FLAG, AT(k8s_host_access), .default_text = "false",
	  .help = "Pods that come by --master k8s:// may use their node: hostPath, hostNetwork, privileged containers and "
		  "whatever else Kubernetes' pod security level \"baseline\" forbids." },
	{ "default_conf", KEY_CONF, AT(rules.default_conf),
	  .count_offset = offsetof(struct config_cluster, rules.default_conf_count),
	  .help = "Spark properties of every batch; the batch's own conf beats them." },
	{ "enforced_conf", KEY_CONF, AT(rules.enforced_conf),
	  .count_offset = offsetof(struct config_cluster, rules.enforced_conf_count),
	  .help = "Spark properties of every batch; they beat the batch's own conf." },
	{ "allowed_conf", KEY_LIST, AT(rules.allowed_conf),
	  .count_offset = offsetof(struct config_cluster, rules.allowed_conf_count),
	  .help = "Patterns of Spark properties that a batch may have, whatever denies them." },
	{ "denied_conf", KEY_LIST, AT(rules.denied_conf),
	  .count_offset = offsetof(struct config_cluster, rules.denied_conf_count),
	  .help = "Patterns of Spark properties that a batch may not have; \"*\" denies all that allowed_conf does not "
		  "allow. The gateway itself denies some, such as extra class paths and hostPath volumes." },
	{ "allowed_uris", KEY_LIST, AT(rules.allowed_uris),
	  .count_offset = offsetof(struct config_cluster, rules.allowed_uris_count),
	  .help = "Patterns of addresses that a batch's files may have, whatever denies them." },
	{ "denied_uris", KEY_LIST, AT(rules.denied_uris),
	  .count_offset = offsetof(struct config_cluster, rules.denied_uris_count),
	  .help = "Patterns of addresses that they may not have; \"*\" denies all that allowed_uris does not allow." },
	{ "roles", KEY_ROLES, AT(roles), .count_offset = offsetof(struct config_cluster, roles_count),
	  .help = "What users of a role get and may have here: default_conf, enforced_conf, allowed_conf, denied_conf, allowed_uris and "
		  "denied_uris of theirs, which beat those of the cluster." },
	{ "max_running", KEY_LIMIT, AT(running.cluster), LIMIT_RANGE,
	  .help = "How many batches may run here at a time; more of them wait for their turn." },
	{ "max_waiting", KEY_LIMIT, AT(waiting.cluster), LIMIT_RANGE,
	  .help = "How many batches may wait for their turn; more of them are refused (429)." },
	{ "queue_max_running", KEY_LIMITS, AT(running.queues),
	  .count_offset = offsetof(struct config_cluster, running.queues_count), LIMIT_RANGE,
	  .help = "Queues, and how many batches of each may run at a time; \"*\" is each queue that is not named, \"\" the "
		  "batches that ask for none." },
	{ "queue_max_waiting", KEY_LIMITS, AT(waiting.queues),
	  .count_offset = offsetof(struct config_cluster, waiting.queues_count), LIMIT_RANGE,
	  .help = "Queues, and how many batches of each may wait." },
	{ "user_max_running", KEY_LIMITS, AT(running.users),
	  .count_offset = offsetof(struct config_cluster, running.users_count), LIMIT_RANGE,
	  .help = "Users, and how many batches of each may run at a time: of whom a batch acts as (proxyUser), else of its owner; "
		  "\"*\" is each user that is not named, \"\" whoever is not known." },
	{ "user_max_waiting", KEY_LIMITS, AT(waiting.users),
	  .count_offset = offsetof(struct config_cluster, waiting.users_count), LIMIT_RANGE,
	  .help = "Users, and how many batches of each may wait." },
};
const size_t config_cluster_keys_count = ARRAY_COUNT(config_cluster_keys);

const char *
config_operator_text(enum config_operator kind)
{
	return operator_words[kind];
}

const char *
config_scheduler_text(enum config_scheduler scheduler)
{
	return scheduler == CONFIG_SCHEDULER_NONE ? NULL : scheduler_words[scheduler];
}

const struct config_key *
config_key_find(const struct config_key *keys, size_t keys_count, const char *name)
{
	for (size_t i = 0; i < keys_count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

bool
config_is_section(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < config_keys_count; i++)
		if (strncmp(config_keys[i].name, name, length) == 0 && config_keys[i].name[length] == '.')
			return true;
	return false;
}

const char *
config_variable_name(struct arena *arena, const char *name)
{
	char *variable = arena_printf(arena, "SPARKGATE_%s", name);

	for (char *at = variable; *at != '\0'; at++)
		*at = isalnum((unsigned char)*at) ? (char)toupper((unsigned char)*at) : '_';
	return variable;
}

#define NEAR_NAME_BYTES 64

/* Levenshtein's distance; names too long to be a slip of the fingers are far from everything. */
static size_t
distance(const char *left, const char *right)
{
	size_t row[NEAR_NAME_BYTES + 1];
	size_t right_length = strlen(right);

	if (strlen(left) > NEAR_NAME_BYTES || right_length > NEAR_NAME_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= right_length; j++)
		row[j] = j;
	for (size_t i = 0; left[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < right_length; j++) {
			size_t changed = diagonal + (tolower((unsigned char)left[i]) != right[j] ? 1 : 0);
			size_t shorter = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

			diagonal = row[j + 1];
			row[j + 1] = changed < shorter ? changed : shorter;
		}
	}
	return row[right_length];
}

struct nearest {
	const char *name;
	size_t distance;
};

static void
consider(struct nearest *nearest, const char *wanted, const char *candidate)
{
	size_t slips = distance(wanted, candidate);

	/* More wrong letters than these look like another word. */
	if (slips < nearest->distance && slips <= 1 + strlen(candidate) / 4) {
		nearest->distance = slips;
		nearest->name = candidate;
	}
}

const char *
config_nearest_key(struct arena *arena, const char *name)
{
	struct nearest nearest = { NULL, SIZE_MAX };
	const char *dot = strrchr(name, '.');
	const char *last = dot == NULL ? name : dot + 1;

	consider(&nearest, name, CONFIG_CLUSTERS);
	for (size_t i = 0; i < config_keys_count; i++) {
		const char *key = config_keys[i].name;
		const char *key_dot = strrchr(key, '.');

		consider(&nearest, name, key);
		if (key_dot != NULL && dot == NULL)
			consider(&nearest, name, arena_strndup(arena, key, (size_t)(key_dot - key)));
		/* The right name at the wrong place beats a slip. */
		if (key_dot != NULL && strcmp(key_dot + 1, last) == 0 && nearest.distance > 1)
			nearest = (struct nearest){ key, 1 };
	}
	return nearest.name;
}

const char *
config_nearest_cluster_key(const char *name)
{
	struct nearest nearest = { NULL, SIZE_MAX };

	for (size_t i = 0; i < config_cluster_keys_count; i++)
		consider(&nearest, name, config_cluster_keys[i].name);
	return nearest.name;
}

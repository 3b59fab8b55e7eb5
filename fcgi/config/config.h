/*
 * config/config.h - the configuration: a YAML file, then the environment, checked whole before anything runs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The scalar keys are one table in keys.c; sparkgate.conf.5, the example file and `sparkgate-ctl config` follow it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

enum config_auth {
	CONFIG_AUTH_UNSET,      /* loopback only */
	CONFIG_AUTH_NONE,       /* written out: anybody who reaches a port is served */
	CONFIG_AUTH_PROXY,      /* the front has found out who it is, and says so: whom it does not name is refused */
};

enum config_operator {
	CONFIG_OPERATOR_KUBEFLOW,
	CONFIG_OPERATOR_SPARKGATE,
	CONFIG_OPERATOR_APACHE,
	CONFIG_OPERATOR_AUTO,           /* Kubeflow's or Apache's, by what the API server serves */
	CONFIG_OPERATOR_BUILTIN,        /* another word for SPARKGATE, which it becomes when it is read */
};

/* The word of the configuration, which is also that of rows and labels. */
const char *config_operator_text(enum config_operator kind);

/* Of the operator, or of Spark itself: who places the pods of a batch together, and knows queues. */
enum config_scheduler {
	CONFIG_SCHEDULER_NONE, CONFIG_SCHEDULER_VOLCANO, CONFIG_SCHEDULER_YUNIKORN, CONFIG_SCHEDULER_KUEUE,
};

/* NULL for CONFIG_SCHEDULER_NONE. */
const char *config_scheduler_text(enum config_scheduler scheduler);

struct config_pair {
	const char *key;
	const char *value;
};

#define CONFIG_NO_LIMIT (-1)

struct config_limit {
	const char *name;               /* "*": of all that are not named; "": of those that name none */
	int most;
};

/* How many batches of a cluster at most: of all, of each queue and of each user. */
struct config_limits {
	int cluster;                    /* CONFIG_NO_LIMIT: any number */
	struct config_limit *queues;    /* queues[queues_count] */
	size_t queues_count;
	struct config_limit *users;     /* users[users_count] */
	size_t users_count;
};

/* What a cluster, or one role there, adds to batches and takes of them; each has its count. */
struct config_rules {
	struct config_pair *default_conf;   /* beaten by the request */
	size_t default_conf_count;
	struct config_pair *enforced_conf;  /* beats the request */
	size_t enforced_conf_count;
	const char **allowed_conf;      /* patterns; what they mean: batch/policy.h */
	size_t allowed_conf_count;
	const char **denied_conf;
	size_t denied_conf_count;
	const char **allowed_uris;
	size_t allowed_uris_count;
	const char **denied_uris;
	size_t denied_uris_count;
};

struct config_role {
	const char *name;               /* one of struct config's roles */
	struct config_rules rules;      /* beat those of the cluster */
};

struct config_cluster {
	const char *name;               /* [a-z][a-z0-9]{0,30}: in paths and labels */
	const char *kubeconfig;         /* path; NULL with in_cluster */
	const char *context;            /* NULL: the file's current-context */
	bool in_cluster;
	const char *namespace;          /* NULL: the context's, else "default" */
	const char *service_account;    /* of driver and executors; NULL: the namespace's default */
	struct config_pair *service_accounts; /* users -> theirs: batch/identity.h; service_accounts[service_accounts_count] */
	size_t service_accounts_count;
	const char *image;              /* Spark image when the request names none; NULL: the request must */
	const char *spark_version;
	struct config_pair *images;     /* Spark version, "4.0" or "4.0.1" -> image; images[images_count] */
	size_t images_count;
	struct config_pair *file_mappings; /* prefixes of paths -> of addresses: batch/file_mapping.h; file_mappings[...count] */
	size_t file_mappings_count;
	const char *pip_config_map;     /* of settings for pip, as variables; NULL: none */
	enum config_operator operator_kind;
	enum config_scheduler batch_scheduler;
	int weight;                     /* the share in batches that name no cluster */
	const char **queues;            /* whose batches come here; queues[queues_count] */
	size_t queues_count;
	bool drain;                     /* nothing new */
	bool k8s_submissions;           /* spark-submit --master k8s:// may make its drivers here */
	bool k8s_host_access;           /* whose pods may use their node */
	struct config_rules rules;
	struct config_role *roles;      /* roles[roles_count] */
	size_t roles_count;
	struct config_limits running;   /* beyond them a batch waits for its turn */
	struct config_limits waiting;   /* beyond these, too, it is refused */
};

struct config {
	struct arena arena;             /* owns all of it */
	enum config_auth auth;
	struct config_pair *proxy_users; /* users -> users, lists of patterns: batch/identity.h; proxy_users[proxy_users_count] */
	size_t proxy_users_count;

	struct config_pair *roles;      /* role -> its users, patterns with commas between; roles[roles_count] */
	size_t roles_count;

	const char *database_conninfo;  /* libpq's; environment: SPARKGATE_DATABASE_CONNINFO */
	int database_connect_timeout_ms;
	int database_statement_timeout_ms;
	bool database_prepared_statements; /* by name, kept by each connection */

	int kube_connect_timeout_ms;
	int kube_request_timeout_ms;    /* one call, whole, except watches */
	int kube_watch_timeout_s;       /* the server ends a watch after this; it is then resumed */

	int watcher_takeover_ms;        /* how often a waiting watcher tries the lease */
	int watcher_dispatch_interval_ms; /* how often rows that were not pushed are looked for */
	int watcher_resync_interval_s;  /* a full list, though the watch looks healthy */
	int watcher_driver_silence_s;   /* of a driver in client mode, until its application is taken for dead */

	int watcher_down_after_s;       /* without a word of a cluster, until it counts as down */
	int watcher_report_transaction_s; /* of the role that reads reports, until its session is ended; 0: it is not */

	int operator_concurrent_reconciles;
	int log_archive_max_bytes;      /* of one driver log, kept in PostgreSQL */
	int log_archive_followed_max;   /* drivers of a cluster whose logs are followed at a time */

	int retention_finished_days;    /* finished batches are kept for so long; 0: for ever */
	int retention_object_hours;     /* and their objects in Kubernetes for so long */

	enum log_level log_level;
	enum log_format log_format;
	const char *metrics_shared_file;

	const char *submitter_cluster;  /* whose driver pods POST /api/v1/spark-submit makes; NULL: it is not served */

	struct config_cluster *clusters; /* clusters[clusters_count], in file order; the first is the default */
	size_t clusters_count;
};

/* Called once per error, with "file:line: key: what is wrong and what would be right". */
typedef void (*config_error_fn)(void *context, const char *message);

/*
 * Reads `path`, lays the environment over it (SPARKGATE_ + key in capitals, dots as underscores, e.g.
 * SPARKGATE_KUBE_REQUEST_TIMEOUT_MS, SPARKGATE_CLUSTERS_DEFAULT_NAMESPACE), checks everything and reports all errors.
 *
 * ret_config  the caller's to config_release(), on success only
 * Returns the number of errors; 0 is success.
 */
MUST_CHECK size_t config_read(struct config *ret_config, const char *path, config_error_fn on_error, void *context);
/* The same for a program that needs no database: database.conninfo may be missing. */
MUST_CHECK size_t config_read_without_database(struct config *ret_config, const char *path, config_error_fn on_error,
					       void *context);
void config_release(struct config *config);

/* The path to read: `given` (from -c) if not NULL, else $SPARKGATE_CONFIG, else the built-in one. */
const char *config_path(const char *given);

const struct config_cluster *config_cluster_find(const struct config *config, const char *name);

/*
 * Of a configuration that is to follow another one in a running process: what cannot change there (the database, the shared
 * file of metrics) is taken from `old`. on_kept is called for each such key that has another value in `next`.
 */
typedef void (*config_kept_fn)(void *context, const char *key);
void config_keep_fixed(struct config *next, const struct config *old, config_kept_fn on_kept, void *context);

/* Which content a file had, without reading it: another file in its place, another time or another size is another content. */
struct config_stamp {
	dev_t device;
	ino_t inode;                    /* 0: there was no file */
	off_t size_bytes;
	struct timespec written_at;
};

struct config_stamp config_stamp_of(const char *path);
bool config_stamp_equal(const struct config_stamp *left, const struct config_stamp *right);

/* Prints every key, its value in force and its help, as YAML; conninfo passwords are hidden. */
void config_print(const struct config *config, struct buf *text);

#endif

/*
 * service/app.h - what a process has: configuration, log, database, clusters. Made in main, released there.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_APP_H
#define SERVICE_APP_H

#include <stdint.h>

#include "base/log.h"
#include "base/metrics.h"
#include "config/config.h"
#include "kube/kube.h"
#include "store/store.h"

struct app_cluster {
	const struct config_cluster *config;
	struct kube *kube;
	struct log_follow *logs;        /* of the process that follows the cluster; else NULL */
	bool is_up;                     /* when the health of all was read last (service/health.h) */
	int64_t unreachable_until_ms;   /* monotonic; this process found nobody there itself */
	int64_t unreachable_at_ms, put_off_until_ms; /* monotonic; when that was, and until when it does not try again */
	struct err unreachable;         /* what it found then */
};

/* The clusters of a configuration, and what must live as long as they do. */
struct app_clusters {
	struct config config;
	struct app_cluster *list;       /* list[config.clusters_count], in the configuration's order */
};

/* The file that the configuration came from; see service/reload.h. */
struct app_file {
	const char *path;               /* NULL: it is not followed */
	struct config_stamp seen;       /* of the content that was read last, be it right or wrong */
	int64_t looked_ms;
	size_t errors_count;            /* of that content; 0: it is in force */
	struct app_clusters next;       /* stands ready when list is not NULL */
};

struct app {
	struct config config;
	struct log log;
	struct metrics metrics;
	struct store *store;
	struct app_cluster *clusters;   /* clusters[config.clusters_count], in the configuration's order; the config's arena */
	int64_t health_read_ms;         /* 0: never */
	struct app_file file;
	const char *gateway_key;        /* NULL until the database was asked once */
	struct arena arena;             /* owns what lives as long as the process */
};

/*
 * Reads the configuration and makes the rest; connects to nothing yet. Configuration errors are printed to standard
 * error, one a line.
 * program  e.g. "sparkgate-worker"; borrowed
 */
MUST_CHECK bool app_init(struct app *app, const char *program, const char *config_path, struct err *err);
void app_release(struct app *app);

/* Gives back the connection to the database, and with it the lease; the next statement connects. */
void app_disconnect(struct app *app);

/* Makes the clusters of `config`, in its arena; false leaves nothing to be freed. */
MUST_CHECK bool app_make_clusters(struct config *config, struct app_cluster **ret_clusters, struct err *err);
void app_free_clusters(struct app_cluster *clusters, size_t count);

/* The cluster of that name, or NULL; NULL as name is the first one. */
struct app_cluster *app_cluster_find(struct app *app, const char *name);

/* The gateway's key, from the database the first time. */
MUST_CHECK bool app_gateway_key(struct app *app, const char **ret_key, struct err *err);

#endif

/*
 * service/app.h - what a process has: configuration, log, database, clusters. Made in main, released there.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_APP_H
#define SERVICE_APP_H

#include "base/log.h"
#include "base/metrics.h"
#include "config/config.h"
#include "kube/kube.h"
#include "store/store.h"

struct app_cluster {
	const struct config_cluster *config;
	struct kube *kube;
	struct log_follow *logs;        /* of the process that follows the cluster; else NULL */
};

struct app {
	struct config config;
	struct log log;
	struct metrics metrics;
	struct store *store;
	struct app_cluster *clusters;   /* clusters[config.clusters_count], in the configuration's order */
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

/* The cluster of that name, or NULL; NULL as name is the first one. */
struct app_cluster *app_cluster_find(struct app *app, const char *name);

/* The gateway's key, from the database the first time. */
MUST_CHECK bool app_gateway_key(struct app *app, const char **ret_key, struct err *err);

#endif

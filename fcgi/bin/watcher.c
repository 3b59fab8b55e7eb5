/*
 * sparkgate-watcher - follows clusters: one process a cluster, each with a lease of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "bin/options.h"
#include "bin/supervise.h"
#include "service/follow.h"

static volatile sig_atomic_t stop;

static const struct options_spec spec = {
	.program = "sparkgate-watcher",
	.letter = 'C',
	.name = "cluster",
	.usage = "usage: sparkgate-watcher [-c FILE] [-C CLUSTER]\n"
		 "  -c, --config FILE      configuration (else $SPARKGATE_CONFIG, else " SYSCONFDIR
		 "/sparkgate/sparkgate.yaml)\n"
		 "  -C, --cluster CLUSTER  follow this cluster only; without it, all, each in a process of its own\n"
		 "  -h, --help             this text\n"
		 "  -V, --version          the version\n",
};

static int
follow_one(void *context, const char *name)
{
	struct app *app = context;
	struct app_cluster *cluster = app_cluster_find(app, name);

	if (cluster == NULL) {
		fprintf(stderr, "sparkgate-watcher: there is no cluster '%s' in the configuration\n", name);
		return 2;
	}
	log_event(&app->log, LOG_LEVEL_INFO, "started", LOG_TEXT("version", PACKAGE_VERSION),
		  LOG_TEXT("cluster", cluster->config->name));
	follow_cluster(app, cluster, &stop);
	log_event(&app->log, LOG_LEVEL_INFO, "stopped");
	return 0;
}

static int
run(struct app *app, const char *cluster)
{
	if (cluster != NULL || app->config.clusters_count == 1)
		return follow_one(app, cluster);
	return supervise_clusters(&app->config, &app->log, follow_one, app);
}

int
main(int argc, char **argv)
{
	struct options options = options_parse(argc, argv, &spec);
	struct err err = ERR_INIT;
	struct app app;
	int status = 1;

	options_catch_signals(&stop);
	if (app_init(&app, "sparkgate-watcher", options.config_path, &err))
		status = run(&app, options.own);
	else
		fprintf(stderr, "sparkgate-watcher: %s\n", err.msg);
	app_release(&app);
	return status;
}

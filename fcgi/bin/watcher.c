/*
 * sparkgate-watcher - follows clusters: one process a cluster, each with a lease of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <poll.h>
#include <stdio.h>

#include "bin/options.h"
#include "bin/supervise.h"
#include "service/follow.h"
#include "service/reload.h"

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

/* How often the file is looked at while the cluster is not in it. */
#define WAIT_MS 1000

static enum follow_end
follow(struct app *app, struct app_cluster *cluster)
{
	enum follow_end end;

	log_event(&app->log, LOG_LEVEL_INFO, "started", LOG_TEXT("version", PACKAGE_VERSION),
		  LOG_TEXT("cluster", cluster->config->name));
	end = follow_cluster(app, cluster, &stop);
	log_event(&app->log, LOG_LEVEL_INFO, end == FOLLOW_STOPPED ? "stopped" : "configuration_changed");
	return end;
}

/* It may come back: a watcher outlives what somebody does to its file. */
static void
wait_for_change(struct app *app, const char *name)
{
	log_event(&app->log, LOG_LEVEL_ERROR, "cluster_not_followed", LOG_TEXT("cluster", name),
		  LOG_TEXT("msg", "it is not in the configuration any more"));
	while (!stop && !reload_is_ready(app))
		poll(NULL, 0, WAIT_MS);
}

/* One cluster, until a signal comes; or, where no name was given, until there are several. */
static void
follow_one(struct app *app, const char *name)
{
	bool goes_on = true;

	while (goes_on && !stop && (name != NULL || app->config.clusters_count == 1)) {
		struct app_cluster *cluster = app_cluster_find(app, name);

		if (cluster == NULL)
			wait_for_change(app, name);
		else
			goes_on = follow(app, cluster) == FOLLOW_RECONFIGURED;
		/* the lease of the one cluster must not stay with a process that follows another */
		app_disconnect(app);
		reload_apply(app);
	}
}

/* A child of the supervising process, which looks at the file for all of them. */
static int
follow_child(void *context, const char *name)
{
	struct app *app = context;

	app->file.path = NULL;
	follow(app, app_cluster_find(app, name));
	return 0;
}

static bool
reload(void *context)
{
	struct app *app = context;

	if (!reload_is_ready(app))
		return false;
	reload_apply(app);
	return true;
}

static int
run(struct app *app, const char *name)
{
	const struct supervised watchers = { .run = follow_child, .reload = reload, .context = app };

	if (name != NULL && app_cluster_find(app, name) == NULL) {
		fprintf(stderr, "sparkgate-watcher: there is no cluster '%s' in the configuration\n", name);
		return 2;
	}
	follow_one(app, name);
	if (stop || name != NULL || app->config.clusters_count == 1)
		return 0;
	return supervise_clusters(&app->config, &app->log, &watchers);
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

/*
 * sparkgate-watcher - follows clusters: one process a cluster, each with a lease of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bin/options.h"
#include "service/follow.h"

/* How often children are looked at; one that dies at once is not started in a tight loop. */
#define RESTART_PAUSE_S 1

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
follow_one(struct app *app, const char *name)
{
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

static pid_t
start_child(struct app *app, const char *name, const sigset_t *mask)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child != 0)
		return child;
	/* kill -9 of the parent must not leave children behind that nobody supervises */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(follow_one(app, name));
}

/* Starts every child that does not run; a fork that failed is tried again in the next round. */
static void
start_missing(struct app *app, pid_t *children, const sigset_t *mask)
{
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		if (children[i] <= 0)
			children[i] = start_child(app, app->config.clusters[i].name, mask);
	}
}

static void
reap(struct app *app, pid_t *children)
{
	pid_t ended;

	while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (size_t i = 0; i < app->config.clusters_count; i++) {
			if (children[i] != ended)
				continue;
			children[i] = 0;
			log_event(&app->log, LOG_LEVEL_ERROR, "child_ended",
				  LOG_TEXT("cluster", app->config.clusters[i].name));
		}
	}
}

/*
 * One child a cluster. Nothing was connected before the fork, so the children share nothing. The signals are blocked
 * and waited for, so that none is lost between a look at the children and the wait.
 */
static int
supervise(struct app *app)
{
	pid_t *children = arena_alloc(&app->arena, app->config.clusters_count * sizeof(*children));
	const struct timespec pause = { .tv_sec = RESTART_PAUSE_S };
	sigset_t waited, before;
	int caught = 0;

	sigemptyset(&waited);
	sigaddset(&waited, SIGTERM);
	sigaddset(&waited, SIGINT);
	sigprocmask(SIG_BLOCK, &waited, &before);
	while (caught != SIGTERM && caught != SIGINT) {
		start_missing(app, children, &before);
		caught = sigtimedwait(&waited, NULL, &pause);
		reap(app, children);
	}
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		if (children[i] > 0)
			kill(children[i], SIGTERM);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return 0;
}

static int
run(struct app *app, const char *cluster)
{
	if (cluster != NULL || app->config.clusters_count == 1)
		return follow_one(app, cluster);
	return supervise(app);
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

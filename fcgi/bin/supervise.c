/* SPDX-License-Identifier: Apache-2.0 */
#include "bin/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often children are looked at; one that dies at once is not started in a tight loop. */
#define RESTART_PAUSE_S 1

struct family {
	const struct config *config;
	const struct log *log;
	supervised_fn run;
	void *context;
	pid_t *children;                /* children[config->clusters_count] */
};

static pid_t
start_child(const struct family *family, const char *name, const sigset_t *mask)
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
	_exit(family->run(family->context, name));
}

/* Starts every child that does not run; a fork that failed is tried again in the next round. */
static void
start_missing(const struct family *family, const sigset_t *mask)
{
	for (size_t i = 0; i < family->config->clusters_count; i++) {
		if (family->children[i] <= 0)
			family->children[i] = start_child(family, family->config->clusters[i].name, mask);
	}
}

static void
reap(const struct family *family)
{
	pid_t ended;

	while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (size_t i = 0; i < family->config->clusters_count; i++) {
			if (family->children[i] != ended)
				continue;
			family->children[i] = 0;
			log_event(family->log, LOG_LEVEL_ERROR, "child_ended",
				  LOG_TEXT("cluster", family->config->clusters[i].name));
		}
	}
}

/* The signals are blocked and waited for, so that none is lost between a look at the children and the wait. */
int
supervise_clusters(const struct config *config, const struct log *log, supervised_fn run, void *context)
{
	struct family family = { config, log, run, context, calloc(config->clusters_count, sizeof(pid_t)) };
	const struct timespec pause = { .tv_sec = RESTART_PAUSE_S };
	sigset_t waited, before;
	int caught = 0;

	if (family.children == NULL)
		return 1;
	sigemptyset(&waited);
	sigaddset(&waited, SIGTERM);
	sigaddset(&waited, SIGINT);
	sigprocmask(SIG_BLOCK, &waited, &before);
	while (caught != SIGTERM && caught != SIGINT) {
		start_missing(&family, &before);
		caught = sigtimedwait(&waited, NULL, &pause);
		reap(&family);
	}
	for (size_t i = 0; i < config->clusters_count; i++) {
		if (family.children[i] > 0)
			kill(family.children[i], SIGTERM);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	free(family.children);
	return 0;
}

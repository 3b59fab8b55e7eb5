/* SPDX-License-Identifier: Apache-2.0 */
#include "bin/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often children are looked at; one that dies at once is not started in a tight loop. */
#define RESTART_PAUSE_S 1

struct child {
	struct child *next;
	pid_t pid;
	bool told_to_end;
	char cluster[64];               /* its own: the configuration that it was started with may be gone */
};

struct family {
	const struct config *config;
	const struct log *log;
	const struct supervised *supervised;
	const sigset_t *mask;           /* of the children */
	struct child *children;
};

static pid_t
start_child(const struct family *family, const char *name)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child != 0)
		return child;
	/* kill -9 of the parent must not leave children behind that nobody supervises */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	sigprocmask(SIG_SETMASK, family->mask, NULL);
	_exit(family->supervised->run(family->supervised->context, name));
}

static bool
has_child(const struct family *family, const char *cluster)
{
	for (const struct child *child = family->children; child != NULL; child = child->next) {
		if (strcmp(child->cluster, cluster) == 0)
			return true;
	}
	return false;
}

/* Starts every child that does not run; a fork that failed is tried again in the next round. */
static void
start_missing(struct family *family)
{
	for (size_t i = 0; i < family->config->clusters_count; i++) {
		const char *cluster = family->config->clusters[i].name;
		struct child *child = has_child(family, cluster) ? NULL : calloc(1, sizeof(*child));

		if (child == NULL)
			continue;
		child->pid = start_child(family, cluster);
		if (child->pid < 0) {
			free(child);
			continue;
		}
		snprintf(child->cluster, sizeof(child->cluster), "%s", cluster);
		child->next = family->children;
		family->children = child;
	}
}

static void
reap(struct family *family)
{
	pid_t ended;

	while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
		struct child **at = &family->children, *child;

		while (*at != NULL && (*at)->pid != ended)
			at = &(*at)->next;
		child = *at;
		if (child == NULL)
			continue;
		*at = child->next;
		if (!child->told_to_end)
			log_event(family->log, LOG_LEVEL_ERROR, "child_ended", LOG_TEXT("cluster", child->cluster));
		free(child);
	}
}

static void
end_children(struct family *family)
{
	for (struct child *child = family->children; child != NULL; child = child->next) {
		child->told_to_end = true;
		kill(child->pid, SIGTERM);
	}
}

static void
free_children(struct family *family)
{
	while (family->children != NULL) {
		struct child *child = family->children;

		family->children = child->next;
		free(child);
	}
}

/* The signals are blocked and waited for, so that none is lost between a look at the children and the wait. */
int
supervise_clusters(const struct config *config, const struct log *log, const struct supervised *supervised)
{
	const struct timespec pause = { .tv_sec = RESTART_PAUSE_S };
	sigset_t waited, before;
	struct family family = { .config = config, .log = log, .supervised = supervised, .mask = &before };
	int caught = 0;

	sigemptyset(&waited);
	sigaddset(&waited, SIGTERM);
	sigaddset(&waited, SIGINT);
	sigprocmask(SIG_BLOCK, &waited, &before);
	while (caught != SIGTERM && caught != SIGINT) {
		if (supervised->reload != NULL && supervised->reload(supervised->context))
			end_children(&family);
		start_missing(&family);
		caught = sigtimedwait(&waited, NULL, &pause);
		reap(&family);
	}
	end_children(&family);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	free_children(&family);
	return 0;
}

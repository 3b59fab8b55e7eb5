/*
 * bin/supervise.h - one child process a cluster, started anew when it dies.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BIN_SUPERVISE_H
#define BIN_SUPERVISE_H

#include "base/log.h"
#include "config/config.h"

struct supervised {
	/* What a child does; its result is the child's exit status. */
	int (*run)(void *context, const char *cluster);
	/*
	 * Asked every second, in the supervising process: true when `config` has changed, in its place. The children, which have
	 * the old one, then end, and those of the clusters that there are now begin. NULL: it never changes.
	 */
	bool (*reload)(void *context);
	void *context;
};

/*
 * Until SIGTERM or SIGINT, which the children get as SIGTERM. Nothing may be connected yet: the children share nothing.
 */
int supervise_clusters(const struct config *config, const struct log *log, const struct supervised *supervised);

#endif

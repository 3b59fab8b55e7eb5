/*
 * bin/supervise.h - one child process a cluster, started anew when it dies.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BIN_SUPERVISE_H
#define BIN_SUPERVISE_H

#include "base/log.h"
#include "config/config.h"

/* What a child does; its result is the child's exit status. */
typedef int (*supervised_fn)(void *context, const char *cluster);

/*
 * Until SIGTERM or SIGINT, which the children get as SIGTERM. Nothing may be connected yet: the children share nothing.
 */
int supervise_clusters(const struct config *config, const struct log *log, supervised_fn run, void *context);

#endif

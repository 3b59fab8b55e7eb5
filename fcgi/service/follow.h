/*
 * service/follow.h - the watcher's loop for one cluster: lease, list, watch, dispatch.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_FOLLOW_H
#define SERVICE_FOLLOW_H

#include <signal.h>

#include "service/app.h"

enum follow_end {
	FOLLOW_STOPPED,                 /* *stop was set, or nothing could be followed, which is logged */
	FOLLOW_RECONFIGURED,            /* another configuration stands ready: see service/reload.h */
};

/*
 * Follows the cluster until *stop is set or the configuration file has changed. Waits for the lease as long as another
 * watcher holds it, survives the absence of PostgreSQL and of the API server, and needs no memory of its own: all it knows
 * is in the two of them.
 */
enum follow_end follow_cluster(struct app *app, struct app_cluster *cluster, const volatile sig_atomic_t *stop);

#endif

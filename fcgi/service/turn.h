/*
 * service/turn.h - whose turn it is, where a cluster's configuration limits how many batches may run and wait.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Who may run at once, who waits and who is refused is decided when a batch is accepted; whose turn comes next, by the one
 * watcher of the cluster. Both are functions of the database (sql/schema/0010_limits.sql), one after the other.
 */
#ifndef SERVICE_TURN_H
#define SERVICE_TURN_H

#include "batch/batch.h"
#include "service/app.h"

/* The limits as the database takes them, the arena's; NULL: the cluster has none, and nothing is counted. */
const char *turn_limits(struct arena *arena, const struct config_cluster *cluster);

/* Lets those run that have waited, where there is room; their pushes are due. */
void turn_give(struct app *app, struct app_cluster *cluster);

/* Of a batch that waits the message says what for, as it is now; any other keeps its own. */
MUST_CHECK bool turn_explain(struct app *app, struct arena *arena, struct batch *batch, struct err *err);

/* The queues that limits name, as store_metrics() takes them; the arena's. */
const char *turn_queues(struct arena *arena, const struct config *config);

#endif

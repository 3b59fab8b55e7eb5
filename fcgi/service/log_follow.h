/*
 * service/log_follow.h - the logs of running drivers, taken into the database while they grow.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything here is bounded work in the watcher's one thread. What is remembered is in the database, lines and position
 * in one write: whoever goes on, after whatever end of this process, loses no line and doubles none.
 */
#ifndef SERVICE_LOG_FOLLOW_H
#define SERVICE_LOG_FOLLOW_H

#include "batch/lifecycle.h"
#include "service/app.h"

struct log_follow;

MUST_CHECK bool log_follow_new(struct app *app, struct app_cluster *cluster, struct log_follow **ret_logs,
			       struct err *err);
void log_follow_free(struct log_follow *logs);

/* Forgets everything: another watcher does it now. */
void log_follow_drop_all(struct log_follow *logs);

/* Becomes readable when log_follow_turn() has something to do; besides, it wants a turn twice a second. */
int log_follow_fd(const struct log_follow *logs);

/*
 * Takes what has come, writes what is due, ends batches whose log is complete. Returns true when log_follow_may_kill()
 * has become true for a batch.
 */
bool log_follow_turn(struct log_follow *logs);

/* The batch's driver runs: its log is to be followed. Again and again is harmless. */
void log_follow_begin(struct log_follow *logs, const struct batch *batch, const char *driver_pod);

/*
 * Is the log of a batch that has ended complete, so that its final state can be written? False: it is being completed,
 * and this sight is given to observe_sight() again then. A log that cannot be had does not hold up the end.
 */
bool log_follow_is_complete(struct log_follow *logs, const struct batch *batch, const struct batch_sight *sight);

/* May the batch's object be deleted, and the pod with it? Not before its log is being read. */
bool log_follow_may_kill(struct log_follow *logs, const struct batch *batch);

#endif

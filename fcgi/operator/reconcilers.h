/*
 * operator/reconcilers.h - several applications are gone on with at a time, each by a thread with a connection of its own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nearly all of the time for an application is the API server's. No thread shares more than `seen`, the lease and the log
 * with another, and none touches the watches: those are the caller's.
 */
#ifndef OPERATOR_RECONCILERS_H
#define OPERATOR_RECONCILERS_H

#include "base/log.h"
#include "config/config.h"
#include "operator/events.h"
#include "operator/lease.h"
#include "operator/seen.h"

struct reconcilers;

/* As many as config->operator_concurrent_reconciles; none runs yet. */
MUST_CHECK bool reconcilers_new(const struct config *config, const struct config_cluster *cluster, struct log *log,
				const struct lease *lease, struct events *events,
				struct reconcilers **ret_reconcilers, struct err *err);
void reconcilers_free(struct reconcilers *reconcilers);

/* They take what is due, until reconcilers_end(). False when there is no room for a thread; then none runs. */
MUST_CHECK bool reconcilers_begin(struct reconcilers *reconcilers, struct seen *seen, struct err *err);
/* Waits for the acts under way; none is begun any more. Nothing happens when they did not run. */
void reconcilers_end(struct reconcilers *reconcilers);

#endif

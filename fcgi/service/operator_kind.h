/*
 * service/operator_kind.h - which operator a cluster has: as configured, or, with "auto", as its API server says.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The watcher asks and writes down what it found; workers read that, so that a POST needs no answer of the cluster. Batches
 * keep what was true when they were accepted.
 */
#ifndef SERVICE_OPERATOR_KIND_H
#define SERVICE_OPERATOR_KIND_H

#include "service/app.h"

/*
 * For new batches; the word of a row.
 * err  ERR_UNAVAILABLE: "auto", and nothing has been found yet
 */
MUST_CHECK bool operator_kind_of(struct app *app, struct arena *arena, struct app_cluster *cluster, const char **ret_kind,
				 struct err *err);

/*
 * Asks the API server for the definitions that it serves: the word of the first operator whose definition is among them,
 * or NULL when there is none. False: no answer, which says nothing about the cluster.
 */
MUST_CHECK bool operator_kind_ask(struct kube *kube, struct arena *arena, const char **ret_kind, struct err *err);

/* Is the definition served that this operator reads? False with err: no answer. */
MUST_CHECK bool operator_kind_is_served(struct kube *kube, struct arena *arena, const char *kind, bool *ret_served,
					struct err *err);

#endif

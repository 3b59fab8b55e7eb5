/*
 * service/cluster_choice.h - the cluster of a new batch: the one that it names, else by queue, weight and health.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The rule for a batch that names none: batch/placement.h. Once its row is written a batch stays where it is.
 */
#ifndef SERVICE_CLUSTER_CHOICE_H
#define SERVICE_CLUSTER_CHOICE_H

#include "service/app.h"

/* What a submission says of its cluster; each may be NULL. */
struct cluster_wish {
	const char *by_path;            /* /clusters/NAME in the address */
	const char *own;                /* conf spark.sparkgate.cluster */
	const char *other;              /* spark.ilum.cluster, which other gateways have: clients keep what they have */
	const char *queue;
	/* Which clusters come into question for one that names none; NULL: all. */
	bool (*may_take)(const struct app_cluster *cluster, const void *context);
	const void *context;
};

/*
 * err  ERR_INVALID: there is no cluster of that name, two are named, or none has the queue
 *      ERR_UNAVAILABLE: the one named, or all that come into question, take nothing new; or the database is away
 *      ERR_FORBIDDEN: may_take leaves none
 */
MUST_CHECK bool cluster_choose(struct app *app, struct arena *arena, const struct cluster_wish *wish,
			       struct app_cluster **ret_cluster, struct err *err);

#endif

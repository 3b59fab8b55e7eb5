/*
 * service/retry.h - a batch that has failed begins anew instead of ending, as its conf asks (batch/retry.h).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_RETRY_H
#define SERVICE_RETRY_H

#include "batch/lifecycle.h"
#include "service/app.h"

enum retry_outcome {
	RETRY_MADE,     /* the row is as before a run, and the push is owed */
	RETRY_LOST,     /* somebody else has moved the row, or a kill came: look at it anew */
	RETRY_NONE,     /* it is to end: end->message says why it is not run again */
	RETRY_LATER,    /* err: the API server or the database is away */
};

/*
 * What the next run's object is made of, secrets included, is in the object of the one that failed, and nowhere else.
 *
 * end  what the batch would become otherwise; its log is complete
 */
enum retry_outcome retry_begin(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
			       const struct batch_sight *sight, struct batch_move *end, struct err *err);

#endif

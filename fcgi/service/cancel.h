/*
 * service/cancel.h - the wish to end a batch. Livy's DELETE and Spark's kill both end here.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_CANCEL_H
#define SERVICE_CANCEL_H

#include "batch/batch.h"
#include "service/app.h"
#include "store/batch_store.h"

/*
 * Records the wish and answers from the database; the watcher kills, and repeats it until Kubernetes confirms. Doing it
 * again changes nothing. err: ERR_NOT_FOUND with an empty msg.
 */
MUST_CHECK bool cancel_batch(struct app *app, struct arena *arena, int64_t id, enum store_kill kind, const char *user,
			     const char *request_id, struct batch *ret_batch, struct err *err);

/*
 * The same for every unfinished batch of a protocol, in one cluster or (NULL) in all, as far as it is the user's.
 */
MUST_CHECK bool cancel_all(struct app *app, enum batch_protocol protocol, const char *cluster, const char *user,
			   const char *request_id, struct err *err);

/* Carries out what is owed to a cluster, a few at a time: deletes objects, ends batches whose object is gone. */
void cancel_owed(struct app *app, struct app_cluster *cluster);

#endif

/*
 * service/waiting.h - batches that do not move on although they should: Kubernetes is asked why.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_WAITING_H
#define SERVICE_WAITING_H

#include "service/app.h"

/* Where the round of all waiting batches is; zeroed at the start. */
struct waiting {
	int64_t after_id;
	int64_t due_ms;                 /* of the next step */
};

/*
 * Looks at a few of them: what Kubernetes says of a driver that does not run becomes the batch's message, and the end of a
 * driver that its operator has not noticed becomes the batch's end.
 */
void waiting_explain(struct app *app, struct app_cluster *cluster, struct waiting *waiting);

#endif

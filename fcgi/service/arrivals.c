/* SPDX-License-Identifier: Apache-2.0 */
#include "service/arrivals.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/text.h"
#include "crd/crd.h"
#include "service/observe.h"

/* Nobody waits for it: what clients are told of a batch is the same before and after. */
#define GATHER_MS 50

void
arrivals_drop(struct arrivals *arrivals)
{
	for (size_t i = 0; i < arrivals->count; i++)
		json_object_put(arrivals->objects[i]);
	arrivals->count = 0;
}

static bool
look(struct arrivals *arrivals, struct app *app, struct app_cluster *cluster)
{
	bool observed = observe_arrivals(app, cluster, arrivals->objects, arrivals->count);

	FAILPOINT("arrivals.looked");
	arrivals_drop(arrivals);
	return observed;
}

static bool
is_waiting(const struct arrivals *arrivals, const char *uid)
{
	for (size_t i = 0; i < arrivals->count; i++) {
		if (text_is(uid, crd_batch_uid(arrivals->objects[i])))
			return true;
	}
	return false;
}

bool
arrivals_take(struct arrivals *arrivals, struct app *app, struct app_cluster *cluster, const struct kube_event *event)
{
	const char *uid = crd_batch_uid(event->object);

	if (uid == NULL)
		return true;
	if ((arrivals->count == ARRIVALS_MOST || is_waiting(arrivals, uid)) && !look(arrivals, app, cluster))
		return false;
	if (event->kind != KUBE_ADDED)
		return observe_object(app, cluster, event->object, event->kind == KUBE_DELETED);
	if (arrivals->count == 0)
		arrivals->due_ms = clock_monotonic_ms() + GATHER_MS;
	arrivals->objects[arrivals->count++] = json_object_get(event->object);
	return true;
}

int
arrivals_wait_ms(const struct arrivals *arrivals, int wait_ms)
{
	int left_ms = arrivals->count == 0 ? wait_ms : clock_left_ms(arrivals->due_ms);

	return left_ms < wait_ms ? left_ms : wait_ms;
}

bool
arrivals_look(struct arrivals *arrivals, struct app *app, struct app_cluster *cluster)
{
	return arrivals_wait_ms(arrivals, 1) > 0 || look(arrivals, app, cluster);
}

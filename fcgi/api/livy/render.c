/* SPDX-License-Identifier: Apache-2.0 */
#include "api/livy/livy.h"

#include "base/json.h"

const char *
livy_state(const struct batch *batch)
{
	enum batch_state state = batch_shown_state(batch);

	/* contract livy.md section 3: "starting" is from creation until the driver runs */
	return batch_state_text(state == BATCH_ACCEPTED ? BATCH_STARTING : state);
}

static struct json_object *
render_app_info(void)
{
	struct json_object *app_info = json_object_new_object();

	json_put_string(app_info, "driverLogUrl", NULL);
	json_put_string(app_info, "sparkUiUrl", NULL);
	json_put_string(app_info, "executorLogUrls", NULL);
	return app_info;
}

/* The eight fields of contract livy.md 4.1 in its order, then what Livy has no place for (fault 22). */
struct json_object *
livy_render_batch(const struct batch *batch)
{
	struct json_object *object = json_object_new_object();

	json_put(object, "id", json_object_new_int64(batch->id));
	json_put_string(object, "name", batch->name);
	json_put_string(object, "owner", batch->owner);
	json_put_string(object, "proxyUser", batch->proxy_user);
	json_put_string(object, "state", livy_state(batch));
	json_put_string(object, "appId", batch->app_id);
	json_put(object, "appInfo", render_app_info());
	json_put(object, "log", batch->log_tail != NULL ? json_object_get(batch->log_tail) : json_object_new_array());
	json_put_string(object, "reason", batch_reason_text(batch->reason));
	json_put_string(object, "message", batch->message);
	json_put(object, "exitCode", batch_state_is_final(batch->state) && batch->has_exit_code
					     ? json_object_new_int(batch->exit_code)
					     : NULL);
	json_put_string(object, "protocol", batch_protocol_text(batch->protocol));
	json_put_string(object, "cluster", batch->cluster);
	json_put_string(object, "object", batch_object_name(batch));
	json_put_string(object, "submittedAt", batch->accepted_at);
	json_put_string(object, "startedAt", batch->started_at);
	json_put_string(object, "finishedAt", batch->finished_at);
	return object;
}

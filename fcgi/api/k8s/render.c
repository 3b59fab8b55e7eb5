/* SPDX-License-Identifier: Apache-2.0 */
#include "api/k8s/k8s.h"

#include "base/json.h"

/* Kubernetes' words for a status; clients go by the code. */
static const struct {
	enum err_code code;
	int http_status;
	const char *reason;
} reasons[] = {
	{ ERR_INVALID, 422, "Invalid" },
	{ ERR_UNAUTHORIZED, 401, "Unauthorized" },
	{ ERR_FORBIDDEN, 403, "Forbidden" },
	{ ERR_NOT_FOUND, 404, "NotFound" },
	/* as the verb of a role that is lacking: nothing else is open here, with whatever method */
	{ ERR_METHOD, 403, "Forbidden" },
	{ ERR_EXISTS, 409, "AlreadyExists" },
	{ ERR_CONFLICT, 409, "Conflict" },
	{ ERR_TOO_LARGE, 413, "RequestEntityTooLarge" },
	{ ERR_QUOTA, 403, "Forbidden" },
	{ ERR_FULL, 429, "TooManyRequests" },
	{ ERR_TIMEOUT, 503, "ServiceUnavailable" },
	{ ERR_UNAVAILABLE, 503, "ServiceUnavailable" },
};

static struct json_object *
new_status(const char *status, int http_status)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "kind", "Status");
	json_add_string(object, "apiVersion", "v1");
	json_object_object_add(object, "metadata", json_object_new_object());
	json_add_string(object, "status", status);
	json_add_int(object, "code", http_status);
	return object;
}

void
k8s_answer_error(struct call *call, const struct err *err)
{
	const char *reason = "InternalError";
	int http_status = err->http_status;
	AUTO_JSON struct json_object *status = NULL;

	for (size_t i = 0; i < ARRAY_COUNT(reasons); i++) {
		if (reasons[i].code == err->code) {
			http_status = reasons[i].http_status;
			reason = reasons[i].reason;
		}
	}
	status = new_status("Failure", http_status);
	json_add_string(status, "message", err->msg);
	json_add_string(status, "reason", reason);
	response_json(call->response, http_status, status);
}

void
k8s_answer_deleted(struct call *call, const char *plural, const char *name)
{
	AUTO_JSON struct json_object *status = new_status("Success", HTTP_OK);
	struct json_object *details = json_object_new_object();

	if (name != NULL)
		json_add_string(details, "name", name);
	json_add_string(details, "kind", plural);
	json_object_object_add(status, "details", details);
	response_json(call->response, HTTP_OK, status);
}

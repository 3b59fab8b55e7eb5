/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/answer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

/* Kubernetes objects nest deeper than a client's body: a CRD's schema reaches some 60 levels. */
#define OBJECT_DEPTH 256

/* Longer waits than this are a server's mistake or a proxy's; our own loops look again sooner. */
#define RETRY_AFTER_MAX_S 300

#define ANY 0           /* of an HTTP status */
#define NO_STATUS ""    /* of a reason: the body is no Status object */
#define NO_KIND ""      /* of a kind: details.kind is absent */

struct rule {
	int http_status;
	const char *reason;     /* NULL: any */
	const char *kind;       /* details.kind; NULL: any */
	const char *words;      /* in the message; NULL: any */
	enum err_code code;
};

/* The first that fits wins. A word of the message decides only where Kubernetes gives no better sign. */
static const struct rule rules[] = {
	/* A user's mistake whatever the status: webhooks choose theirs, and etcd's refusal of a size is a 500. */
	{ ANY, NULL, NULL, "\" denied the request", ERR_INVALID },
	{ ANY, NULL, NULL, "' denied request", ERR_INVALID },
	{ ANY, NULL, NULL, "request is too large", ERR_INVALID },
	{ ANY, NULL, NULL, "trying to send message larger than max", ERR_INVALID },

	{ 400, NULL, NULL, NULL, ERR_INVALID },
	{ 401, NULL, NULL, NULL, ERR_UNAUTHORIZED },
	{ 403, NULL, NULL, "exceeded quota: ", ERR_QUOTA },
	{ 403, NULL, NULL, "failed quota: ", ERR_QUOTA },
	{ 403, NULL, NULL, "status unknown for quota: ", ERR_QUOTA },
	/* An admission plugin whose caches are not filled yet: the server has just started. */
	{ 403, NULL, NULL, "not yet ready to handle request", ERR_UNAVAILABLE },
	{ 403, NULL, NULL, NULL, ERR_FORBIDDEN },
	{ 404, NO_STATUS, NULL, NULL, ERR_FORBIDDEN },
	{ 404, NULL, "namespaces", NULL, ERR_FORBIDDEN },
	{ 404, NULL, NO_KIND, NULL, ERR_FORBIDDEN },
	{ 404, NULL, NULL, NULL, ERR_NOT_FOUND },
	{ 408, NULL, NULL, NULL, ERR_UNAVAILABLE },
	{ 409, "AlreadyExists", NULL, NULL, ERR_EXISTS },
	{ 409, NULL, "resourcequotas", NULL, ERR_QUOTA },
	{ 409, NULL, NULL, NULL, ERR_CONFLICT },
	{ 410, NULL, NULL, NULL, ERR_GONE },
	{ 429, NULL, NULL, NULL, ERR_UNAVAILABLE },
};

static enum err_code
code_without_rule(int http_status)
{
	/* A redirect is not the API server's: a proxy or a login page stands where it should be. */
	return http_status >= 400 && http_status < 500 ? ERR_INVALID : ERR_UNAVAILABLE;
}

static bool
rule_fits(const struct rule *rule, int http_status, const char *reason, const char *kind, const char *message)
{
	if (rule->http_status != ANY && rule->http_status != http_status)
		return false;
	if (rule->reason != NULL && strcmp(rule->reason, reason) != 0)
		return false;
	if (rule->kind != NULL && strcmp(rule->kind, kind) != 0)
		return false;
	return rule->words == NULL || strstr(message, rule->words) != NULL;
}

static enum err_code
find_code(int http_status, const char *reason, const char *kind, const char *message)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rule_fits(&rules[i], http_status, reason, kind, message))
			return rules[i].code;
	return code_without_rule(http_status);
}

/* What the client is told: the server's own words where it judged the request, ours where it could not serve it. */
static void
set_message(enum err_code code, int http_status, bool has_status, const char *message, struct err *err)
{
	if (code == ERR_UNAUTHORIZED)
		err_set_(err, code, "the Kubernetes API server does not accept the gateway's credentials");
	else if (code == ERR_UNAVAILABLE && http_status == 429)
		err_set_(err, code, "the Kubernetes API server is overloaded");
	else if (code == ERR_UNAVAILABLE)
		err_set_(err, code, "the Kubernetes API server cannot serve the request now (HTTP %d)", http_status);
	else if (http_status == 404 && code == ERR_FORBIDDEN && !has_status)
		err_set_(err, code, "the Kubernetes API server does not know this kind of object: "
				   "its CustomResourceDefinition is not installed");
	else if (!has_status || message[0] == '\0')
		err_set_(err, code, "the Kubernetes API server refused the request (HTTP %d)", http_status);
	else
		err_set_(err, code, "%s", message);
}

/* status: the Status object, or NULL; text: what stands for the message then. */
static void
fill_error(int http_status, unsigned retry_after_s, struct json_object *status, const char *text, struct err *err)
{
	const char *reason = json_string(status, "reason");
	const char *kind = json_string_at(status, "details", "kind", NULL);
	const char *message = json_string(status, "message");
	int64_t details_wait_s = json_int(json_member(status, "details"), "retryAfterSeconds", 0);
	enum err_code code;

	if (status == NULL)
		message = text;
	if (message == NULL)
		message = "";
	/* A reason that is missing in a Status must not look like a missing Status. */
	code = find_code(http_status, status == NULL ? NO_STATUS : reason == NULL ? "-" : reason,
			 kind == NULL ? NO_KIND : kind, message);
	set_message(code, http_status, status != NULL, message, err);
	err_detail(err, "http=%d reason=%s %s", http_status, reason == NULL ? "-" : reason, message);
	if (!err_is_transient(err))
		return;
	if (retry_after_s == 0 && details_wait_s > 0 && details_wait_s < INT_MAX)
		retry_after_s = (unsigned)details_wait_s;
	if (retry_after_s > 0)
		err->retry_after_s = retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S;
}

static bool
is_status(struct json_object *object)
{
	const char *kind = json_string(object, "kind");

	return kind != NULL && strcmp(kind, "Status") == 0;
}

bool
answer_check(int http_status, unsigned retry_after_s, const char *body, size_t size_bytes, struct err *err)
{
	AUTO_JSON struct json_object *status = NULL;
	struct err not_json = ERR_INIT;
	char text[256] = "";

	if (http_status >= 200 && http_status < 300)
		return true;
	if (size_bytes > 0 && answer_parse(body, size_bytes, &status, &not_json) && is_status(status)) {
		fill_error(http_status, retry_after_s, status, NULL, err);
		return false;
	}
	if (size_bytes > 0)
		snprintf(text, sizeof(text), "%.*s", (int)(size_bytes < sizeof(text) ? size_bytes : sizeof(text)),
			 body);
	if (size_bytes >= sizeof(text))
		utf8_drop_partial(text);
	fill_error(http_status, retry_after_s, NULL, text, err);
	return false;
}

void
answer_status_error(struct json_object *status, struct err *err)
{
	int64_t code = json_int(status, "code", 500);

	fill_error(code >= 300 && code < 600 ? (int)code : 500, 0, status, NULL, err);
}

static void
free_tokener(struct json_tokener **tokener)
{
	if (*tokener != NULL)
		json_tokener_free(*tokener);
}

bool
answer_parse(const char *bytes, size_t size_bytes, struct json_object **ret_object, struct err *err)
{
	AUTO(free_tokener) struct json_tokener *tokener = json_tokener_new_ex(OBJECT_DEPTH);
	struct json_object *object;

	if (tokener == NULL)
		return err_set(err, ERR_INTERNAL, "no memory to parse JSON");
	if (size_bytes > INT_MAX)
		return err_set(err, ERR_TOO_LARGE, "the Kubernetes API server's answer is too large");
	object = json_tokener_parse_ex(tokener, bytes, (int)size_bytes);
	if (object != NULL && json_object_is_type(object, json_type_object)) {
		*ret_object = object;
		return true;
	}
	json_object_put(object);
	err_set_(err, ERR_UNAVAILABLE, "the Kubernetes API server's answer cannot be understood");
	err_detail(err, "not a JSON object: %s at byte %zu of %zu",
		   json_tokener_error_desc(json_tokener_get_error(tokener)), json_tokener_get_parse_end(tokener),
		   size_bytes);
	return false;
}

void
answer_drop_managed_fields(struct json_object *object)
{
	struct json_object *metadata = json_member(object, "metadata");

	if (json_object_is_type(metadata, json_type_object))
		json_object_object_del(metadata, "managedFields");
}

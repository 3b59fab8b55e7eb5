/* SPDX-License-Identifier: Apache-2.0 */
#include "http/response.h"

#include <stdint.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/percent.h"

static const struct {
	int status;
	const char *text;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 468, "468" },         /* contract spark-rest.md section 2 */
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

void
response_init(struct response *response, const char *request_id)
{
	*response = (struct response){
		.status = 500,
		.content_type = RESPONSE_JSON,
		.request_id = request_id,
	};
	/* The size is bounded by what handlers put in: pages have their own limits. */
	buf_init(&response->body, SIZE_MAX / 4);
}

void
response_release(struct response *response)
{
	buf_release(&response->body);
}

void
response_json(struct response *response, int status, struct json_object *root)
{
	response->status = status;
	buf_reset(&response->body);
	buf_text(&response->body, json_text(root));
}

static const char *
reason_of(int status)
{
	for (size_t i = 0; i < ARRAY_COUNT(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].text;
	}
	return "Unknown";
}

/* nginx drops the body of an answer that it redirects, so it is in the address; nginx/own_answers.conf has the headers. */
static void
held_head(const struct response *response, struct buf *head)
{
	buf_printf(head, "Status: %d %s\r\nX-Accel-Redirect: /nginx/held/", response->status, reason_of(response->status));
	percent_encode(head, buf_str(&response->body), response->body.size_bytes);
	buf_text(head, "\r\n\r\n");
}

static void
add_line(struct buf *head, const char *name, const char *value)
{
	buf_text(head, name);
	buf_text(head, value);
	buf_text(head, "\r\n");
}

void
response_head(const struct response *response, struct buf *head)
{
	if (response->is_held) {
		held_head(response, head);
		return;
	}
	buf_text(head, "Status: ");
	buf_int(head, response->status);
	add_line(head, " ", reason_of(response->status));
	add_line(head, "Content-Type: ", response->content_type);
	buf_text(head, "Content-Length: ");
	buf_int(head, (int64_t)response->body.size_bytes);
	buf_text(head, "\r\n");
	if (response->location != NULL)
		add_line(head, "Location: ", response->location);
	if (response->allow != NULL)
		add_line(head, "Allow: ", response->allow);
	if (response->retry_after_s > 0)
		buf_printf(head, "Retry-After: %u\r\n", response->retry_after_s);
	if (response->carry_to != NULL)
		add_line(head, "X-Accel-Redirect: ", response->carry_to);
	if (response->carry_to != NULL && response->carry_authorization != NULL)
		add_line(head, "X-Sparkgate-Authorization: ", response->carry_authorization);
	add_line(head, "X-Request-Id: ", response->request_id);
	/* contract livy.md 1.2, "security headers"; nginx/own_answers.conf has the same */
	buf_text(head, "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n"
		       "X-XSS-Protection: 1; mode=block\r\n"
		       "Content-Security-Policy: default-src 'none'\r\nCache-Control: no-store\r\n\r\n");
}

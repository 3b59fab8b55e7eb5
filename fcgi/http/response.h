/*
 * http/response.h - one answer, written by a handler and sent by a transport.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"

#define HTTP_OK 200
#define HTTP_CREATED 201

/* contract livy.md 1.2: the type of every API reply, errors included */
#define RESPONSE_JSON "application/json;charset=utf-8"

struct response {
	int status;
	const char *content_type;
	const char *location;           /* borrowed from the request's arena; NULL: no such header */
	const char *allow;
	const char *request_id;
	unsigned retry_after_s;         /* 0: none */
	/*
	 * Where nginx is to carry the request, instead of answering with what is here, and with which Authorization; both
	 * borrowed from the request's arena. Only for a front that takes them (request->front_carries): it shows neither.
	 */
	const char *carry_to;
	const char *carry_authorization;
	/*
	 * A batch has another state by this request: nginx is to hold the answer back until no poll is answered from what it
	 * kept before (nginx/polls.conf). Only for a front that does (request->front_holds), HTTP_OK and a short JSON body.
	 */
	bool is_held;
	struct buf body;
};

void response_init(struct response *response, const char *request_id);
void response_release(struct response *response);

/* Status and body; `root` stays the caller's. What was written before is dropped. */
void response_json(struct response *response, int status, struct json_object *root);

/* The header block as CGI has it ("Status: 201 Created\r\n..."), ending with the blank line. */
void response_head(const struct response *response, struct buf *head);

#endif

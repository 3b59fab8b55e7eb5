/*
 * http/request.h - one request, copied out of whatever carried it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum http_method { HTTP_GET = 1, HTTP_HEAD, HTTP_POST, HTTP_DELETE, HTTP_PUT, HTTP_PATCH, HTTP_OPTIONS, HTTP_OTHER };

/* Which of the front's ports: where Spark's own clients come in nothing else is served. */
enum http_door { HTTP_DOOR_ALL, HTTP_DOOR_SPARK };

struct request {
	enum http_door door;
	enum http_method method;
	const char *method_text;
	const char *path;               /* as sent, percent-encoded, without the query; begins with '/' */
	const char *query;              /* without '?'; "" when there is none */
	const char *request_id;         /* the client's if it is a plain word, else made here */
	const char *idempotency_key;    /* NULL: none */
	const char *content_type;       /* NULL: none */
	const char *accept;             /* NULL: none */
	const char *user_agent;
	const char *server_address;     /* where the connection came in; NULL when the front does not say */
	const char *remote_address;
	const char *front_user;         /* as the front says, whose own parameter it is; NULL: it names nobody */
	const char *forwarded_for;
	const char *body;               /* body[body_size_bytes], NUL after it */
	size_t body_size_bytes;
	bool front_holds;               /* the front keeps polls, and takes X-Accel-Redirect to /nginx/held/ */
	bool front_carries;             /* the front takes X-Accel-Redirect, and gives nobody what goes with it */
	bool body_too_large;            /* more than request_body_limit(): not kept */
	bool body_undecodable;          /* not what its Content-Encoding says */
	bool body_truncated;            /* shorter than its Content-Length: the client hung up */
};

/* What a transport offers: CGI's variables and the body's bytes. */
struct request_source {
	const char *const *variables;   /* "NAME=value", ending with NULL; valid during the request */
	void *context;                  /* of read */
	size_t (*read)(void *context, char *bytes, size_t size_bytes);  /* 0 at the end */
};

/* How much of a body is kept at that door; what a route takes may be less. */
size_t request_body_limit(enum http_door door);

/* Copies everything into the arena, so that the source may end. Broken input is marked, never refused, here. */
void request_read(struct request *request, struct arena *arena, const struct request_source *source);

/*
 * A query parameter, percent-decoded, or NULL; of a repeated one the first (contract livy.md 1.2).
 */
const char *request_query(const struct request *request, struct arena *arena, const char *name);

/* Of a repeated parameter the one at `index`, which counts from 0; NULL when there are not so many. */
const char *request_query_at(const struct request *request, struct arena *arena, const char *name, size_t index);

/*
 * The same as a 32-bit number, `fallback` when absent.
 * err  ERR_INVALID in Livy's words: For input string: "abc"
 */
MUST_CHECK bool request_query_int(const struct request *request, struct arena *arena, const char *name, int64_t fallback,
				  int64_t *ret_number, struct err *err);

#endif

/*
 * api/dispatch.h - route -> auth -> handler -> answer or error -> one log line.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "auth/auth.h"
#include "batch/access.h"
#include "http/path.h"
#include "http/request.h"
#include "http/response.h"
#include "service/app.h"

struct route;

/* One request on its way through a handler. */
struct call {
	struct app *app;
	struct arena *arena;            /* ends when the answer was sent */
	const struct request *request;
	struct response *response;
	const struct route *route;      /* NULL: none was found; service/query.c applies its access to the batch */
	const char *path;               /* the request's, without the prefix that picks a cluster */
	const char *cluster;            /* that the path picked; NULL: it picked none */
	struct caller caller;
	const char *params[PATH_PARAMS_MAX];
	void *own;                      /* the protocol's: what its answer_error needs to know of its handler; or NULL */
};

typedef bool (*handler_fn)(struct call *call, struct err *err);

/* HTTP_GET serves HEAD as well. The list ends with a row of zeroes. */
struct route {
	enum http_method method;
	const char *path;
	enum access access;
	handler_fn handler;
};

struct protocol {
	const char *name;
	const struct route *routes;
	/* One of those that Spark's own clients speak: served at their door, and may begin with /clusters/NAME. */
	bool is_spark;
	/* Served at that door and at no other. */
	bool is_at_spark_door_only;
	/* Which paths have its words for a wrong one, at that door; NULL: none. */
	bool (*owns_path)(const char *path);
	/* Of a body; 0: LIMIT_BODY_BYTES. */
	size_t body_limit_bytes;
	/* Is it served here at all? NULL: always. */
	bool (*is_served)(const struct app *app);
	/* What holds for every route, before its handler; may be NULL. */
	handler_fn check;
	/* Words for a path that no route has, always false; NULL: plain 404. */
	handler_fn no_route;
	/* The error in the protocol's own body. */
	void (*answer_error)(struct call *call, const struct err *err);
};

/* A transport_handler; context is the struct app. */
void dispatch(void *context, struct arena *arena, const struct request *request, struct response *response);

/* The error body that most protocols share: {"msg": "..."} */
void answer_msg(struct call *call, const struct err *err);

#endif

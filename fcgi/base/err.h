/*
 * base/err.h - what failed, once for the client and once for the log.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

enum err_code {
	ERR_NONE,
	ERR_INVALID,            /* the request is wrong; repeating it unchanged is pointless */
	ERR_UNAUTHORIZED,
	ERR_FORBIDDEN,
	ERR_NOT_FOUND,
	ERR_METHOD,             /* the route exists, the method does not */
	ERR_NOT_ACCEPTABLE,
	ERR_MEDIA_TYPE,         /* the body is of a type that is not read here */
	ERR_EXISTS,             /* the thing is there already; the caller decides whether it is its own */
	ERR_CONFLICT,
	ERR_GONE,               /* a position that the other side has forgotten: list anew */
	ERR_TOO_LARGE,
	ERR_QUOTA,              /* Kubernetes has no room now; waiting helps */
	ERR_FULL,               /* a limit of the gateway's configuration is reached; waiting helps */
	ERR_TIMEOUT,            /* a wait reached its limit; whether the other side acted is unknown */
	ERR_UNAVAILABLE,        /* a part that is needed is away; repeating helps */
	ERR_INTERNAL,
	ERR_CODE_COUNT
};

struct err {
	enum err_code code;
	int http_status;        /* from one table, code -> status */
	unsigned retry_after_s; /* 0: no Retry-After */
	char msg[1024];         /* for the client: Livy's "msg", Spark's "message" */
	char detail[1024];      /* for the log only: SQLSTATE, curl, Kubernetes reason */
};

#define ERR_INIT { .code = ERR_NONE }

/* Fills `err` and is false, visibly so to the compiler: `return err_set(err, ERR_NOT_FOUND, "...", id);` */
#define err_set(err, code, ...) (err_set_((err), (code), __VA_ARGS__), false)
void err_set_(struct err *err, enum err_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Adds what only the log may tell. */
void err_detail(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

int err_http_status(enum err_code code);

/* The word of the code in log lines and metrics, e.g. "not_found". */
const char *err_code_text(enum err_code code);

/* Would the same request, repeated a little later, have a chance? */
bool err_is_transient(const struct err *err);

#endif

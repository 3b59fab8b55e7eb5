/*
 * auth/auth.h - who is calling, and may anybody call at all.
 * SPDX-License-Identifier: Apache-2.0
 *
 * There is no authentication yet. Until there is, only what came in over a loopback address is served, unless the
 * configuration says `auth: none` in so many words. The caller travels in the request's context from the start.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/err.h"
#include "config/config.h"
#include "http/request.h"

struct caller {
	const char *user;       /* NULL: anonymous */
};

/* err  ERR_FORBIDDEN: the request came in over another address than loopback (SERVER_ADDR), or none was told */
MUST_CHECK bool auth_caller(const struct config *config, const struct request *request, struct caller *ret_caller,
			    struct err *err);

#endif

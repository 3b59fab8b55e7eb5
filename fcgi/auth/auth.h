/*
 * auth/auth.h - who is calling, and may anybody call at all.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The gateway asks nobody for a password. With `auth: proxy` the front has found out who it is, by whatever means its
 * administrator gave it, and names them in a FastCGI parameter, which no header can become; whom it does not name is refused.
 * Without, nobody is known, and only what came in over a loopback address is served, unless the configuration says
 * `auth: none` in so many words.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/err.h"
#include "config/config.h"
#include "http/request.h"

struct caller {
	const char *user;       /* NULL: not known */
	const char *acts_as;    /* whom the request itself named, and may; NULL: nobody */
};

/*
 * Whose rights the request has: those of whom it acts as. Who asked, and is written down as the owner, is caller->user.
 */
const char *auth_acting(const struct caller *caller);

/*
 * err  ERR_UNAUTHORIZED: the front named nobody, or by no name that can be written down
 *      ERR_FORBIDDEN: the request came in over another address than loopback (SERVER_ADDR), or none was told
 */
MUST_CHECK bool auth_caller(const struct config *config, const struct request *request, struct caller *ret_caller,
			    struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

static bool
is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	       strncmp(address, "::ffff:127.", 11) == 0 || strncmp(address, "unix:", 5) == 0;
}

const char *
auth_acting(const struct caller *caller)
{
	return caller->acts_as != NULL ? caller->acts_as : caller->user;
}

static bool
named_by_front(const struct request *request, struct caller *ret_caller, struct err *err)
{
	if (request->front_user == NULL)
		return err_set(err, ERR_UNAUTHORIZED, "who are you? The front of this gateway has named no user: authenticate as it "
			       "wants (or, as its administrator, see nginx/authentication.conf)");
	if (!utf8_is_name(request->front_user, LIMIT_USER_BYTES))
		return err_set(err, ERR_UNAUTHORIZED, "the front of this gateway names a user by more than %d bytes, or by what is not "
			       "printable UTF-8: shorten the name", LIMIT_USER_BYTES);
	*ret_caller = (struct caller){ .user = request->front_user };
	return true;
}

bool
auth_caller(const struct config *config, const struct request *request, struct caller *ret_caller, struct err *err)
{
	if (config->auth == CONFIG_AUTH_PROXY)
		return named_by_front(request, ret_caller, err);
	if (config->auth != CONFIG_AUTH_NONE &&
	    (request->server_address == NULL || !is_loopback(request->server_address)))
		return err_set(err, ERR_FORBIDDEN,
			       "this gateway serves loopback addresses only; to serve others without authentication, write "
			       "\"auth: none\" into its configuration");
	*ret_caller = (struct caller){ .user = NULL };
	return true;
}

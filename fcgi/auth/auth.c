/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth.h"

#include <string.h>

static bool
is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	       strncmp(address, "::ffff:127.", 11) == 0 || strncmp(address, "unix:", 5) == 0;
}

bool
auth_caller(const struct config *config, const struct request *request, struct caller *ret_caller, struct err *err)
{
	if (config->auth != CONFIG_AUTH_NONE &&
	    (request->server_address == NULL || !is_loopback(request->server_address)))
		return err_set(err, ERR_FORBIDDEN,
			       "this gateway serves loopback addresses only; to serve others without authentication, write "
			       "\"auth: none\" into its configuration");
	*ret_caller = (struct caller){ .user = NULL };
	return true;
}

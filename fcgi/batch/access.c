/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/access.h"

#include <string.h>

static bool
is(const char *user, const char *other)
{
	return other != NULL && strcmp(user, other) == 0;
}

bool
access_allowed(enum access access, const struct batch *batch, const char *user)
{
	if (access <= ACCESS_CALLER || user == NULL || batch->owner == NULL)
		return true;
	return is(user, batch->owner) || is(user, batch->proxy_user);
}

/*
 * service/identity.h - batch/identity.h by the rules of the configuration.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_IDENTITY_H
#define SERVICE_IDENTITY_H

#include "base/arena.h"
#include "config/config.h"

/*
 * user   who asks; NULL: not known
 * other  as whom
 * field  where the request says so, for the words
 * err    ERR_FORBIDDEN, in Livy's words; ERR_INVALID: `other` is no name
 */
MUST_CHECK bool identity_check(struct arena *arena, const struct config *config, const char *user, const char *other,
			       const char *field, struct err *err);

/*
 * The service account of this user's pods in that cluster: by its service_accounts, else its service_account.
 * ret_account  NULL: the namespace's default
 * err          ERR_FORBIDDEN: the user's name makes none
 */
MUST_CHECK bool identity_account(struct arena *arena, const struct config_cluster *cluster, const char *user,
				 const char **ret_account, struct err *err);

#endif

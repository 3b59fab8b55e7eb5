/* SPDX-License-Identifier: Apache-2.0 */
#include "service/identity.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "batch/identity.h"
#include "service/submit.h"

bool
identity_check(struct arena *arena, const struct config *config, const char *user, const char *other, const char *field,
	       struct err *err)
{
	const struct batch_pairs rules = submit_pairs_of(arena, config->proxy_users, config->proxy_users_count);

	if (other[0] != '\0' && !utf8_is_name(other, LIMIT_USER_BYTES))
		return err_set(err, ERR_INVALID, "%s: a user's name has 1 to %d bytes of UTF-8, all of them printable", field,
			       LIMIT_USER_BYTES);
	/* an empty name is nobody's, whatever pattern it fits */
	if (other[0] != '\0' && batch_may_act_as(&rules, user, other))
		return true;
	return err_set(err, ERR_FORBIDDEN, "User '%s' not allowed to impersonate 'Some(%s)'. %s: leave it out%s (proxy_users of the "
		       "gateway's configuration says who may act as whom)", user == NULL ? "null" : user, other, field,
		       user == NULL ? ", because the gateway does not know who is calling" : "");
}

bool
identity_account(struct arena *arena, const struct config_cluster *cluster, const char *user, const char **ret_account,
		 struct err *err)
{
	const struct batch_pairs accounts = submit_pairs_of(arena, cluster->service_accounts, cluster->service_accounts_count);

	if (!batch_service_account(arena, &accounts, user, ret_account, err))
		return false;
	if (*ret_account == NULL)
		*ret_account = cluster->service_account;
	return true;
}

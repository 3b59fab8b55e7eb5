/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/identity.h"

#include <fnmatch.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define PARTS ", "
#define PLACE "{user}"

static bool
fits(const char *pattern, size_t size, const char *user)
{
	char text[LIMIT_USER_BYTES + 1];

	if (size >= sizeof(text))
		return false;
	memcpy(text, pattern, size);
	text[size] = '\0';
	if (user == NULL)
		return strcmp(text, "*") == 0;
	return fnmatch(text, user, FNM_NOESCAPE) == 0;
}

/* user NULL: only "*" means whoever is not known. */
static bool
is_meant(const char *patterns, const char *user)
{
	for (const char *at = patterns + strspn(patterns, PARTS); *at != '\0'; at += strspn(at, PARTS)) {
		size_t size = strcspn(at, PARTS);

		if (fits(at, size, user))
			return true;
		at += size;
	}
	return false;
}

bool
batch_may_act_as(const struct batch_pairs *rules, const char *user, const char *other)
{
	if (text_is(user, other))
		return true;
	for (size_t i = 0; i < rules->count; i++) {
		if (is_meant(rules->items[i].key, user) && is_meant(rules->items[i].value, other))
			return true;
	}
	return false;
}

bool
batch_service_account(struct arena *arena, const struct batch_pairs *accounts, const char *user, const char **ret_account,
		      struct err *err)
{
	const char *account = NULL, *place;

	for (size_t i = 0; user != NULL && account == NULL && i < accounts->count; i++) {
		if (is_meant(accounts->items[i].key, user))
			account = accounts->items[i].value;
	}
	place = account == NULL ? NULL : strstr(account, PLACE);
	if (place != NULL) {
		account = arena_printf(arena, "%.*s%s%s", (int)(place - account), account, user, place + strlen(PLACE));
		if (!text_is_dns_label(account, strlen(account)))
			return err_set(err, ERR_FORBIDDEN, "user '%s' has no service account here: '%s' is no DNS label (a-z, 0-9 and "
				       "'-', 63 at most); service_accounts of the gateway's configuration is to have a row for "
				       "this user", user, account);
	}
	*ret_account = account;
	return true;
}

const char *
batch_role(const struct batch_pairs *roles, const char *user)
{
	for (size_t i = 0; i < roles->count; i++) {
		if (is_meant(roles->items[i].value, user))
			return roles->items[i].key;
	}
	return NULL;
}

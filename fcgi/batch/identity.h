/*
 * batch/identity.h - who may act as whom, which service account a user's pods have, and which role a user. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Users are meant by lists of patterns as of fnmatch(3), with commas between: "ann, etl-*". Capitals count.
 */
#ifndef BATCH_IDENTITY_H
#define BATCH_IDENTITY_H

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"

/*
 * Everybody may act as themselves, and as those that a rule has for them. "*" on a rule's left is everybody, whoever is not
 * known included; any other pattern means nobody who is not known.
 *
 * rules  users -> users
 * user   NULL: not known
 */
bool batch_may_act_as(const struct batch_pairs *rules, const char *user, const char *other);

/*
 * The service account of the first row that means this user; in it "{user}" is the user's name.
 *
 * accounts     users -> account
 * user         NULL: not known; no row means that
 * ret_account  the arena's; NULL: no row means the user
 * err          ERR_FORBIDDEN: with this name it would be no DNS label
 */
MUST_CHECK bool batch_service_account(struct arena *arena, const struct batch_pairs *accounts, const char *user,
				      const char **ret_account, struct err *err);

/*
 * The first role that this user has; NULL: none.
 *
 * roles  role -> users
 * user   NULL: not known; only "*" means that
 */
const char *batch_role(const struct batch_pairs *roles, const char *user);

#endif

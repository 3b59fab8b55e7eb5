/*
 * service/user_rules.h - what a cluster adds to the batches of a user and takes of them: its own rules, and those that it has for
 * the user's role, which beat them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_USER_RULES_H
#define SERVICE_USER_RULES_H

#include "base/arena.h"
#include "batch/policy.h"
#include "config/config.h"

struct user_rules {
	struct batch_policy policy;
	struct batch_pairs default_conf;        /* beaten by the request */
	struct batch_pairs enforced_conf;       /* beat it */
};

/* user  who asks; NULL: not known. What comes back is the arena's and the configuration's. */
struct user_rules user_rules_of(struct arena *arena, const struct config *config, const struct config_cluster *cluster,
		       const char *user);

/*
 * A property that the gateway itself reads, and Spark never sees: it goes out of the rules, and into the order's conf where
 * they enforce it, or the client has not said it.
 */
void user_rules_lay(struct arena *arena, struct user_rules *rules, const char *key, struct batch_pairs *conf);

#endif

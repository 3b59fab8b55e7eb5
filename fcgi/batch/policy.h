/*
 * batch/policy.h - which Spark properties and addresses a cluster takes from its clients. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is allowed beats what is denied, so that "all but these" and "these and no others" (deny "*") can both be said. A
 * few properties are denied by the gateway itself, as long as nothing allows them; what a gateway could never serve is
 * refused before that, by batch/validate.h.
 *
 * Patterns are those of fnmatch(3); a '*' stands for anything, dots and slashes included.
 */
#ifndef BATCH_POLICY_H
#define BATCH_POLICY_H

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"

struct batch_rules {
	struct batch_strings allowed_conf;
	struct batch_strings denied_conf;
	struct batch_strings allowed_uris;
	struct batch_strings denied_uris;
};

/* The patterns of a cluster; those of the client's role there come first: the first of the two that says anything counts. */
struct batch_policy {
	const char *cluster;            /* its name, for messages */
	const char *role;               /* NULL: none */
	struct batch_rules of_cluster;
	struct batch_rules of_role;
};

/*
 * Does the pattern mean this property? Letters' cases count alike, so do blanks around the name, and the names that Spark
 * itself takes for others (SparkConf.configsWithAlternatives): who denies one denies all of them.
 */
bool batch_key_matches(const char *pattern, const char *key);

/* Is it a list of URIs, such as spark.jars? Commas and blanks part them. */
bool batch_key_is_uris(const char *key);

/* The next URI of such a list, from *at on, which moves behind it; its size, 0 at the end. */
const char *batch_next_uri(const char **at, size_t *ret_size);

/*
 * One property, and the URIs in it.
 * err  ERR_INVALID: names the property and the rule that denies it
 */
MUST_CHECK bool batch_policy_check_property(struct arena *arena, const struct batch_policy *policy, const char *key,
					    const char *value, struct err *err);

/*
 * One URI, uri[size]. It is judged as it is written and as whoever opens it may understand it: escapes decoded, again and
 * again, "." and ".." resolved, without the fragment. It is denied when a denied pattern means any of these, unless allowed
 * ones mean all of them.
 *
 * uri    has a scheme (batch/validate.h sees to that)
 * field  where it stands, for messages
 */
MUST_CHECK bool batch_policy_check_uri(struct arena *arena, const struct batch_policy *policy, const char *field,
				       const char *uri, size_t size, struct err *err);

/* All properties and URIs of an order. */
MUST_CHECK bool batch_policy_check(struct arena *arena, const struct batch_policy *policy, const struct batch_order *order,
				   struct err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/user_rules.h"

#include "base/text.h"
#include "batch/identity.h"
#include "batch/validate.h"
#include "service/submit.h"

static const struct config_role *
role_of(struct arena *arena, const struct config *config, const struct config_cluster *cluster, const char *user)
{
	const struct batch_pairs roles = submit_pairs_of(arena, config->roles, config->roles_count);
	const char *name = batch_role(&roles, user);

	for (size_t i = 0; name != NULL && i < cluster->roles_count; i++) {
		if (text_is(cluster->roles[i].name, name))
			return &cluster->roles[i];
	}
	return NULL;
}

static struct batch_rules
patterns_of(const struct config_rules *rules)
{
	return (struct batch_rules){
		.allowed_conf = { rules->allowed_conf, rules->allowed_conf_count },
		.denied_conf = { rules->denied_conf, rules->denied_conf_count },
		.allowed_uris = { rules->allowed_uris, rules->allowed_uris_count },
		.denied_uris = { rules->denied_uris, rules->denied_uris_count },
	};
}

/* All of the first, and those of the second that the first does not have. */
static struct batch_pairs
join(struct arena *arena, struct batch_pairs first, struct batch_pairs second)
{
	struct batch_pairs both = { .items = arena_alloc(arena, (first.count + second.count + 1) * sizeof(both.items[0])) };

	for (size_t i = 0; i < first.count; i++)
		both.items[both.count++] = first.items[i];
	for (size_t i = 0; i < second.count; i++) {
		if (batch_pairs_get(&first, second.items[i].key) == NULL)
			both.items[both.count++] = second.items[i];
	}
	return both;
}

struct user_rules
user_rules_of(struct arena *arena, const struct config *config, const struct config_cluster *cluster, const char *user)
{
	static const struct config_role nothing;
	const struct config_role *role = role_of(arena, config, cluster, user);
	const struct config_rules *own = &cluster->rules, *of_role = role == NULL ? &nothing.rules : &role->rules;

	return (struct user_rules){
		.policy = {
			.cluster = cluster->name,
			.role = role == NULL ? NULL : role->name,
			.of_cluster = patterns_of(own),
			.of_role = patterns_of(of_role),
		},
		.default_conf = join(arena, submit_pairs_of(arena, of_role->default_conf, of_role->default_conf_count),
				     submit_pairs_of(arena, own->default_conf, own->default_conf_count)),
		.enforced_conf = join(arena, submit_pairs_of(arena, of_role->enforced_conf, of_role->enforced_conf_count),
				      submit_pairs_of(arena, own->enforced_conf, own->enforced_conf_count)),
	};
}

void
user_rules_lay(struct arena *arena, struct user_rules *rules, const char *key, struct batch_pairs *conf)
{
	const char *enforced = batch_pairs_take(&rules->enforced_conf, key);
	const char *usual = batch_pairs_take(&rules->default_conf, key);
	const char *value = enforced != NULL ? enforced : batch_pairs_get(conf, key) == NULL ? usual : NULL;
	struct batch_pair one = { key, value };

	if (value == NULL)
		return;
	batch_pairs_take(conf, key);
	*conf = join(arena, *conf, (struct batch_pairs){ &one, 1 });
}

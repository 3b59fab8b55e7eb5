/* SPDX-License-Identifier: Apache-2.0 */
#include "service/submit.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "batch/file_mapping.h"
#include "batch/retry.h"
#include "batch/validate.h"
#include "crd/crd.h"
#include "service/cluster_choice.h"
#include "service/health.h"
#include "service/identity.h"
#include "service/operator_kind.h"
#include "service/push.h"
#include "service/retention.h"
#include "service/turn.h"
#include "service/user_rules.h"
#include "store/batch_store.h"

#define CONF_SPARK_VERSION "spark.sparkgate.sparkVersion"

const char *
submit_make_uid(struct arena *arena)
{
	unsigned char b[16] = { 0 };
	ssize_t got = getrandom(b, sizeof(b), 0);

	(void)got; /* up to 256 bytes are never short once the kernel has booted */
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	return arena_printf(arena, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
			    b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

struct batch_pairs
submit_pairs_of(struct arena *arena, const struct config_pair *pairs, size_t count)
{
	struct batch_pairs copy = { .items = arena_alloc(arena, count * sizeof(copy.items[0]) + 1), .count = count };

	for (size_t i = 0; i < count; i++)
		copy.items[i] = (struct batch_pair){ pairs[i].key, pairs[i].value };
	return copy;
}

static struct crd_target
target_of(const struct config *config, const struct config_cluster *cluster, const struct user_rules *rules)
{
	return (struct crd_target){
		.image = cluster->image,
		.spark_version = cluster->spark_version,
		.pip_config_map = cluster->pip_config_map,
		.batch_scheduler = config_scheduler_text(cluster->batch_scheduler),
		.time_to_live_s = retention_time_to_live_s(config),
		.default_conf = rules->default_conf,
		.enforced_conf = rules->enforced_conf,
	};
}

/* That version itself, or the longest of those it belongs to: 4.0 has 4.0.1. */
static const struct config_pair *
find_image(const struct config_cluster *cluster, const char *version)
{
	const struct config_pair *found = NULL;
	size_t found_size = 0;

	for (size_t i = 0; i < cluster->images_count; i++) {
		size_t size = strlen(cluster->images[i].key);

		if (strncmp(cluster->images[i].key, version, size) == 0 && (version[size] == '\0' || version[size] == '.') &&
		    size > found_size) {
			found = &cluster->images[i];
			found_size = size;
		}
	}
	return found;
}

static const char *
known_versions(struct arena *arena, const struct config_cluster *cluster)
{
	const char *text = cluster->images_count == 0 ? "none" : cluster->images[0].key;

	for (size_t i = 1; i < cluster->images_count; i++)
		text = arena_printf(arena, "%s, %s", text, cluster->images[i].key);
	return text;
}

/* By the version that the conf asks for, else by the client's own; else it stays the cluster's. */
static bool
choose_image(struct arena *arena, struct batch_order *order, const struct config_cluster *cluster, const char *client_version,
	     struct crd_target *target, struct err *err)
{
	const char *asked = batch_pairs_take(&order->conf, CONF_SPARK_VERSION);
	const char *version = asked != NULL ? asked : client_version;
	const struct config_pair *image = version == NULL ? NULL : find_image(cluster, version);

	if (asked != NULL && image == NULL)
		return err_set(err, ERR_INVALID, "conf " CONF_SPARK_VERSION ": cluster '%s' has no image of '%s'; it has: %s",
			       cluster->name, asked, known_versions(arena, cluster));
	if (image != NULL) {
		target->image = image->value;
		target->spark_version = image->key;
	}
	return true;
}

static bool
choose_cluster(struct app *app, struct arena *arena, struct batch_order *order, const char *by_path, const char *queue,
	       struct app_cluster **ret_cluster, struct err *err)
{
	const struct cluster_wish wish = {
		.by_path = by_path,
		.own = batch_pairs_take(&order->conf, "spark.sparkgate.cluster"),
		.other = batch_pairs_take(&order->conf, "spark.ilum.cluster"),
		.queue = queue,
	};

	return cluster_choose(app, arena, &wish, ret_cluster, err);
}

static bool
has_conf(const char *key)
{
	return strcmp(key, "conf") == 0 || strcmp(key, "sparkProperties") == 0 ||
	       strcmp(key, "environmentVariables") == 0;
}

static bool
map_files(struct arena *arena, const struct config_cluster *cluster, struct batch_order *order, struct err *err)
{
	const struct batch_pairs mappings = submit_pairs_of(arena, cluster->file_mappings, cluster->file_mappings_count);

	return batch_map_files(arena, &mappings, order, err);
}

/* As whom it runs, and by which service account. */
static bool
identify(struct app *app, struct arena *arena, const struct batch_order *order, const struct submit_origin *origin,
	 const struct config_cluster *cluster, struct crd_target *target, struct err *err)
{
	if (order->proxy_user != NULL &&
	    !identity_check(arena, &app->config, origin->user, order->proxy_user, "proxyUser", err))
		return false;
	return identity_account(arena, cluster, order->proxy_user != NULL ? order->proxy_user : origin->user,
				&target->service_account, err);
}

static struct json_object *
copy_of(struct arena *arena, struct json_object *object)
{
	struct json_object *copy = NULL;

	return json_object_deep_copy(object, &copy, NULL) == 0 ? arena_own_json(arena, copy) : NULL;
}

/* What the row keeps of the request: all of it, but no secret. Most have none, and are kept as they are. */
static struct json_object *
redact(struct arena *arena, struct json_object *request)
{
	struct json_object *kept = request;

	json_object_object_foreach(request, field, value) {
		if (!has_conf(field) || !json_object_is_type(value, json_type_object))
			continue;
		json_object_object_foreach(value, key, secret) {
			(void)secret;
			if (!batch_key_is_secret(key))
				continue;
			if (kept == request)
				kept = copy_of(arena, request);
			if (kept == NULL)
				return NULL;
			json_object_object_add(json_member(kept, field), key, json_object_new_string(BATCH_REDACTED));
		}
	}
	return kept;
}

static struct json_object *
whole_request(const struct submit_origin *origin)
{
	return origin->meant != NULL ? origin->meant : origin->request;
}

bool
submit_check_queue(const char *queue, struct err *err)
{
	return queue == NULL || strlen(queue) <= LIMIT_NAME_BYTES ||
	       err_set(err, ERR_INVALID, "queue: longer than %d bytes", LIMIT_NAME_BYTES);
}

/*
 * Whether a commit whose answer was lost took place is unknown. Asking again with the same uid finds the row or makes
 * it; a batch that runs although its client was told to try again would run twice.
 */
static bool
accept_batch(struct app *app, struct arena *arena, const struct store_new_batch *new_batch, struct batch *ret_batch,
	     struct store_accepted *ret_accepted, struct err *err)
{
	if (store_accept(app->store, arena, new_batch, ret_batch, ret_accepted, err))
		return true;
	if (err->code == ERR_TIMEOUT && store_accept(app->store, arena, new_batch, ret_batch, ret_accepted, err))
		return true;
	if (err->code == ERR_EXISTS)
		return err_set(err, ERR_INVALID, "Rejected, Reason: Duplicate session name: %s belongs to an unfinished batch",
			       new_batch->name);
	return false;
}

static bool
take_client_key(struct batch_order *order, const struct submit_origin *origin, const char **ret_key, struct err *err)
{
	const char *conf_key = batch_pairs_take(&order->conf, "spark.sparkgate.client.key");

	*ret_key = origin->client_key != NULL ? origin->client_key : conf_key != NULL ? conf_key : origin->repeat_key;
	if (*ret_key != NULL && ((*ret_key)[0] == '\0' || strlen(*ret_key) > LIMIT_CLIENT_KEY_BYTES ||
				 !utf8_is_valid(*ret_key)))
		return err_set(err, ERR_INVALID, "%s: a client key has 1 to %d bytes of UTF-8",
			       origin->client_key != NULL ? "Idempotency-Key" : "conf spark.sparkgate.client.key",
			       LIMIT_CLIENT_KEY_BYTES);
	return true;
}

void
submit_tell_accepted(struct app *app, const struct batch *batch, const char *put_off)
{
	metrics_add(&app->metrics, METRIC_BATCHES_ACCEPTED, 1);
	if (put_off != NULL)
		metrics_add(&app->metrics, METRIC_PUSH_DEFERRED, 1);
	log_event(&app->log, LOG_LEVEL_INFO, "batch_accepted", LOG_INT("batch", batch->id),
		  LOG_TEXT("cluster", batch->cluster), LOG_TEXT("name", batch->name), LOG_TEXT("put_off", put_off));
}

bool
submit_push_accepted(struct app *app, struct arena *arena, struct batch *batch, struct json_object *spec,
		     int64_t accepted_ms, bool is_followed, struct err *err)
{
	const struct push_try try = { .by = "worker", .number = 1, .is_followed = is_followed };

	if (batch_waits_for_turn(batch))
		return true; /* the watcher pushes it when its turn has come */
	/* The commit may have taken so long that the claim is nearly over: then it is the watcher's. */
	if (clock_monotonic_ms() - accepted_ms > push_claim_ms(&app->config) / 2)
		return true;
	return push_object(app, arena, batch, spec, &try, err) != PUSH_REFUSED;
}

/* Who repeats a request with its key gets the batch that there is, or its refusal. */
static bool
answer_repeated(const struct batch *batch, struct err *err)
{
	return batch->reason != BATCH_REFUSED || err_set(err, ERR_INVALID, "%s", batch->message);
}

/* After a refusal, which stays in err when there is no batch of this key. */
static bool
find_repeated(struct app *app, struct arena *arena, const struct submit_origin *origin, const char *client_key,
	      struct batch *ret_batch, struct err *err)
{
	struct err failure = ERR_INIT;

	if (store_repeated(app->store, arena, origin->user, client_key, json_text(whole_request(origin)), ret_batch, &failure))
		return answer_repeated(ret_batch, err);
	if (failure.code != ERR_NOT_FOUND)
		*err = failure;
	return false;
}

/* Where a batch goes, and what it is there. */
struct place {
	struct app_cluster *cluster;
	const char *operator_kind;
	struct json_object *spec;
	struct json_object *asked;
	struct batch_retry retry;
	const char *queue;              /* NULL: it asks for none */
};

/* What the gateway itself reads, and Spark never sees, may be a cluster's as well. */
static void
lay_own(struct arena *arena, struct user_rules *rules, struct batch_order *order)
{
	struct batch_pairs not_meant = { 0 };

	user_rules_lay(arena, rules, CONF_SPARK_VERSION, &order->conf);
	/* a supervised driver is run again for ever, whatever a cluster has for all others */
	for (size_t i = 0; i < batch_retry_keys_count; i++)
		user_rules_lay(arena, rules, batch_retry_keys[i], batch_is_supervised(order) ? &not_meant : &order->conf);
}

static bool
find_place(struct app *app, struct arena *arena, struct batch_order *order, const struct submit_origin *origin,
	   struct place *place, struct err *err)
{
	const struct config_cluster *config;
	struct user_rules rules;
	struct crd_target target;

	place->queue = order->queue != NULL ? order->queue : batch_pairs_get(&order->conf, SUBMIT_CONF_QUEUE);
	if (!submit_check_queue(place->queue, err) ||
	    !choose_cluster(app, arena, order, origin->cluster, place->queue, &place->cluster, err))
		return false;
	config = place->cluster->config;
	rules = user_rules_of(arena, &app->config, config, origin->user);
	if (!map_files(arena, config, order, err) || !batch_validate_uris(order, err) ||
	    !batch_policy_check(arena, &rules.policy, order, err))
		return false;
	lay_own(arena, &rules, order);
	target = target_of(&app->config, config, &rules);
	if (!identify(app, arena, order, origin, config, &target, err) ||
	    !choose_image(arena, order, config, origin->client_version, &target, err) ||
	    !batch_retry_take(order, &place->retry, err) ||
	    !operator_kind_of(app, arena, place->cluster, &place->operator_kind, err) ||
	    !crd_spec(arena, crd_of_operator(place->operator_kind), order, &target, &place->spec,
		      &place->asked, err))
		return false;
	arena_own_json(arena, place->spec);
	return true;
}

bool
submit_batch(struct app *app, struct arena *arena, struct batch_order *order, const struct submit_origin *origin,
	     struct batch *ret_batch, struct err *err)
{
	struct json_object *request = redact(arena, origin->request);
	int64_t accepted_ms = clock_monotonic_ms();
	const char *client_key, *put_off, *request_text;
	struct store_accepted accepted;
	struct place place;
	int64_t put_off_ms;

	if (!batch_validate(order, err) || !take_client_key(order, origin, &client_key, err))
		return false;
	/* Whatever has become of the clusters since, a request that is repeated with its key finds its batch. */
	if (!find_place(app, arena, order, origin, &place, err))
		return client_key != NULL && find_repeated(app, arena, origin, client_key, ret_batch, err);
	put_off = health_put_off(place.cluster, &put_off_ms);
	request_text = json_text(request);
	const struct store_new_batch new_batch = {
		.uid = submit_make_uid(arena),
		.protocol = origin->protocol,
		.name = order->name,
		.owner = origin->user,
		.proxy_user = order->proxy_user,
		.cluster = place.cluster->config->name,
		.namespace = kube_namespace(place.cluster->kube),
		.operator_kind = place.operator_kind,
		.request_text = request_text,
		.request_id = origin->request_id,
		.spec_text = json_text(place.spec),
		.claim_ms = push_claim_ms(&app->config),
		.client_key = client_key,
		.whole_request_text = request == whole_request(origin) ? request_text : json_text(whole_request(origin)),
		.retry = place.retry,
		.queue = place.queue,
		.limits = turn_limits(arena, place.cluster->config),
		.asked_text = json_text(place.asked),
		.put_off = put_off,
		.put_off_ms = put_off_ms,
		.silence_s = app->config.watcher_down_after_s,
	};
	FAILPOINT("submit.begin");
	if (!accept_batch(app, arena, &new_batch, ret_batch, &accepted, err))
		return false;
	FAILPOINT("submit.committed");
	/* whoever was first pushes it */
	if (!accepted.is_new && client_key != NULL)
		return answer_repeated(ret_batch, err);
	submit_tell_accepted(app, ret_batch, accepted.is_put_off ? put_off : NULL);
	if (accepted.is_put_off)
		return true; /* the watcher pushes it as soon as the API server is there again */
	return submit_push_accepted(app, arena, ret_batch, place.spec, accepted_ms, accepted.is_followed, err);
}

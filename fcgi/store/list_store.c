/* SPDX-License-Identifier: Apache-2.0 */
#include "store/list_store.h"

#include <assert.h>
#include <inttypes.h>

#include "store/store_priv.h"

/* Rows that one page may look at: some 10 ms of work. More batches with one beginning of their names are "many", too. */
#define LOOK_AT_MOST 5000
/* For each one that is wanted, at first. */
#define LOOK_FIRST 4

/* What leads through an index in the order of ids; the other filters are applied to what it finds. */
enum lead { LEAD_ID, LEAD_OWNER, LEAD_CLUSTER, LEAD_STATE, LEAD_NAME };

static const enum statement_id pages[][2] = {
	[LEAD_ID] = { STATEMENT_BATCH_LIST_ID_ASC, STATEMENT_BATCH_LIST_ID_DESC },
	[LEAD_OWNER] = { STATEMENT_BATCH_LIST_OWNER_ASC, STATEMENT_BATCH_LIST_OWNER_DESC },
	[LEAD_CLUSTER] = { STATEMENT_BATCH_LIST_CLUSTER_ASC, STATEMENT_BATCH_LIST_CLUSTER_DESC },
	[LEAD_STATE] = { STATEMENT_BATCH_LIST_STATE_ASC, STATEMENT_BATCH_LIST_STATE_DESC },
	[LEAD_NAME] = { STATEMENT_BATCH_LIST_NAME_ASC, STATEMENT_BATCH_LIST_NAME_DESC },
};

bool
store_count(struct store *store, enum statement_id id, const char *const *params, const char *column, int64_t *ret_count,
	    struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, id, params, &result, err))
		return false;
	*ret_count = store_number(result, 0, column);
	return true;
}

static const char *
text_of(struct arena *arena, int64_t number)
{
	return arena_printf(arena, "%" PRId64, number);
}

static bool
choose_lead(struct store *store, struct arena *arena, const struct store_list_filter *filter, enum lead *ret_lead,
	    struct err *err)
{
	const char *params[] = { filter->name_prefix, text_of(arena, LOOK_AT_MOST + 1) };
	int64_t named = 0;

	*ret_lead = filter->owner != NULL ? LEAD_OWNER : filter->has_states ? LEAD_STATE :
		    filter->cluster != NULL ? LEAD_CLUSTER : LEAD_ID;
	if (filter->name_prefix == NULL)
		return true;
	if (!store_count(store, STATEMENT_BATCH_LIST_NAMED, params, "batches", &named, err))
		return false;
	if (named <= LOOK_AT_MOST)
		*ret_lead = LEAD_NAME;
	return true;
}

/* Does the lead leave nothing for the other filters to sort out? */
static bool
leads_alone(const struct store_list_filter *filter, enum lead lead)
{
	int filters = (filter->owner != NULL) + filter->has_states + (filter->cluster != NULL) +
		      (filter->name_prefix != NULL) + filter->has_protocol;

	return filter->accepted_from == NULL && filter->accepted_before == NULL && filters == (lead == LEAD_ID ? 0 : 1);
}

static const char *
states_text(struct arena *arena, const struct store_list_filter *filter)
{
	const char *text = "{";

	if (!filter->has_states)
		return NULL;
	for (int state = 0; state < BATCH_STATE_COUNT; state++) {
		if (filter->states[state])
			text = arena_printf(arena, "%s%s%s", text, text[1] == '\0' ? "" : ",",
					    batch_state_text((enum batch_state)state));
	}
	return arena_printf(arena, "%s}", text);
}

/* The ids between which, exclusive, the page lies. */
static bool
find_bounds(struct store *store, const struct store_list_filter *filter, int64_t *ret_low, int64_t *ret_high,
	    struct err *err)
{
	const char *params[] = { filter->accepted_from, filter->accepted_before };
	AUTO_PGRESULT PGresult *result = NULL;

	*ret_low = 0;
	*ret_high = INT64_MAX;
	if (filter->accepted_from != NULL || filter->accepted_before != NULL) {
		if (!store_run(store, STATEMENT_BATCH_LIST_BOUNDS, params, &result, err))
			return false;
		*ret_low = store_number(result, 0, "low");
		*ret_high = store_number(result, 0, "high");
	}
	if (filter->position > 0 && filter->newest_first && filter->position < *ret_high)
		*ret_high = filter->position;
	if (filter->position > 0 && !filter->newest_first && filter->position > *ret_low)
		*ret_low = filter->position;
	return true;
}

static int64_t
next_position(const PGresult *result, const struct batch *batches, size_t *count, int limit, int64_t look)
{
	if (*count > (size_t)limit) {
		assert(batches != NULL);
		*count = (size_t)limit;
		return batches[limit - 1].id;
	}
	return store_number(result, 0, "looked_count") < look ? 0 : store_number(result, 0, "looked_last");
}

/* One look at so many rows. */
static bool
look_for_page(struct store *store, struct arena *arena, const struct store_list_filter *filter, enum lead lead,
	      int64_t low, int64_t high, int64_t look, PGresult **ret_result, struct err *err)
{
	const char *params[] = {
		text_of(arena, low),
		text_of(arena, high),
		text_of(arena, filter->limit + 1),
		text_of(arena, look),
		states_text(arena, filter),
		filter->owner,
		filter->cluster,
		filter->name_prefix,
		filter->accepted_from,
		filter->accepted_before,
		filter->has_protocol ? batch_protocol_text(filter->protocol) : NULL,
	};

	return store_run(store, pages[lead][filter->newest_first ? 1 : 0], params, ret_result, err);
}

bool
store_list_page(struct store *store, struct arena *arena, const struct store_list_filter *filter,
		struct batch **ret_batches, size_t *ret_count, int64_t *ret_next, struct err *err)
{
	int64_t low, high, look;
	enum lead lead;

	if (!choose_lead(store, arena, filter, &lead, err) || !find_bounds(store, filter, &low, &high, err))
		return false;
	look = filter->limit + 1;
	/* what is wanted is mostly near: a short look first */
	if (!leads_alone(filter, lead))
		look = look * LOOK_FIRST < LOOK_AT_MOST ? look * LOOK_FIRST : LOOK_AT_MOST;
	for (;;) {
		AUTO_PGRESULT PGresult *result = NULL;

		if (!look_for_page(store, arena, filter, lead, low, high, look, &result, err))
			return false;
		*ret_count = 0;
		*ret_batches = NULL;
		/* without a match there is still a row that says how far was looked */
		if (store_value(result, 0, "id") != NULL)
			store_read_batches(arena, result, ret_batches, ret_count);
		*ret_next = next_position(result, *ret_batches, ret_count, filter->limit, look);
		if (*ret_next == 0 || *ret_count == (size_t)filter->limit || look == LOOK_AT_MOST)
			return true;
		look = LOOK_AT_MOST;
	}
}

bool
store_list_total(struct store *store, int64_t *ret_total, struct err *err)
{
	return store_count(store, STATEMENT_BATCH_COUNT, NULL, "total", ret_total, err);
}

bool
store_list_settle(struct store *store, int limit, bool *ret_is_behind, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number most;
	const char *params[] = { number_text(&most, limit) };

	if (!store_run(store, STATEMENT_BATCH_LIST_SETTLE, params, &result, err))
		return false;
	*ret_is_behind = store_true(result, 0, "is_behind");
	return true;
}

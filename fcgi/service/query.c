/* SPDX-License-Identifier: Apache-2.0 */
#include "service/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "store/batch_store.h"

typedef bool (*show_by_id)(struct store *, struct arena *, int64_t, struct batch *, struct err *);

static bool
find(struct app *app, struct arena *arena, const char *id_or_name, show_by_id show, struct batch *ret_batch,
     struct err *err)
{
	size_t digits = strspn(id_or_name, "0123456789");
	int64_t id;

	if (!utf8_is_valid(id_or_name))
		return err_set(err, ERR_INVALID, "the name in the path is not valid UTF-8");
	if (id_or_name[digits] != '\0')
		return store_show_by_name(app->store, arena, id_or_name, ret_batch, err);
	errno = 0;
	id = strtoll(id_or_name, NULL, 10);
	if (errno != 0)
		return err_set(err, ERR_INVALID, "For input string: \"%s\" (too large for an id)", id_or_name);
	return show(app->store, arena, id, ret_batch, err);
}

static bool
find_allowed(struct app *app, struct arena *arena, const char *id_or_name, show_by_id show, enum access access,
	     const char *user, struct batch *ret_batch, struct err *err)
{
	if (!find(app, arena, id_or_name, show, ret_batch, err))
		return err->code != ERR_NOT_FOUND ? false
						  : err_set(err, ERR_NOT_FOUND, "Session '%s' not found.", id_or_name);
	if (!access_allowed(access, ret_batch, user))
		return err_set(err, ERR_FORBIDDEN, "Session '%s' belongs to somebody else.", id_or_name);
	return true;
}

bool
query_batch(struct app *app, struct arena *arena, const char *id_or_name, enum access access, const char *user,
	    struct batch *ret_batch, struct err *err)
{
	return find_allowed(app, arena, id_or_name, store_show, access, user, ret_batch, err);
}

bool
query_state(struct app *app, struct arena *arena, const char *id_or_name, enum access access, const char *user,
	    struct batch *ret_batch, struct err *err)
{
	return find_allowed(app, arena, id_or_name, store_show_state, access, user, ret_batch, err);
}

bool
query_list(struct app *app, struct arena *arena, int64_t from, int64_t size, struct query_page *ret_page, struct err *err)
{
	int64_t first = from < 0 ? 0 : from;
	int64_t count = from + size - first;

	if (count < 0)
		count = 0;
	if (count > LIMIT_PAGE_BATCHES)
		count = LIMIT_PAGE_BATCHES;
	return store_list(app->store, arena, first, count, &ret_page->batches, &ret_page->batches_count, &ret_page->total,
			  err);
}

bool
query_filtered(struct app *app, struct arena *arena, const struct store_list_filter *filter, struct query_page *ret_page,
	       struct err *err)
{
	bool counted = !filter->has_states && filter->owner == NULL && filter->cluster == NULL &&
		       filter->name_prefix == NULL && !filter->has_protocol && filter->accepted_from == NULL &&
		       filter->accepted_before == NULL;

	ret_page->total = -1;
	return store_list_page(app->store, arena, filter, &ret_page->batches, &ret_page->batches_count, &ret_page->next,
			       err) &&
	       (!counted || store_list_total(app->store, &ret_page->total, err));
}

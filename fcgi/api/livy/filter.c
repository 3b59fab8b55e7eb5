/* SPDX-License-Identifier: Apache-2.0 */
#include "api/livy/livy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

#define DEFAULT_PAGE 100
#define STATES "starting, running, success, dead, killed, error"

static const char *const own_parameters[] = {
	"state", "owner", "namePrefix", "cluster", "protocol", "createdAfter", "createdBefore", "order", "limit", "cursor",
};

/* Livy's words; "starting" is also what was accepted and not yet brought to Kubernetes. */
static bool
add_state(struct store_list_filter *filter, const char *word, struct err *err)
{
	enum batch_state state;

	if (strcmp(word, "accepted") == 0 || !batch_state_parse(word, &state))
		return err_set(err, ERR_INVALID, "state: '%s' is no state of a batch; use one or more of " STATES
			       ", separated by commas or by repeating state=", word);
	filter->states[state] = true;
	if (state == BATCH_STARTING)
		filter->states[BATCH_ACCEPTED] = true;
	filter->has_states = true;
	return true;
}

static bool
parse_states(struct call *call, struct store_list_filter *filter, struct err *err)
{
	const char *text;

	for (size_t i = 0; (text = request_query_at(call->request, call->arena, "state", i)) != NULL; i++) {
		for (;;) {
			size_t size = strcspn(text, ",");

			if (!add_state(filter, arena_strndup(call->arena, text, size), err))
				return false;
			if (text[size] == '\0')
				break;
			text += size + 1;
		}
	}
	return true;
}

static bool
parse_word(struct call *call, const char *name, const char **ret_text, struct err *err)
{
	*ret_text = request_query(call->request, call->arena, name);
	if (*ret_text == NULL)
		return true;
	if ((*ret_text)[0] == '\0')
		return err_set(err, ERR_INVALID, "%s: it is empty; give a value or leave %s out", name, name);
	if (strlen(*ret_text) > LIMIT_NAME_BYTES)
		return err_set(err, ERR_INVALID, "%s: it is longer than %d bytes, which nothing is called", name,
			       LIMIT_NAME_BYTES);
	/* PostgreSQL takes nothing else as text */
	if (!utf8_is_valid(*ret_text))
		return err_set(err, ERR_INVALID, "%s: it is not UTF-8; percent-encode its UTF-8 bytes", name);
	return true;
}

static bool
parse_protocol(struct call *call, struct store_list_filter *filter, struct err *err)
{
	const char *word = request_query(call->request, call->arena, "protocol");

	filter->has_protocol = word != NULL;
	return word == NULL || batch_protocol_parse(word, &filter->protocol) ||
	       err_set(err, ERR_INVALID, "protocol: '%s' is none; use livy, spark_rest or k8s", word);
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* `digits` digits at *text, from min to max. */
static bool
take_number(const char **text, int digits, int min, int max, int *ret_number)
{
	*ret_number = 0;
	for (int i = 0; i < digits; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*ret_number = *ret_number * 10 + (**text - '0');
	}
	return *ret_number >= min && *ret_number <= max;
}

static bool
take_word(const char **text, const char *any_of)
{
	if (**text == '\0' || strchr(any_of, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

struct moment {
	int year, month, day, hour, minute, second, fraction_us;
	char sign;
	int zone_hour, zone_minute;
};

static bool
take_time(const char **text, struct moment *moment)
{
	if (!take_number(text, 2, 0, 23, &moment->hour) || !take_word(text, ":") ||
	    !take_number(text, 2, 0, 59, &moment->minute))
		return false;
	if (!take_word(text, ":"))
		return true;
	if (!take_number(text, 2, 0, 59, &moment->second))
		return false;
	if (take_word(text, ".,")) {
		int scale = 100000;

		if (!isdigit((unsigned char)**text))
			return false;
		/* the database counts microseconds */
		for (; isdigit((unsigned char)**text); (*text)++, scale /= 10)
			moment->fraction_us += (**text - '0') * scale;
	}
	return true;
}

/* Z, +hh:mm, +hhmm, +hh or nothing, which is UTC. */
static bool
take_zone(const char **text, struct moment *moment)
{
	if (**text == '\0' || take_word(text, "Zz"))
		return true;
	moment->sign = **text == '-' ? '-' : '+';
	/* a '+' that was not percent-encoded has become a blank */
	if (!take_word(text, "+- ") || !take_number(text, 2, 0, 14, &moment->zone_hour))
		return false;
	return **text == '\0' || (take_word(text, ":"), take_number(text, 2, 0, 59, &moment->zone_minute));
}

/* ISO 8601: a date, or a date and a time. */
static bool
parse_moment(struct call *call, const char *name, const char **ret_text, struct err *err)
{
	const char *given = request_query(call->request, call->arena, name), *text = given;
	struct moment moment = { .sign = '+' };

	*ret_text = NULL;
	if (given == NULL)
		return true;
	if (!take_number(&text, 4, 1, 9999, &moment.year) || !take_word(&text, "-") ||
	    !take_number(&text, 2, 1, 12, &moment.month) || !take_word(&text, "-") ||
	    !take_number(&text, 2, 1, month_days(moment.year, moment.month), &moment.day) ||
	    (take_word(&text, "Tt") && (!take_time(&text, &moment) || !take_zone(&text, &moment))) || *text != '\0')
		return err_set(err, ERR_INVALID, "%s: '%s' is not a time; write ISO 8601 such as 2026-11-21T12:00:00Z, with "
			       "'+' as %%2B", name, given);
	*ret_text = arena_printf(call->arena, "%04d-%02d-%02d %02d:%02d:%02d.%06d%c%02d:%02d", moment.year, moment.month,
				 moment.day, moment.hour, moment.minute, moment.second, moment.fraction_us, moment.sign,
				 moment.zone_hour, moment.zone_minute);
	return true;
}

static bool
parse_order(struct call *call, struct store_list_filter *filter, struct err *err)
{
	const char *order = request_query(call->request, call->arena, "order");

	if (order == NULL || strcmp(order, "asc") == 0)
		return true;
	if (strcmp(order, "desc") != 0)
		return err_set(err, ERR_INVALID, "order: '%s' is no order; use asc (oldest first) or desc (newest first)",
			       order);
	filter->newest_first = true;
	return true;
}

static bool
parse_limit(struct call *call, struct store_list_filter *filter, struct err *err)
{
	const char *name = request_query(call->request, call->arena, "limit") != NULL ? "limit" : "size";
	int64_t limit;

	if (!request_query_int(call->request, call->arena, name, DEFAULT_PAGE, &limit, err))
		return false;
	if (limit < 1 || limit > LIMIT_PAGE_BATCHES)
		return err_set(err, ERR_INVALID, "%s: %" PRId64 " is out of range; a page has 1 to %d batches", name, limit,
			       LIMIT_PAGE_BATCHES);
	filter->limit = (int)limit;
	return true;
}

/* "a" or "d" for the order, then the id in hexadecimal: nobody is to build one, or to rely on what is in it. */
const char *
livy_cursor(struct arena *arena, const struct store_list_filter *filter, int64_t position)
{
	return arena_printf(arena, "%c%" PRIx64, filter->newest_first ? 'd' : 'a', (uint64_t)position);
}

static bool
parse_cursor(struct call *call, struct store_list_filter *filter, struct err *err)
{
	const char *cursor = request_query(call->request, call->arena, "cursor");
	size_t digits;

	if (cursor == NULL || cursor[0] == '\0')
		return true; /* the first page */
	digits = strspn(cursor + 1, "0123456789abcdef");
	if (strchr("ad", cursor[0]) == NULL || digits == 0 || digits > 15 || cursor[1 + digits] != '\0')
		return err_set(err, ERR_INVALID, "cursor: '%s' is none of this gateway's; use the \"next\" of the page before, "
			       "or leave it empty for the first page", cursor);
	if ((cursor[0] == 'd') != filter->newest_first)
		return err_set(err, ERR_INVALID, "cursor: '%s' belongs to the other order; repeat the order= of the page "
			       "before", cursor);
	filter->position = strtoll(cursor + 1, NULL, 16);
	return true;
}

bool
livy_parse_filter(struct call *call, struct store_list_filter *ret_filter, bool *ret_is_filtered, struct err *err)
{
	*ret_filter = (struct store_list_filter){ 0 };
	*ret_is_filtered = false;
	for (size_t i = 0; i < ARRAY_COUNT(own_parameters); i++)
		*ret_is_filtered |= request_query(call->request, call->arena, own_parameters[i]) != NULL;
	if (!*ret_is_filtered)
		return true;
	if (request_query(call->request, call->arena, "from") != NULL)
		return err_set(err, ERR_INVALID, "from: a filtered list has no numbered pages; leave it out and follow "
			       "\"next\" with cursor=");
	return parse_states(call, ret_filter, err) && parse_word(call, "owner", &ret_filter->owner, err) &&
	       parse_word(call, "namePrefix", &ret_filter->name_prefix, err) &&
	       parse_word(call, "cluster", &ret_filter->cluster, err) && parse_protocol(call, ret_filter, err) &&
	       parse_moment(call, "createdAfter", &ret_filter->accepted_from, err) &&
	       parse_moment(call, "createdBefore", &ret_filter->accepted_before, err) &&
	       parse_order(call, ret_filter, err) && parse_limit(call, ret_filter, err) &&
	       parse_cursor(call, ret_filter, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/retry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "batch/validate.h"

#define KEYS "spark.sparkgate.retry."
#define KEY_MAX KEYS "max"
#define KEY_INTERVAL KEYS "interval"
#define KEY_ON KEYS "on"
#define BLANKS " \t"

const char *const batch_retry_keys[] = { KEY_MAX, KEY_INTERVAL, KEY_ON };
const size_t batch_retry_keys_count = ARRAY_COUNT(batch_retry_keys);

/* Digits, up to a maximum; what follows them is ret_rest. */
static bool
read_number(const char *text, long most, long *ret_number, const char **ret_rest)
{
	size_t digits = strspn(text, "0123456789");

	errno = 0;
	*ret_number = strtol(text, NULL, 10);
	*ret_rest = text + digits;
	return digits > 0 && errno == 0 && *ret_number <= most;
}

static bool
read_max(const char *text, int *ret_max, struct err *err)
{
	const char *rest;
	long number;

	if (!read_number(text, BATCH_RETRY_MAX, &number, &rest) || *rest != '\0')
		return err_set(err, ERR_INVALID, "conf " KEY_MAX ": give a number from 0 (never run again) to %d, "
			       "not '%s'", BATCH_RETRY_MAX, text);
	*ret_max = (int)number;
	return true;
}

/* As Spark writes times, in whole seconds: JavaUtils.timeStringAsSec. */
static bool
read_interval(const char *text, int *ret_interval_s, struct err *err)
{
	static const struct {
		const char *unit;
		int seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 } };
	const char *rest;
	long number;

	if (read_number(text, BATCH_RETRY_INTERVAL_MAX_S, &number, &rest)) {
		for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
			if (strcasecmp(rest, units[i].unit) != 0 ||
			    number > BATCH_RETRY_INTERVAL_MAX_S / units[i].seconds)
				continue;
			*ret_interval_s = (int)number * units[i].seconds;
			return true;
		}
	}
	return err_set(err, ERR_INVALID, "conf " KEY_INTERVAL ": give seconds, or a time such as 30s, 5m or 1h, up to a "
		       "day, not '%s'", text);
}

static bool
read_reason(const char *word, size_t size, unsigned *reasons)
{
	for (int reason = 0; reason < BATCH_REASON_COUNT; reason++) {
		const char *text = batch_reason_text((enum batch_reason)reason);

		if ((BATCH_REASON_BIT(reason) & BATCH_RETRY_ANY) != 0 && strlen(text) == size &&
		    strncmp(text, word, size) == 0) {
			*reasons |= BATCH_REASON_BIT(reason);
			return true;
		}
	}
	return false;
}

bool
batch_retry_reasons_parse(const char *text, unsigned *ret_reasons)
{
	unsigned reasons = 0;

	do {
		size_t size;

		text += strspn(text, BLANKS);
		size = strcspn(text, "," BLANKS);
		if (!read_reason(text, size, &reasons))
			return false;
		text += size + strspn(text + size, BLANKS);
	} while (*text++ == ',');
	if (text[-1] != '\0')
		return false;
	*ret_reasons = reasons;
	return true;
}

const char *
batch_retry_reasons_text(struct arena *arena, unsigned reasons)
{
	const char *text = "";

	for (int reason = 0; reason < BATCH_REASON_COUNT; reason++) {
		if ((BATCH_REASON_BIT(reason) & reasons) != 0)
			text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : ",",
					    batch_reason_text((enum batch_reason)reason));
	}
	return text;
}

bool
batch_is_supervised(const struct batch_order *order)
{
	const char *supervise = batch_pairs_get(&order->conf, "spark.driver.supervise");

	return order->supervise || (supervise != NULL && strcasecmp(supervise, "true") == 0);
}

/* A key that nobody reads is a typing error: it would be missed when it is needed. */
static bool
refuse_others(const struct batch_pairs *conf, struct err *err)
{
	for (size_t i = 0; i < conf->count; i++) {
		if (strncmp(conf->items[i].key, KEYS, strlen(KEYS)) == 0)
			return err_set(err, ERR_INVALID, "conf %s: there is no such key; there are " KEY_MAX ", "
				       KEY_INTERVAL " and " KEY_ON, conf->items[i].key);
	}
	return true;
}

bool
batch_retry_take(struct batch_order *order, struct batch_retry *ret_retry, struct err *err)
{
	const char *max = batch_pairs_take(&order->conf, KEY_MAX);
	const char *interval = batch_pairs_take(&order->conf, KEY_INTERVAL);
	const char *on = batch_pairs_take(&order->conf, KEY_ON);

	*ret_retry = (struct batch_retry){ 0, BATCH_RETRY_INTERVAL_S, BATCH_RETRY_ANY };
	if (!refuse_others(&order->conf, err) || (max != NULL && !read_max(max, &ret_retry->max, err)) ||
	    (interval != NULL && !read_interval(interval, &ret_retry->interval_s, err)))
		return false;
	if (on != NULL && !batch_retry_reasons_parse(on, &ret_retry->reasons))
		return err_set(err, ERR_INVALID, "conf " KEY_ON ": give some of exit_code, out_of_memory, evicted, "
			       "driver_lost, failed and submission_failed, parted by commas, not '%s'", on);
	if (ret_retry->max > 0 && batch_is_supervised(order))
		return err_set(err, ERR_INVALID, "conf " KEY_MAX ": a supervised driver is run again without end already: "
			       "leave it out, or spark.driver.supervise (--supervise)");
	return true;
}

bool
batch_retry_is_due(const struct batch *batch, const struct batch_move *move)
{
	return move->state == BATCH_DEAD && batch->kill_requested_at == NULL && batch->retries < batch->retry.max &&
	       (batch->retry.reasons & BATCH_REASON_BIT(move->reason)) != 0;
}

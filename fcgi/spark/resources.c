/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "spark/amount.h"

#define OVERHEAD_LEAST_MIB 384

static bool
memory_of(const struct spark_plan *plan, const char *key, int64_t fallback_mib, int64_t *ret_mib, struct err *err)
{
	const char *text = spark_conf_get(plan->conf, key);

	*ret_mib = fallback_mib;
	return text == NULL || spark_memory_mib(key, text, ret_mib, err);
}

/* spark.driver.memoryOverhead, else a factor's part: the driver's own factor, else that of the application. */
static bool
driver_memory(const struct spark_plan *plan, int64_t *ret_mib, struct err *err)
{
	static const char *const factors[] = { "spark.driver.memoryOverheadFactor",
					       "spark.kubernetes.memoryOverheadFactor" };
	int64_t memory_mib, overhead_mib, least_mib;
	double factor = 0.1;

	for (size_t i = ARRAY_COUNT(factors); i-- > 0;) {
		const char *text = spark_conf_get(plan->conf, factors[i]);

		if (text != NULL && !spark_factor(factors[i], text, &factor, err))
			return false;
	}
	if (!memory_of(plan, "spark.driver.memory", 1024, &memory_mib, err) ||
	    !memory_of(plan, "spark.driver.minMemoryOverhead", OVERHEAD_LEAST_MIB, &least_mib, err))
		return false;
	if (plan->version < SPARK_SINCE_POD_CLAIMS) /* that property is as young as they are */
		least_mib = OVERHEAD_LEAST_MIB;
	overhead_mib = spark_overhead_mib(memory_mib, factor, least_mib);
	if (!memory_of(plan, "spark.driver.memoryOverhead", overhead_mib, &overhead_mib, err))
		return false;
	*ret_mib = memory_mib + overhead_mib;
	return true;
}

/* spark.driver.resource.NAME.amount and .vendor, e.g. gpu and nvidia.com, are limits as device plugins want them. */
static bool
add_devices(const struct spark_plan *plan, struct json_object *limits, struct err *err)
{
	const char *prefix = "spark.driver.resource.";
	size_t first, end;

	spark_conf_range(plan->conf, prefix, &first, &end);
	for (size_t i = first; i < end; i++) {
		const struct spark_property *property = &plan->conf->items[i];
		const char *name = property->key + strlen(prefix), *dot = strrchr(name, '.'), *vendor;
		int name_bytes;

		if (dot == NULL || strcmp(dot, ".amount") != 0)
			continue;
		name_bytes = (int)(dot - name);
		vendor = spark_conf_get(plan->conf,
					arena_printf(plan->arena, "%s%.*s.vendor", prefix, name_bytes, name));
		if (vendor == NULL)
			return err_set(err, ERR_INVALID, "%s: set %s%.*s.vendor as well, e.g. to nvidia.com",
				       property->key, prefix, name_bytes, name);
		json_add_string(limits, arena_printf(plan->arena, "%s/%.*s", vendor, name_bytes, name),
				property->value);
	}
	return true;
}

bool
spark_driver_resources(struct spark_plan *plan, struct json_object *container, struct err *err)
{
	struct json_object *resources = spark_child_object(container, "resources");
	struct json_object *requests = spark_child_object(resources, "requests");
	struct json_object *limits = spark_child_object(resources, "limits");
	const char *request = spark_conf_get(plan->conf, "spark.kubernetes.driver.request.cores");
	const char *limit = spark_conf_get(plan->conf, "spark.kubernetes.driver.limit.cores");
	const char *memory;
	int64_t memory_mib;
	int cores;

	if (!spark_conf_int(plan->conf, "spark.driver.cores", 1, 1, INT_MAX, &cores, err) ||
	    !driver_memory(plan, &memory_mib, err))
		return false;
	memory = arena_printf(plan->arena, "%" PRId64 "Mi", memory_mib);
	json_add_string(requests, "cpu", request != NULL ? request : arena_printf(plan->arena, "%d", cores));
	json_add_string(requests, "memory", memory);
	if (limit != NULL)
		json_add_string(limits, "cpu", limit);
	json_add_string(limits, "memory", memory);
	return add_devices(plan, limits, err);
}

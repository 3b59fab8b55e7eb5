/*
 * crd/asked.c - what a batch asks for, in numbers, for the columns that reports read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crd/crd_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "batch/validate.h"
#include "spark/amount.h"

#define LABEL_PREFIX "spark.kubernetes.driver.label."
#define LINEAGE "spark.openlineage."
#define MEMORY_MIB 1024         /* Spark's own default */

/* "2", "0.5" and "500m", as Kubernetes reads them; what is none stays unknown. */
static void
add_cores(struct json_object *asked, const char *column, const char *request, int64_t cores)
{
	double number = (double)(cores > 0 ? cores : 1);
	char *end;

	if (request != NULL) {
		number = strtod(request, &end);
		if (end == request || !isfinite(number) || number < 0 || (*end != '\0' && !text_is(end, "m")))
			return;
		if (*end == 'm')
			number /= 1000;
	}
	json_object_object_add(asked, column, json_object_new_double(number));
}

static void
add_role(struct arena *arena, struct json_object *asked, const char *name, const struct crd_wanted *wanted,
	 const struct crd_role *role)
{
	const char *request = batch_pairs_get(&wanted->conf, arena_printf(arena, "spark.kubernetes.%s.request.cores", name));
	int64_t memory_mib = MEMORY_MIB;
	struct err ignored = ERR_INIT;

	add_cores(asked, arena_printf(arena, "%s_cores", name), request, role->cores);
	if (role->memory == NULL || spark_memory_mib(name, role->memory, &memory_mib, &ignored))
		json_add_int(asked, arena_printf(arena, "%s_memory_mib", name), memory_mib);
}

/* At the start, as Spark counts: the largest of the three that may be set. */
static int64_t
executors_of(const struct crd_wanted *wanted)
{
	int64_t count = wanted->executors_count;

	if (!wanted->dynamic)
		return count;
	if (wanted->dynamic_counts[CRD_DYNAMIC_INITIAL] > count)
		count = wanted->dynamic_counts[CRD_DYNAMIC_INITIAL];
	return wanted->dynamic_counts[CRD_DYNAMIC_MIN] > count ? wanted->dynamic_counts[CRD_DYNAMIC_MIN] : count;
}

static void
add_labels(struct json_object *asked, const struct batch_pairs *conf)
{
	struct json_object *labels = json_object_new_object();

	for (size_t i = 0; i < conf->count; i++) {
		const struct batch_pair *pair = &conf->items[i];

		if (strncmp(pair->key, LABEL_PREFIX, strlen(LABEL_PREFIX)) == 0 && !batch_key_is_secret(pair->key))
			json_add_string(labels, pair->key + strlen(LABEL_PREFIX), pair->value);
	}
	json_object_object_add(asked, "labels", labels);
}

/*
 * Airflow's words for a run, from the first place that has one. Sources: the label names of Airflow's own pods; the variables
 * of airflow.sdk's context (AIRFLOW_CTX_...); OpenLineage's provider 2.20.3, utils/spark.py.
 */
static void
add_airflow(struct arena *arena, struct json_object *asked, const struct batch_pairs *conf)
{
	static const struct {
		const char *column, *word, *variable, *lineage;
	} rows[] = {
		{ "airflow_dag", "dag_id", "DAG_ID", LINEAGE "rootParentJobName" },
		{ "airflow_task", "task_id", "TASK_ID", LINEAGE "parentJobName" },
		{ "airflow_run", "run_id", "DAG_RUN_ID", LINEAGE "rootParentRunId" },
		{ "airflow_try", "try_number", "TRY_NUMBER", NULL },
	};
	const char *dag = batch_pairs_get(conf, LINEAGE "rootParentJobName");

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *value = batch_pairs_get(conf, arena_printf(arena, "spark.airflow.%s", rows[i].word));

		if (value == NULL)
			value = batch_pairs_get(conf, arena_printf(arena, LABEL_PREFIX "%s", rows[i].word));
		if (value == NULL)
			value = batch_pairs_get(conf, arena_printf(arena, "spark.kubernetes.driverEnv.AIRFLOW_CTX_%s",
								   rows[i].variable));
		if (value == NULL && rows[i].lineage != NULL) {
			value = batch_pairs_get(conf, rows[i].lineage);
			/* a job's name there is DAG.TASK, and both may have dots */
			if (value != NULL && dag != NULL && strncmp(value, dag, strlen(dag)) == 0 && value[strlen(dag)] == '.')
				value += strlen(dag) + 1;
		}
		crd_add_unless_null(asked, rows[i].column, value);
	}
}

struct json_object *
crd_asked_of(struct arena *arena, const struct crd_wanted *wanted)
{
	struct json_object *asked = arena_own_json(arena, json_object_new_object());

	json_add_string(asked, "image", wanted->driver.image != NULL ? wanted->driver.image : wanted->image);
	crd_add_unless_null(asked, "spark_version", wanted->target->spark_version);
	add_role(arena, asked, "driver", wanted, &wanted->driver);
	add_role(arena, asked, "executor", wanted, &wanted->executor);
	json_add_int(asked, "executors_count", executors_of(wanted));
	add_labels(asked, &wanted->conf);
	add_airflow(arena, asked, &wanted->conf);
	return asked;
}

struct json_object *
crd_asked(struct arena *arena, const struct batch_order *order, const struct crd_target *target)
{
	struct err ignored = ERR_INIT;
	struct crd_wanted wanted;

	return crd_want(arena, order, target, &wanted, &ignored) ? crd_asked_of(arena, &wanted) : NULL;
}

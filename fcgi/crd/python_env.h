/*
 * crd/python_env.h - Python packages that are installed before a driver and its executors begin. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: contract crds.md 7. An init container of each pod, which has Spark's own image, makes a virtual environment on a
 * volume of the pod; there is nothing shared, and executors that come later make their own.
 */
#ifndef CRD_PYTHON_ENV_H
#define CRD_PYTHON_ENV_H

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"

/* The properties that ask for packages; the second is for clients that can send nothing but Spark's. */
#define PYTHON_ENV_KEY "pyRequirements"
#define PYTHON_ENV_SPARK_KEY "spark.sparkgate.pyRequirements"

/* The environment's interpreter, in each pod. */
#define PYTHON_ENV_INTERPRETER "/opt/sparkgate-python/venv/bin/python3"

/*
 * A program that runs a PEX as a driver's Python. Spark makes what it fetches executable for executors, and not for a driver
 * (4.3.0: "Cannot run program "./env.pex": error=13, Permission denied").
 */
#define PYTHON_ENV_PEX_RUNNER "/opt/sparkgate-python/pex"

/* By this name a failure is known. */
#define PYTHON_ENV_CONTAINER "sparkgate-python"

struct python_env {
	const char *requirements;       /* as python_env_read() makes them; NULL: there is a PEX */
	const char *pex;                /* its name in the driver's working directory: python_env_is_pex_name() */
	const char *image;              /* the role's */
	const char *image_pull_policy;
	const char *pip_config_map;     /* its keys become variables, such as PIP_INDEX_URL; NULL: pip's own defaults */
};

/*
 * Requirements such as "numpy>=1.21.0,pandas[performance]>=2,<3": names from the index, with extras, versions and markers, and
 * nothing else: no option, no address, no path.
 *
 * ret_requirements  the same, one a line; the arena's
 * err               ERR_INVALID: which one, and what would be right
 */
MUST_CHECK bool python_env_read(struct arena *arena, const char *text, const char **ret_requirements, struct err *err);

/* Letters, digits, '-', '_' and '.': nothing that a shell could take for something else. */
bool python_env_is_pex_name(const char *name);

/*
 * The pod template of a role; the caller's to put.
 * container  "spark-kubernetes-driver" or "spark-kubernetes-executor": the one that Spark runs in
 */
struct json_object *python_env_template(const struct python_env *env, const char *container);

#endif

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# driver-address.sh - before entrypoint.sh, for Spark before 4.1: the driver gives its executors its address in place of
# its service's name, as spark.kubernetes.executor.useDriverPodIP does from 4.1 on. Where a cluster has DNS, nothing of
# this is needed.
set -euo pipefail

if [[ ${1:-} == driver ]]; then
	shift
	set -- driver --conf "spark.driver.host=$SPARK_DRIVER_BIND_ADDRESS" "$@"
fi
exec /opt/entrypoint.sh "$@"

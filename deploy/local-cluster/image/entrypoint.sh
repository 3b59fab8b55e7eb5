#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# entrypoint.sh - what Spark's Kubernetes back end expects of an image: the words "driver" and "executor".
# Source: spark v4.3.0, resource-managers/kubernetes/core: BasicDriverFeatureStep, BasicExecutorFeatureStep and the
# environment they set.
set -euo pipefail

SPARK_HOME=${SPARK_HOME:-/opt/spark}
classpath="$SPARK_HOME/jars/*"
[[ -z ${SPARK_EXTRA_CLASSPATH:-} ]] || classpath=$SPARK_EXTRA_CLASSPATH:$classpath
[[ -z ${HADOOP_CONF_DIR:-} ]] || classpath=$HADOOP_CONF_DIR:$classpath
classpath=${SPARK_CONF_DIR:-$SPARK_HOME/conf}:$classpath

driver() {
	exec tini -s -- "$SPARK_HOME/bin/spark-submit" \
		--conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
		--conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" \
		--deploy-mode client "$@"
}

executor() {
	local options=() name
	# Numbered from 0; the order of the environment is not theirs, so ask by number.
	for ((i = 0; ; i++)); do
		name=SPARK_JAVA_OPT_$i
		[[ -n ${!name+set} ]] || break
		options+=("${!name}")
	done
	exec tini -s -- "$JAVA_HOME/bin/java" "${options[@]}" \
		-Xms"$SPARK_EXECUTOR_MEMORY" -Xmx"$SPARK_EXECUTOR_MEMORY" \
		-cp "$classpath${SPARK_DIST_CLASSPATH:+:$SPARK_DIST_CLASSPATH}" \
		org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
		--driver-url "$SPARK_DRIVER_URL" \
		--executor-id "$SPARK_EXECUTOR_ID" \
		--cores "$SPARK_EXECUTOR_CORES" \
		--app-id "$SPARK_APPLICATION_ID" \
		--hostname "$SPARK_EXECUTOR_POD_IP" \
		--resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
		--podName "$SPARK_EXECUTOR_POD_NAME" \
		"$@"
}

case ${1:-} in
driver) shift; driver "$@" ;;
executor) shift; executor "$@" ;;
*) exec tini -s -- "$@" ;;
esac

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# operator.sh - the Kubeflow Spark operator, run outside the cluster.

OPERATOR_REMEDY="name the binary by SPARK_OPERATOR=FILE, or have ../shared/bin/spark-operator.xz beside the clone"

# Prints the operator's path, unpacking it if that is needed.
operator_binary() {
	local packed=$CLUSTER_SOURCE_DIR/../../../shared/bin/spark-operator.xz binary=$BIN_DIR/spark-operator
	if [[ -n ${SPARK_OPERATOR:-} ]]; then
		[[ -x $SPARK_OPERATOR ]] && printf '%s' "$SPARK_OPERATOR"
		return
	fi
	if [[ -e $packed && (! -x $binary || $packed -nt $binary) ]]; then
		mkdir -p "$BIN_DIR"
		xz -dc "$packed" >"$binary.new" && chmod 755 "$binary.new" && mv -f "$binary.new" "$binary" || return 1
	fi
	[[ -x $binary ]] && printf '%s' "$binary"
}

operator_check() {
	operator_binary >/dev/null || die "there is no Kubeflow operator" "" "$OPERATOR_REMEDY"
	kubeflow_definitions_check
}

java_home() {
	local java
	java=$(readlink -f "$(command -v java)") || return 1
	printf '%s' "${java%/bin/java}"
}

operator_ready() { curl -fsS --max-time 2 "http://127.0.0.1:$OPERATOR_HEALTH_PORT/readyz"; }

operator_start() {
	local binary home
	binary=$(operator_binary) || die "there is no Kubeflow operator" "" "$OPERATOR_REMEDY"
	home=$(java_home) || die "there is no Java for the operator's spark-submit" "" "install openjdk-17-jre-headless"
	# The grace period: after an outage of the API server the operator sees new pods only when its own backoff has
	# passed, up to a minute later; by default it calls their applications failed 10 s after it began to submit them.
	# spark-submit lives for seconds: less compiling and one thread for garbage halve its CPU time.
	# It runs spark-submit itself, which wants its host's name resolved; not every machine can do that.
	process_start operator env SPARK_HOME="$SPARK_HOME_DIR" JAVA_HOME="$home" KUBECONFIG="$PKI_DIR/operator.kubeconfig" \
		KUBERNETES_SERVICE_HOST="$APISERVER_IP" KUBERNETES_SERVICE_PORT="$APISERVER_PORT" \
		JAVA_TOOL_OPTIONS="${JAVA_TOOL_OPTIONS--XX:TieredStopAtLevel=1 -XX:+UseSerialGC}" \
		KUBERNETES_TRUST_CERTIFICATES=true SPARK_LOCAL_HOSTNAME=localhost TMPDIR="$RUN_DIR" \
		"$binary" controller start --kubeconfig="$PKI_DIR/operator.kubeconfig" --namespaces="$JOB_NAMESPACE" \
		--leader-election=false --enable-ui-service=false --driver-pod-creation-grace-period=3m \
		--health-probe-bind-address="127.0.0.1:$OPERATOR_HEALTH_PORT"
}

operator_up() {
	operator_start
	component_wait operator "$PATIENCE_S" operator_ready
}

operator_down() { process_stop operator; }

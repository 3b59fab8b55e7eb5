# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# kubernetes.sh - the cluster that batches run on: the local one, or the reader's own by kubeconfig.

KUBERNETES_NAMESPACE=${SPARKGATE_NAMESPACE:-spark}
KUBERNETES_SERVICE_ACCOUNT=spark
CRD_NAME=sparkapplications.sparkoperator.k8s.io

# Which operator runs the batches: Kubeflow's, or the gateway's own. What up was told is kept for later commands.
operator_settings() {
	OPERATOR_KIND=${SPARKGATE_OPERATOR:-$(cat "$RUN_DIR/operator-kind" 2>/dev/null || echo kubeflow)}
	[[ $OPERATOR_KIND == kubeflow || $OPERATOR_KIND == sparkgate ]] ||
		die "SPARKGATE_OPERATOR is '$OPERATOR_KIND'" "" "use kubeflow or sparkgate"
}

# Sets TARGET (local or own) and what the configuration says about the cluster.
kubernetes_settings() {
	local variables
	if [[ -n $OWN_KUBECONFIG ]]; then
		TARGET=own
		KUBECONFIG_FILE=$OWN_KUBECONFIG
		OPERATOR_KUBECONFIG_FILE=$OWN_KUBECONFIG
		SPARK_VERSION=${SPARKGATE_SPARK_VERSION:-4.0.1}
		SPARK_IMAGE=${SPARKGATE_IMAGE:-docker.io/library/spark:$SPARK_VERSION}
		KUBECTL=(kubectl --kubeconfig "$KUBECONFIG_FILE")
		[[ -z $OWN_CONTEXT ]] || KUBECTL+=(--context "$OWN_CONTEXT")
		return
	fi
	TARGET=local
	variables=$(cluster env) || exit 1
	eval "$variables"
	unset KUBECONFIG
	KUBECONFIG_FILE=$SPARKGATE_GATEWAY_KUBECONFIG
	OPERATOR_KUBECONFIG_FILE=$SPARKGATE_OPERATOR_KUBECONFIG
	SPARK_VERSION=$SPARKGATE_SPARK_VERSION
	SPARK_IMAGE=$SPARKGATE_SPARK_IMAGE
	KUBECTL=("$SPARKGATE_KUBECTL" --kubeconfig "$SPARKGATE_ADMIN_KUBECONFIG")
}

cluster() { SPARKGATE_SLOT=$SLOT "$DEPLOY_DIR/local-cluster/cluster" "$@" --dir "$STATE_DIR"; }

# --- the local cluster -------------------------------------------------------------------------------------------

# The cluster's script tells a failure itself, with its log and remedy; here only the step is named.
kubernetes_local() {
	cluster "$@" || die "deploy/local-cluster/cluster $* failed (see above)" "" "repair that, then run this again"
}

kubeflow_up() { kubernetes_local operator up; }
kubeflow_down() { kubernetes_local operator down; }

# --- a cluster of the reader's -----------------------------------------------------------------------------------

kubernetes_own_check() {
	local log=$LOG_DIR/kubernetes.log
	[[ -r $KUBECONFIG_FILE ]] || die "cannot read $KUBECONFIG_FILE" "" "give the kubeconfig's path"
	"${KUBECTL[@]}" version --request-timeout=15s >"$log" 2>&1 ||
		die "the cluster does not answer" "$log" "does 'kubectl --kubeconfig $KUBECONFIG_FILE version' work?"
	"${KUBECTL[@]}" get crd "$CRD_NAME" --request-timeout=15s >"$log" 2>&1 ||
		die "the cluster has no $CRD_NAME" "$log" \
			"install the Kubeflow Spark operator there, and let it watch the namespace $KUBERNETES_NAMESPACE; with SPARKGATE_OPERATOR=sparkgate its definition is enough"
}

kubernetes_own_manifests() {
	local manifests=("$DEPLOY_DIR/kubernetes/rbac.yaml.in")
	[[ $OPERATOR_KIND != sparkgate ]] || manifests+=("$DEPLOY_DIR/kubernetes/operator-rbac.yaml.in")
	sed -s -e '1i ---' -e "s/@NAMESPACE@/$KUBERNETES_NAMESPACE/g" -e "s/@DRIVER_ACCOUNT@/$KUBERNETES_SERVICE_ACCOUNT/g" \
		-e "s|@GATEWAY_USER@|$1|g" -e "s|@OPERATOR_USER@|$1|g" "${manifests[@]}"
}

kubernetes_own_objects() {
	local log=$LOG_DIR/kubernetes.log user
	# The gateway signs in as whoever the kubeconfig is, so that one gets the gateway's role.
	user=$("${KUBECTL[@]}" auth whoami -o jsonpath='{.status.userInfo.username}' 2>/dev/null) || user=sparkgate
	kubernetes_own_manifests "$user" |
		"${KUBECTL[@]}" apply --server-side --force-conflicts -f - >"$log" 2>&1 ||
		die "namespace, service account and roles were refused" "$log" \
			"have somebody who may apply deploy/kubernetes/rbac.yaml.in"
}

kubernetes_own_up() {
	kubernetes_own_check
	kubernetes_own_objects
}

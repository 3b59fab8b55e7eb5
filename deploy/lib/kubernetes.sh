# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# kubernetes.sh - the cluster that batches run on: the local one, or the reader's own by kubeconfig.

KUBERNETES_NAMESPACE=${SPARKGATE_NAMESPACE:-spark}
KUBERNETES_SERVICE_ACCOUNT=spark

# Which operator runs the batches: the gateway's own, or Kubeflow's. What up was told is kept for later commands.
operator_settings() {
	OPERATOR_KIND=${SPARKGATE_OPERATOR:-$(cat "$RUN_DIR/operator-kind" 2>/dev/null || echo sparkgate)}
	[[ $OPERATOR_KIND == kubeflow || $OPERATOR_KIND == sparkgate ]] ||
		die "SPARKGATE_OPERATOR is '$OPERATOR_KIND'" "" "use sparkgate or kubeflow"
}

operator_remember() {
	[[ $OPERATOR_KIND != sparkgate || $(cat "$RUN_DIR/operator-kind" 2>/dev/null) != kubeflow ]] ||
		touch "$RUN_DIR/operator-adopts"
	printf '%s\n' "$OPERATOR_KIND" >"$RUN_DIR/operator-kind"
}

# After Kubeflow's, our operator takes what that one had not begun: it acts only on objects with the label. A driver
# that runs already is followed to its end without an operator.
operator_adopt() {
	local name waiting
	[[ -e $RUN_DIR/operator-adopts ]] || return 0
	waiting=$(kubernetes_jobs get sparkapplications -l 'sparkgate.io/batch-id,!sparkgate.io/operator' -o json |
		jq -r '.items[] | select((.status.applicationState.state // "") == "") | .metadata.name') ||
		die "the batches that wait for an operator could not be listed" "" "run again"
	for name in $waiting; do
		[[ -z $(kubernetes_jobs get pod "$name-driver" --ignore-not-found -o name) ]] || continue
		kubernetes_jobs label sparkapplications "$name" sparkgate.io/operator=sparkgate >/dev/null ||
			die "$name, which waits for an operator, could not be labelled" "" "run again"
	done
	rm -f "$RUN_DIR/operator-adopts"
}

kubernetes_jobs() { "${KUBECTL[@]}" -n "$KUBERNETES_NAMESPACE" "$@"; }

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

# The gateway's user in the local cluster is there by the name of its certificate (local-cluster/lib/settings.sh).
kubernetes_local_roles() {
	local log=$LOG_DIR/kubernetes.log
	k8s_rbac_manifest "$KUBERNETES_NAMESPACE" sparkgate |
		"${KUBECTL[@]}" apply --server-side --force-conflicts -f - >"$log" 2>&1 ||
		die "the roles of spark-submit --master k8s:// were refused" "$log" "see the log"
}

kubeflow_check() { cluster operator check || exit 1; }
kubeflow_up() { kubernetes_local operator up; }
kubeflow_down() { kubernetes_local operator down; }

# --- a cluster of the reader's -----------------------------------------------------------------------------------

kubernetes_own_up() {
	local log=$LOG_DIR/kubernetes.log
	[[ -r $KUBECONFIG_FILE ]] || die "cannot read $KUBECONFIG_FILE" "" "give the kubeconfig's path"
	"${KUBECTL[@]}" version --request-timeout=15s >"$log" 2>&1 ||
		die "the cluster does not answer" "$log" "does '${KUBECTL[*]} version' work?"
	kubernetes_own_definition
	kubernetes_own_objects
}

kubernetes_own_definition() {
	local log=$LOG_DIR/kubernetes.log
	[[ $OPERATOR_KIND != sparkgate ]] || ! definition_up "${KUBECTL[@]}" >"$log" 2>&1 || return 0
	! definition_served "${KUBECTL[@]}" >/dev/null 2>&1 || return 0
	[[ $OPERATOR_KIND == sparkgate ]] || die "the cluster has no $CRD_NAME" "$log" \
		"install the Kubeflow operator there, and let it watch the namespace $KUBERNETES_NAMESPACE; or use SPARKGATE_OPERATOR=sparkgate"
	die "the cluster has no $CRD_NAME, and this user may not create it" "$log" \
		"an administrator of the cluster does it once: kubectl apply --server-side -f $CRD_FILE"
}

# The gateway and its operator sign in as whoever the kubeconfig is, so that one gets the roles of both.
kubernetes_own_objects() {
	local log=$LOG_DIR/kubernetes.log manifest=$STATE_DIR/kubernetes.yaml user
	user=$(kubernetes_own_user) || user=sparkgate
	{
		gateway_rbac_manifest "$KUBERNETES_NAMESPACE" "$KUBERNETES_SERVICE_ACCOUNT" "$user"
		k8s_rbac_manifest "$KUBERNETES_NAMESPACE" "$user"
		[[ $OPERATOR_KIND != sparkgate ]] || operator_rbac_manifest "$KUBERNETES_NAMESPACE" "$user"
	} >"$manifest"
	! "${KUBECTL[@]}" apply --server-side --force-conflicts -f "$manifest" >"$log" 2>&1 || return 0
	! kubernetes_own_allowed || { say_note "this user may not apply roles, and has those that are needed"; return; }
	die "namespace, service account and roles were refused" "$log" \
		"an administrator of the cluster does it once: kubectl apply --server-side -f $manifest"
}

# As "kubectl auth whoami", which Debian's kubectl is too old for.
kubernetes_own_user() {
	local api=authentication.k8s.io/v1
	printf '{"apiVersion": "%s", "kind": "SelfSubjectReview"}' "$api" |
		"${KUBECTL[@]}" create --raw "/apis/$api/selfsubjectreviews" -f - 2>/dev/null | jq -re .status.userInfo.username
}

# Somebody else may have applied the roles. This asks for some of each, not for all that they hold.
kubernetes_own_allowed() {
	local asked=("create sparkapplications.sparkoperator.k8s.io" "get pods log" "create pods" "create secrets") verb resource part
	[[ $OPERATOR_KIND != sparkgate ]] ||
		asked+=("update sparkapplications.sparkoperator.k8s.io status" "create configmaps" "create leases")
	for resource in "${asked[@]}"; do
		read -r verb resource part <<<"$resource"
		kubernetes_jobs auth can-i "$verb" "$resource" --subresource="$part" >/dev/null 2>&1 || return 1
	done
}

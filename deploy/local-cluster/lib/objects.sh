# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# objects.sh - what the gateway expects inside a cluster: definitions, namespace, service accounts, roles.

KUBEFLOW_CRD_FILES=(sparkoperator.k8s.io_sparkapplications.yaml sparkoperator.k8s.io_scheduledsparkapplications.yaml
	sparkoperator.k8s.io_sparkconnects.yaml)
KUBEFLOW_CRD_REMEDY="name the directory with the Kubeflow operator's own by SPARKGATE_CRDS=DIR"

# create and replace, never apply: the definitions are larger than the annotation in which apply keeps them.
crd_install() {
	local file=$1 stamp
	stamp=$CLUSTER_DIR/etcd/$(basename "$file").$(sha256sum "$file" | cut -c1-16)
	[[ ! -e $stamp ]] || return 0
	kubectl create -f "$file" 2>/dev/null || kubectl replace -f "$file" || return 1
	# Kept beside the data that it describes, so that both vanish together.
	touch "$stamp"
}

kubeflow_definitions_dir() { printf '%s' "${SPARKGATE_CRDS:-$CLONE_DIR/../shared/crds}"; }

# The Kubeflow operator starts with all of its own definitions only.
kubeflow_definitions_check() {
	local file
	for file in "${KUBEFLOW_CRD_FILES[@]}"; do
		[[ -r $(kubeflow_definitions_dir)/$file ]] ||
			die "there is no definition $(kubeflow_definitions_dir)/$file" "" "$KUBEFLOW_CRD_REMEDY"
	done
}

kubeflow_definitions_up() {
	local file log=$LOG_DIR/objects.log
	kubeflow_definitions_check
	for file in "${KUBEFLOW_CRD_FILES[@]}"; do
		crd_install "$(kubeflow_definitions_dir)/$file" >"$log" 2>&1 || die "$file was refused" "$log" "see the log"
	done
	wait_until "$PATIENCE_S" "the Kubeflow operator's definitions" kubeflow_definitions_served >>"$log" 2>&1 ||
		die "the Kubeflow operator's definitions are not served" "$log" "run again"
}

# Not -q: grep would end first, and its end be kubectl's failure.
kubeflow_definitions_served() {
	definition_served kubectl &&
		kubectl get --raw /apis/sparkoperator.k8s.io/v1beta2 | grep -c '"scheduledsparkapplications"' &&
		kubectl get --raw /apis/sparkoperator.k8s.io/v1alpha1 | grep -c '"sparkconnects"'
}

definitions_up() {
	local log=$LOG_DIR/objects.log
	if [[ -n ${SPARKGATE_CRDS:-} ]]; then
		kubeflow_definitions_up
	else
		definition_up kubectl >"$log" 2>&1 || die "$CRD_FILE was refused" "$log" "see the log"
	fi
}

objects_up() {
	local log=$LOG_DIR/objects.log
	definitions_up
	{
		gateway_rbac_manifest "$JOB_NAMESPACE" "$JOB_SERVICE_ACCOUNT" "$GATEWAY_USER"
		operator_rbac_manifest "$JOB_NAMESPACE" "$OPERATOR_USER"
	} |
		kubectl apply --server-side --force-conflicts -f - >>"$log" 2>&1 ||
		die "namespace and roles were refused" "$log" "see the log"
}

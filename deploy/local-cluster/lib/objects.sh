# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# objects.sh - what the gateway expects inside a cluster: definitions, namespace, service accounts, roles.

CRD_FILES=(sparkoperator.k8s.io_sparkapplications.yaml sparkoperator.k8s.io_scheduledsparkapplications.yaml
	sparkoperator.k8s.io_sparkconnects.yaml)

crd_source_dir() {
	local dir=${SPARKGATE_CRDS:-$CLUSTER_SOURCE_DIR/../../../shared/crds}
	[[ -d $dir ]] || return 1
	(cd "$dir" && pwd)
}

# create and replace, never apply: the definitions are larger than the annotation in which apply keeps them.
crd_install() {
	local file=$1 stamp
	stamp=$CLUSTER_DIR/etcd/$(basename "$file").$(sha256sum "$file" | cut -c1-16)
	[[ ! -e $stamp ]] || return 0
	kubectl create -f "$file" 2>/dev/null || kubectl replace -f "$file" || return 1
	# Kept beside the data that it describes, so that both vanish together.
	touch "$stamp"
}

crds_up() {
	local dir file log=$LOG_DIR/objects.log
	if ! dir=$(crd_source_dir); then
		say_note "no SparkApplication definition: ../shared/crds is not there (SPARKGATE_CRDS=DIR names another place)"
		return
	fi
	for file in "${CRD_FILES[@]}"; do
		crd_install "$dir/$file" >"$log" 2>&1 || die "$file was refused" "$log" "see the log"
	done
	kubectl wait --for condition=Established --timeout=30s crd/sparkapplications.sparkoperator.k8s.io >>"$log" 2>&1 ||
		die "the SparkApplication definition is not established" "$log" "run again"
}

objects_up() {
	local log=$LOG_DIR/objects.log
	crds_up
	{
		rbac_manifest "$JOB_NAMESPACE" "$JOB_SERVICE_ACCOUNT" "$GATEWAY_USER"
		echo ---
		operator_rbac_manifest "$JOB_NAMESPACE" "$OPERATOR_USER"
	} |
		kubectl apply --server-side --force-conflicts -f - >>"$log" 2>&1 ||
		die "namespace and roles were refused" "$log" "see the log"
}

# rbac_manifest NAMESPACE DRIVER_ACCOUNT GATEWAY_USER: the shipped manifest with this cluster's names.
rbac_manifest() {
	sed -e "s/@NAMESPACE@/$1/g" -e "s/@DRIVER_ACCOUNT@/$2/g" -e "s/@GATEWAY_USER@/$3/g" \
		"$CLUSTER_SOURCE_DIR/../kubernetes/rbac.yaml.in"
}

# operator_rbac_manifest NAMESPACE OPERATOR_USER: for sparkgate-operator.
operator_rbac_manifest() {
	sed -e "s/@NAMESPACE@/$1/g" -e "s/@OPERATOR_USER@/$2/g" "$CLUSTER_SOURCE_DIR/../kubernetes/operator-rbac.yaml.in"
}

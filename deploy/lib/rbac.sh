# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# rbac.sh - the shipped manifests of roles, with a cluster's own names. Each prints a document of its own.

# gateway_rbac_manifest NAMESPACE DRIVER_ACCOUNT GATEWAY_USER
gateway_rbac_manifest() {
	echo ---
	sed -e "s/@NAMESPACE@/$1/g" -e "s/@DRIVER_ACCOUNT@/$2/g" -e "s|@GATEWAY_USER@|$3|g" \
		"$CLONE_DIR/deploy/kubernetes/rbac.yaml.in"
}

# k8s_rbac_manifest NAMESPACE GATEWAY_USER
k8s_rbac_manifest() {
	echo ---
	sed -e "s/@NAMESPACE@/$1/g" -e "s|@GATEWAY_USER@|$2|g" "$CLONE_DIR/deploy/kubernetes/k8s-rbac.yaml.in"
}

# operator_rbac_manifest NAMESPACE OPERATOR_USER
operator_rbac_manifest() {
	echo ---
	sed -e "s/@NAMESPACE@/$1/g" -e "s|@OPERATOR_USER@|$2|g" "$CLONE_DIR/deploy/kubernetes/operator-rbac.yaml.in"
}

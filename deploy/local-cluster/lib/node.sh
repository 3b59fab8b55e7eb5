# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# node.sh - the one node: addresses, containerd and kubelet in a mount namespace of their own, images.

node_settings() {
	NODE_CONFIG_DIR=$RUN_DIR/config
	CONTAINERD_SOCKET=$RUN_DIR/containerd/containerd.sock
	CNI_BIN_DIR=/usr/lib/cni
	# systemd-resolved's stub listens on loopback, which a pod has of its own.
	RESOLV_CONF=/etc/resolv.conf
	[[ ! -e /run/systemd/resolve/resolv.conf ]] || RESOLV_CONF=/run/systemd/resolve/resolv.conf
}

# render TEMPLATE FILE: replaces @NAME@ by the shell variable of that name.
render() {
	local text name
	text=$(cat "$1")
	while [[ $text =~ @([A-Z_]+)@ ]]; do
		name=${BASH_REMATCH[1]}
		text=${text//@$name@/${!name}}
	done
	mkdir -p "$(dirname "$2")"
	printf '%s\n' "$text" >"$2"
}

# --- network -----------------------------------------------------------------------------------------------------

# Without an address of its own a bridge has that of one of its ports: when that pod ended, all others would send what is
# for this machine, the API server's too, to an address that nobody has, until they ask again a minute later.
bridge_up() {
	local mac
	# shellcheck disable=SC2046,SC2183 # four numbers
	mac=$(printf '0a:58:%02x:%02x:%02x:%02x' $(tr ./ '  ' <<<"${2%/*}"))
	ip link show "$1" >/dev/null 2>&1 || ip link add "$1" type bridge || return 1
	[[ $(</sys/class/net/"$1"/address) == "$mac" ]] || ip link set "$1" address "$mac" || return 1
	[[ $(ip addr show dev "$1") == *"inet $2 "* ]] || ip addr add "$2" dev "$1" || return 1
	ip link set "$1" up
}

# Each rule is one line, so that down removes exactly what up added. The last one stands in for kube-proxy: programs
# in pods find the API server at the address that their environment names.
firewall_rules() {
	cat <<-END
	-t nat POSTROUTING -s $POD_CIDR ! -o $POD_BRIDGE -j MASQUERADE
	-t filter FORWARD -i $POD_BRIDGE -j ACCEPT
	-t filter FORWARD -o $POD_BRIDGE -j ACCEPT
	-t filter INPUT -i $POD_BRIDGE -d $NODE_IP -j ACCEPT
	-t nat PREROUTING -i $POD_BRIDGE -d $SERVICE_IP -p tcp --dport 443 -j DNAT --to-destination $NODE_IP:$APISERVER_PORT
	END
}

# firewall up|down: pods reach each other, the API server and the world, whatever the machine's policy is.
firewall() {
	local option table chain rest
	command -v iptables >/dev/null || return 0
	firewall_rules | while read -r option table chain rest; do
		# shellcheck disable=SC2086 # split into words
		if iptables -w "$option" "$table" -C "$chain" $rest 2>/dev/null; then
			[[ $1 == up ]] || iptables -w "$option" "$table" -D "$chain" $rest
		elif [[ $1 == up ]]; then
			iptables -w "$option" "$table" -I "$chain" $rest || return 1
		fi
	done
}

# The node's bridge carries the name of its state directory, so that no other one takes or removes a used slot.
slot_owner() {
	local alias=/sys/class/net/$NODE_BRIDGE/ifalias
	[[ -e $alias ]] && sed -n 's/^sparkgate://p' "$alias"
}

slot_is_anothers() {
	local owner
	owner=$(slot_owner) && [[ -n $owner && $owner != "$STATE_DIR" ]]
}

slot_check() {
	! slot_is_anothers || [[ ! -d $(slot_owner) ]] ||
		die "slot $SLOT is taken by the cluster in $(slot_owner)" "" \
			"choose another one: SPARKGATE_SLOT=0..59 in the environment"
}

network_up() {
	bridge_up "$NODE_BRIDGE" "$NODE_IP/32" && bridge_up "$POD_BRIDGE" "$POD_GATEWAY/24" || return 1
	ip link set "$NODE_BRIDGE" alias "sparkgate:$STATE_DIR" || return 1
	[[ $(cat /proc/sys/net/ipv4/ip_forward) == 1 ]] || echo 1 >/proc/sys/net/ipv4/ip_forward || return 1
	firewall up || say_warning "iptables refused the pods' rules: pods may not reach addresses outside"
}

network_up_or_die() {
	slot_check
	network_up || die "the bridges $NODE_BRIDGE and $POD_BRIDGE could not be made" "" \
		"the kernel needs bridges, and $POD_CIDR and $NODE_IP must be free (another SPARKGATE_SLOT moves them)"
}

network_down() {
	firewall down 2>/dev/null || true
	local bridge
	for bridge in "$NODE_BRIDGE" "$POD_BRIDGE"; do
		! ip link show "$bridge" >/dev/null 2>&1 || ip link del "$bridge"
	done
}

# --- control groups ----------------------------------------------------------------------------------------------

# Prints the places where our group is, or would be: one in the unified hierarchy, one per controller in the old one.
cgroup_dirs() {
	local mount
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		printf '%s\n' "/sys/fs/cgroup/$NODE_CGROUP"
		return
	fi
	for mount in /sys/fs/cgroup/*/; do
		[[ ! -L ${mount%/} ]] && printf '%s\n' "$mount$NODE_CGROUP"
	done
}

cgroup_up() {
	local dir controller
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		for controller in cpu cpuset io memory pids hugetlb; do
			echo "+$controller" 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control || true
		done
	fi
	while read -r dir; do
		mkdir -p "$dir" || return 1
	done < <(cgroup_dirs)
}

cgroup_pids() {
	local dir
	while read -r dir; do
		find "$dir" -name cgroup.procs -exec cat {} + 2>/dev/null
	done < <(cgroup_dirs) | sort -un
}

cgroup_down() {
	local dir
	while read -r dir; do
		[[ ! -d $dir ]] || find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done < <(cgroup_dirs)
}

# --- the node's programs -----------------------------------------------------------------------------------------

in_node() { nsenter --mount --root --target "$(process_pid node)" --wd=/ -- "$@"; }

node_namespace_start() {
	! process_running node || return 0
	# A namespace whose holder died (or a machine that went down) leaves programs and sockets of the old one.
	node_kill_leftovers
	rm -rf "$RUN_DIR/containerd" "$RUN_DIR/run-containerd" "$RUN_DIR/node.ready"
	process_start node unshare --mount --propagation private "$CLUSTER_SOURCE_DIR/lib/node-namespace" \
		"$NODE_DIR" "$RUN_DIR"
	component_wait node "$PATIENCE_S" test -e "$RUN_DIR/node.ready"
	readlink "/proc/$(process_pid node)/ns/mnt" >"$RUN_DIR/node.mnt"
	process_boot_id >>"$RUN_DIR/node.mnt"
}

containerd_start() {
	render "$CLUSTER_SOURCE_DIR/config/cni.conflist.in" "$NODE_CONFIG_DIR/cni/10-sparkgate.conflist"
	render "$CLUSTER_SOURCE_DIR/config/containerd.toml.in" "$NODE_CONFIG_DIR/containerd.toml"
	PROCESS_SALT=$(cat "$NODE_CONFIG_DIR/containerd.toml" "$NODE_CONFIG_DIR/cni"/*) \
		process_start containerd nsenter --mount --root --target "$(process_pid node)" --wd=/ -- \
		env "PATH=$BIN_DIR:$PATH" "$BIN_DIR/containerd" --config "$NODE_CONFIG_DIR/containerd.toml" --log-level warn
}

ctr() { "$BIN_DIR/ctr" --address "$CONTAINERD_SOCKET" --namespace k8s.io "$@"; }

kubelet_start() {
	render "$CLUSTER_SOURCE_DIR/config/kubelet.yaml.in" "$NODE_CONFIG_DIR/kubelet.yaml"
	PROCESS_SALT=$(cat "$NODE_CONFIG_DIR/kubelet.yaml") \
		process_start kubelet nsenter --mount --root --target "$(process_pid node)" --wd=/ -- \
		"$BIN_DIR/kubelet" --config "$NODE_CONFIG_DIR/kubelet.yaml" --kubeconfig "$PKI_DIR/kubelet.kubeconfig" \
		--root-dir "$NODE_DIR/kubelet" --cert-dir "$PKI_DIR" --hostname-override "$NODE_NAME" --node-ip "$NODE_IP"
}

# A node stays Ready in the API for a while after its kubelet has ended, so that is asked as well.
node_ready() {
	curl -fsS --max-time 2 -o /dev/null "http://127.0.0.1:$KUBELET_HEALTH_PORT/healthz" || return 1
	[[ $(kubectl get node "$NODE_NAME" --request-timeout=3s \
		-o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == True ]]
}

# image_import NAME: only what containerd does not have yet.
image_import() {
	local dir=$IMAGES_DIR/$1 stamp=$NODE_DIR/image.${1//\//-} layers
	[[ $(cat "$stamp" 2>/dev/null) != "$(image_id "$dir")" ]] || return 0
	mapfile -t layers < <(jq -r '.[0].Layers[]' "$dir/manifest.json")
	tar -C "$dir" -cf - manifest.json config.json "${layers[@]}" | ctr images import - || return 1
	image_id "$dir" >"$stamp"
}

images_import() { image_import pause && image_import spark; }

node_up() {
	node_settings
	((${#CONTAINERD_SOCKET} <= 100)) ||
		die "the state directory's path is too long for a socket: $CONTAINERD_SOCKET" "" "use --dir with a shorter one"
	mkdir -p "$NODE_DIR" "$RUN_DIR"
	cgroup_up || die "the control group $NODE_CGROUP could not be made" "" "is /sys/fs/cgroup writable here?"
	node_namespace_start
	containerd_start
	component_wait containerd "$PATIENCE_S" ctr version
	run_long "importing the images" "$LOG_DIR/image-import.log" images_import ||
		die "the images could not be imported" "$LOG_DIR/image-import.log" "cluster destroy, then up again"
	kubelet_start
	component_wait kubelet "$PATIENCE_S" node_ready
}

# Ends every program that is in the node's mount namespace or in its control group, by process id.
node_kill_leftovers() {
	local mnt boot pid
	cgroup_pids | xargs -r kill -9 2>/dev/null || true
	{ read -r mnt && read -r boot; } 2>/dev/null <"$RUN_DIR/node.mnt" || return 0
	# Namespace numbers mean nothing after a reboot.
	[[ $boot == "$(process_boot_id)" ]] || return 0
	for pid in /proc/[0-9]*; do
		[[ $(readlink "$pid/ns/mnt" 2>/dev/null) != "$mnt" ]] || kill -9 "${pid##*/}" 2>/dev/null || true
	done
}

node_has_pods() { [[ -n $(cgroup_pids) ]]; }

node_down() {
	node_settings
	# Ours never came up, and the slot is another cluster's.
	! slot_is_anothers || return 0
	process_stop kubelet
	# While containerd watches, so that it keeps how each container ended: the next up reports it.
	cgroup_pids | xargs -r kill -TERM 2>/dev/null || true
	wait_until 5 "pods to end" not node_has_pods || cgroup_pids | xargs -r kill -9 2>/dev/null || true
	wait_until 10 "pods to be gone" not node_has_pods || true
	process_stop containerd
	node_kill_leftovers
	process_stop node KILL
	rm -f "$RUN_DIR/node.mnt" "$RUN_DIR/node.ready"
	rm -rf "$RUN_DIR/containerd" "$RUN_DIR/run-containerd"
	cgroup_down
	network_down
	mount_points_remove
}

# Mount points that node-namespace made; one that holds something is not ours. The kernel detaches what is mounted on
# a removed directory in every other namespace too, so they stay while another slot is in use.
mount_points_remove() {
	! compgen -G '/sys/class/net/sgnode*' >/dev/null || return 0
	rmdir /var/lib/kubelet /var/lib/cni /var/log/containers /run/containerd 2>/dev/null || true
}

not() { ! "$@"; }

# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# Commands that show a lab or reach its hosts.

help_list() { echo "Usage: lab list
Prints every lab in KVM_CLONE_LAB_DIR with its hosts and what runs on them."; }

cmd_list() {
    local folder number daemon states
    need_root
    printf '%-16s %-8s %-15s %-8s %-6s %s\n' LAB HOST ADDRESS PID SSHD LIBVIRTD
    for folder in "$base"/*/; do
        [[ -f $folder/settings ]] || continue
        lab_name=$(basename "$folder")
        load_lab
        for ((number = 1; number <= count; number++)); do
            select_host "$number"
            states=()
            for daemon in sshd libvirtd; do
                if daemon_runs "$daemon"; then states+=(up); else states+=(down); fi
            done
            printf '%-16s %-8s %-15s %-8s %-6s %s\n' "$lab_name" "$host" "$address" \
                "$(live_pid "$directory/pid" || echo ended)" "${states[@]}"
        done
    done
}

help_topology() { echo "Usage: lab topology [--name NAME]
Prints a kvm-clone topology file for the lab. With 'up --rate' it holds the links' rates in bytes per second."; }

cmd_topology() {
    local number limits=''
    load_lab
    ((rate_bytes == 0)) || limits="uplink: $rate_bytes, downlink: $rate_bytes, "
    cat <<YAML
apiVersion: kvm-clone/v1
name: $lab_name
defaults:
  ssh_user: root
  ssh_key: "$lab/id"
  known_hosts: "$lab/known_hosts"
  uri: "qemu:///system"
  pool: default
hosts:
YAML
    for ((number = 1; number <= count; number++)); do
        select_host "$number"
        printf '  %s: { address: %s, transfer_address: %s, %spools: { default: /var/lib/libvirt/images } }\n' \
            "$host" "$address" "$address" "$limits"
    done
}

help_env() { echo "Usage: lab env [--name NAME]
Prints the lab's key, known_hosts file, hosts and addresses as assignments for a shell."; }

cmd_env() {
    local number addresses=()
    load_lab
    for ((number = 1; number <= count; number++)); do addresses+=("$subnet.$number"); done
    printf '%s=%q\n' KVM_CLONE_LAB "$lab_name" KVM_CLONE_LAB_DIR "$base" KVM_CLONE_LAB_STATE "$lab" \
        KVM_CLONE_LAB_KEY "$lab/id" KVM_CLONE_LAB_KNOWN_HOSTS "$lab/known_hosts" \
        KVM_CLONE_LAB_HOSTS "$(host_names)" KVM_CLONE_LAB_ADDRESSES "${addresses[*]}"
}

help_ssh() { echo "Usage: lab [--name NAME] ssh HOST [COMMAND...]
Logs in to a host over SSH as root, or runs a command there. As with ssh, the host's shell splits the command."; }

cmd_ssh() {
    load_lab
    select_host "${1-}"
    shift
    # No configuration of the user's: it must not change whom and how this asks.
    exec ssh -F none -i "$lab/id" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \
        -o UserKnownHostsFile="$lab/known_hosts" -o GlobalKnownHostsFile=none -o LogLevel=ERROR "root@$address" "$@"
}

help_exec() { echo "Usage: lab [--name NAME] exec HOST COMMAND...
Runs a command as root in a host's namespaces, without SSH and without a shell. Without a command: a shell."; }

cmd_exec() {
    load_lab
    select_host "${1-}"
    shift
    (($#)) || set -- bash
    in_host "$@"
}

help_virsh() { echo "Usage: lab [--name NAME] virsh HOST ARGUMENTS...
Runs virsh against a host's libvirtd. Files named to virsh itself (define FILE) are those of this machine,
paths that libvirt gets (a disk's source) are those of the host."; }

cmd_virsh() {
    load_lab
    select_host "${1-}"
    shift
    host_virsh "$@"
}

help_trust() { echo "Usage: lab trust HOST PEER [--name NAME]
Gives root of HOST the lab's key, so that it can log in to PEER (and to any host of the lab) over SSH."; }

cmd_trust() {
    local peer
    load_lab
    (($# == 2)) || usage_error "trust takes a host and its peer"
    select_host "$2"
    peer=$host
    select_host "$1"
    install -m 0600 "$lab/id" "$directory/root/.ssh/id_$(ssh-keygen -l -f "$lab/id.pub" | sed 's/.*(\(.*\))/\L\1/')"
    grep -E "^[^ ]*\b$peer " "$lab/known_hosts" >>"$directory/root/.ssh/known_hosts"
}

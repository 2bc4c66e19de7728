# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# Faults on demand.

readonly data_ports=49152-49215 fault_table=kvm_clone_lab

help_kill() { echo "Usage: lab kill HOST libvirtd|sshd
Kills a daemon of the host at once (SIGKILL). 'sshd' ends the listener and every session."; }

cmd_kill() {
    load_lab
    (($# == 2)) || usage_error "kill takes a host and libvirtd or sshd"
    select_host "$1"
    [[ $2 == libvirtd || $2 == sshd ]] || usage_error "'$2' is no daemon of a host: libvirtd or sshd"
    daemon_runs "$2" || die "$2 of $host does not run"
    # The host has its own PID namespace: every process in it with that name is the host's.
    # shellcheck disable=SC2016  # expanded in the host
    in_host bash -c '
        for comm in /proc/[0-9]*/comm; do
            name=$(cat "$comm" 2>/dev/null) || continue
            pid=${comm#/proc/}
            # Newer sshd has sshd-session and sshd-auth beside it.
            [[ $name != "$1" && $name != "$1"-* ]] || kill -KILL "${pid%/comm}" 2>/dev/null || true
        done
        rm -f "/run/$1.pid"' bash "$2"
}

help_start() { echo "Usage: lab start HOST libvirtd|sshd
Starts a daemon of the host and waits until it answers."; }

cmd_start() {
    load_lab
    (($# == 2)) || usage_error "start takes a host and libvirtd or sshd"
    select_host "$1"
    ! daemon_runs "$2" || die "$2 of $host runs already"
    start_daemon "$2"
}

help_isolate() { echo "Usage: lab isolate HOST PEER [--reject]
Drops TCP between two hosts to the ports $data_ports, so that data can only pass over SSH by way of the
coordinator. With --reject a connection is refused at once rather than left without an answer."; }

cmd_isolate() {
    local verdict=drop pair=() first second
    load_lab
    while (($#)); do
        case $1 in
            --reject) verdict='reject with tcp reset' ;;
            -*) usage_error "isolate has no option '$1'" ;;
            *) pair+=("$1") ;;
        esac
        shift
    done
    ((${#pair[@]} == 2)) || usage_error "isolate takes two hosts"
    select_host "${pair[0]}"
    first=$address
    select_host "${pair[1]}"
    second=$address
    [[ $first != "$second" ]] || usage_error "isolate takes two different hosts"
    drop_data_from "$first"
    select_host "${pair[0]}"
    drop_data_from "$second"
}

# On arrival only: a rule for what leaves would tell the sender, which no real firewall between hosts does.
drop_data_from() {
    in_host nft -f - <<NFT
add table inet $fault_table
add chain inet $fault_table input { type filter hook input priority 0; }
add rule inet $fault_table input ip saddr $1 tcp dport $data_ports $verdict
NFT
}

help_unplug() { echo "Usage: lab unplug HOST
Takes the host's network link down: nothing answers there any more, as after a power cut."; }

cmd_unplug() {
    load_lab
    (($# == 1)) || usage_error "unplug takes a host"
    select_host "$1"
    ip link set "$bridge.$index" down
}

help_heal() { echo "Usage: lab heal
Undoes isolate and unplug on all hosts."; }

cmd_heal() {
    local number
    load_lab
    for ((number = 1; number <= count; number++)); do
        select_host "$number"
        ip link set "$bridge.$index" up
        in_host nft -f - <<NFT
add table inet $fault_table
delete table inet $fault_table
NFT
    done
}

help_tmpfs() { echo "Usage: lab tmpfs HOST PATH SIZE
Mounts a tmpfs of SIZE (as mount takes it: 64m) at PATH in the host, with the mode and owner of the folder that
it covers. Undo it with: lab exec HOST umount PATH"; }

cmd_tmpfs() {
    load_lab
    (($# == 3)) || usage_error "tmpfs takes a host, a path and a size"
    select_host "$1"
    [[ $2 == /* ]] || usage_error "'$2' is no absolute path"
    [[ $3 =~ ^[0-9]+[kmgKMG]?$ ]] || usage_error "'$3' is no size; write it as 64m"
    in_host mkdir -p -- "$2"
    in_host mount -t tmpfs -o "size=$3,$(in_host stat -c 'mode=%a,uid=%u,gid=%g' -- "$2")" tmpfs "$2"
}

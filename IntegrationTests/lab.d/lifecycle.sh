# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# up and down.

readonly up_lock=/run/lock/kvm-clone-lab.lock

help_up() {
    cat <<'HELP'
Usage: lab up N [OPTIONS]
Starts a lab of N hosts (1 to 100), kvm1 to kvmN, on a free subnet 10.77.X.0/24.
  --name NAME        name of the lab
  --rate RATE        limit each host's uplink and downlink, as tc writes it (400mbit)
  --host-key TYPE    type of the hosts' SSH keys: ed25519 (default), ecdsa, rsa
  --user-key TYPE    type of the key that logs in to them: ed25519 (default), ecdsa, rsa
  --qemu-user USER   run QEMU as USER (default: as Debian does, libvirt-qemu)
If it fails, what it began is taken down again.
HELP
}

cmd_up() {
    local value rate='' rate_bytes=0 host_key=ed25519 user_key=ed25519 qemu_user='' count=''
    while (($#)); do
        case $1 in
            --rate) option_value "$@"; rate=$value; shift 2 ;;
            --host-key) option_value "$@"; host_key=$value; shift 2 ;;
            --user-key) option_value "$@"; user_key=$value; shift 2 ;;
            --qemu-user) option_value "$@"; qemu_user=$value; shift 2 ;;
            -*) usage_error "up has no option '$1'; see 'lab up --help'" ;;
            *) [[ -z $count ]] || usage_error "up takes one number of hosts"; count=$1; shift ;;
        esac
    done
    [[ $count =~ ^[1-9][0-9]?$|^100$ ]] || usage_error "up needs a number of hosts from 1 to 100"
    [[ $host_key =~ ^(ed25519|ecdsa|rsa)$ && $user_key =~ ^(ed25519|ecdsa|rsa)$ ]] \
        || usage_error "a key's type is ed25519, ecdsa or rsa"
    [[ -z $qemu_user ]] || getent passwd "$qemu_user" >/dev/null || usage_error "there is no user '$qemu_user'"
    [[ -z $rate ]] || rate_bytes=$(bytes_per_second "$rate")
    need_root
    cmd_check >/dev/null || die "this machine can't run a lab, see above"

    lab=$(state)
    umask 022
    mkdir -p "$base"
    # Labs that start at once agree on names and subnets under this lock, whatever folder each is in.
    mkdir -p "${up_lock%/*}"
    exec 9>"$up_lock"
    flock --timeout 120 9 || die "another 'lab up' holds $up_lock"
    [[ ! -e $lab ]] || die "lab '$lab_name' is there already ($lab); end it with: lab down --name $lab_name"
    trap undo_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    reserve_lab
    exec 9>&-

    make_hosts
    trap - EXIT INT TERM
    say "'$lab_name' is up: $(host_names) at $subnet.1 ... $subnet.$count"
}

undo_up() {
    local status=$?
    trap - EXIT INT TERM
    say "'$lab_name' did not come up; taking it down"
    exec 9>&-
    remove_lab || true
    exit "$status"
}

# Takes a name, a subnet and a bridge: what other labs must see before the lock is let go.
reserve_lab() {
    local subnet_found
    mkdir -m 0700 "$lab"
    subnet_found=$(free_subnet)
    subnet=$subnet_found bridge=kvmlab${subnet_found##*.}
    declare -p count subnet bridge rate rate_bytes host_key qemu_user | sed 's/^declare -[^ ]* //' >"$lab/settings"
    make_bridge
}

make_hosts() {
    local number
    ssh-keygen -q -t "$user_key" -N '' -C "kvm-clone lab $lab_name" -f "$lab/id"
    : >"$lab/known_hosts"
    {
        echo '127.0.0.1 localhost'
        for ((number = 1; number <= count; number++)); do echo "$subnet.$number kvm$number"; done
    } >"$lab/hosts"
    for ((number = 1; number <= count; number++)); do
        select_host "$number"
        mkdir "$directory"
        make_host_files
        start_host
        start_daemon sshd
        launch_libvirtd
    done
    for ((number = 1; number <= count; number++)); do
        select_host "$number"
        await_libvirtd
        define_pool_and_network
    done
    verify_links
}

host_names() {
    local number
    for ((number = 1; number <= count; number++)); do printf 'kvm%d ' "$number"; done | sed 's/ $//'
}

help_down() {
    cat <<'HELP'
Usage: lab down [--name NAME] [--all]
Ends a lab: every process of its hosts, its links and its folder. Does nothing if there is no such lab.
  --all   end all labs in KVM_CLONE_LAB_DIR and remove the guest image that they share
HELP
}

cmd_down() {
    local name
    need_root
    case ${1-} in
        '') remove_lab ;;
        --all)
            for name in "$base"/*/; do
                [[ -d $name ]] || continue
                lab_name=$(basename "$name")
                remove_lab
            done
            rm -rf -- "$base/.images"
            rmdir --ignore-fail-on-non-empty "$base" 2>/dev/null || true
            ;;
        *) usage_error "down has no argument '$1'; see 'lab down --help'" ;;
    esac
}

# Ends the lab by the ids that it recorded. Killing the first process of a PID namespace ends all in it, and
# with the last process go the namespaces, their mounts and their ends of the links.
remove_lab() {
    local folder pid bridge='' subnet='' count='' rate='' rate_bytes='' host_key='' qemu_user=''
    lab=$(state)
    [[ -d $lab ]] || return 0
    for folder in "$lab"/kvm*/; do
        pid=$(live_pid "$folder/pid") || continue
        kill -KILL "$pid" 2>/dev/null || true
    done
    for folder in "$lab"/kvm*/; do
        until_true 20 process_ended "$folder/pid" || die "process $(<"$folder/pid") of ${folder%/} does not end"
    done
    if [[ -f $lab/settings ]]; then
        # shellcheck source=/dev/null
        source "$lab/settings"
        remove_links
    fi
    rm -rf --one-file-system -- "$lab"
}

process_ended() { ! live_pid "$1" >/dev/null; }

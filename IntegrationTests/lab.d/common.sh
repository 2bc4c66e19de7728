# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# What every command shares: messages, the lab's name and folder, options.

lab_name=${KVM_CLONE_LAB:-lab}
base=${KVM_CLONE_LAB_DIR:-/var/tmp/kvm-clone-lab}
taken=0

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

usage_error() {
    say "$*"
    exit 64
}

# Reads `--name NAME` or `--name=NAME` at the front of its arguments; `taken` says how many words that was.
take_name() {
    if [[ $1 == --name ]]; then
        [[ ${2-} ]] || usage_error "--name needs a value"
        lab_name=$2 taken=2
    else
        lab_name=${1#--name=} taken=1
    fi
}

# Sets `value` to the value of the option $1, which is followed by the words after it.
option_value() {
    (($# > 1)) || usage_error "$1 needs a value"
    value=$2
}

need_root() { ((EUID == 0)) || die "a lab needs root; try: sudo $0 ..."; }

state() {
    [[ $lab_name =~ ^[a-z0-9][a-z0-9-]{0,30}$ ]] \
        || usage_error "'$lab_name' is no name for a lab: lower-case letters, digits and '-', at most 31"
    printf '%s/%s\n' "$base" "$lab_name"
}

# Loads a running lab: its settings (subnet, count, rate, ...) and its folder in `lab`.
load_lab() {
    need_root
    lab=$(state)
    [[ -f $lab/settings ]] || die "there is no lab '$lab_name' in $base; start one with: lab up N --name $lab_name"
    # shellcheck source=/dev/null
    source "$lab/settings"
}

# Sets `index`, `host`, `directory` and `address` for a host given as kvm3 or 3.
select_host() {
    [[ ${1-} =~ ^(kvm)?([1-9][0-9]{0,2})$ ]] || usage_error "'${1-}' is no host: kvm1 ... kvm$count"
    index=${BASH_REMATCH[2]}
    ((index <= count)) || usage_error "lab '$lab_name' has hosts kvm1 ... kvm$count, not kvm$index"
    host=kvm$index directory=$lab/$host address=$subnet.$index
}

# The start time of a process in clock ticks since boot; with the id it names one process for good.
start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The second field is a name in brackets, which may hold spaces; the start time is the 20th after it.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    printf '%s\n' "${20}"
}

# Prints the id of the process that FILE records (id and start time) if it still lives.
live_pid() {
    local pid started
    [[ -f $1 ]] || return 1
    read -r pid started <"$1" || return 1
    [[ $(start_time "$pid") == "$started" ]] || return 1
    printf '%s\n' "$pid"
}

# until_true SECONDS COMMAND...: runs COMMAND every 0.1 s until it succeeds.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

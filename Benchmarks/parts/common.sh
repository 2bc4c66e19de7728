# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# What every part shares: settings, messages, measured values.

runs=${RUNS:-7}
broadcast_runs=${BROADCAST_RUNS:-3}
bin=$(realpath -m "${BIN:-$repository/.build/release}")
work=${WORK:-/var/tmp/kvm-clone-bench}
doc=${DOC:-$repository/docs/benchmarks.md}
results=$work/results.tsv
kvm_clone=$bin/kvm-clone
images=/var/lib/libvirt/images

say() { printf 'bench: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

check_machine() {
    local tool
    ((EUID == 0)) || die "the benchmarks need root"
    [[ $runs =~ ^[1-9][0-9]?$ ]] || die "RUNS is 1 to 99, not '$runs'"
    [[ $broadcast_runs =~ ^[1-9][0-9]?$ ]] || die "BROADCAST_RUNS is 1 to 99, not '$broadcast_runs'"
    for tool in "$kvm_clone" "$bin/kvm-clone-agent"; do
        [[ -x $tool ]] || die "$tool is missing; build it with: make build"
    done
    for tool in scp rsync tar zstd nbdkit nbdcopy qemu-img virsh strip; do
        command -v "$tool" >/dev/null \
            || die "$tool is missing; apt-get install openssh-client rsync zstd nbdkit libnbd-bin qemu-utils libvirt-clients binutils"
    done
}

# Keeps one measured value.
note() { printf '%s\t%s\n' "$1" "$2" >>"$results"; }

# The values that were noted under a name: `median NAME`, `lowest NAME`, `highest NAME`; `-` if there are none.
median() { quantile "$1" 0.5; }
lowest() { quantile "$1" 0; }
highest() { quantile "$1" 1; }
quantile() {
    awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$results" | sort -n | awk -v q="$2" '
        { value[NR] = $1 }
        END {
            if (NR == 0) { print "-"; exit }
            at = 1 + q * (NR - 1); low = int(at); high = low < at ? low + 1 : low
            print value[low] + (at - low) * (value[high] - value[low])
        }'
}

# The value that was noted last under a name.
last() { awk -F '\t' -v name="$1" '$1 == name { value = $2 } END { print value }' "$results"; }

# Runs a command, its output to the log, and notes the seconds that it took.
timed() {
    local name=$1 start end
    shift
    start=$EPOCHREALTIME
    "$@" >>"$work/log" 2>&1 || die "$name failed: $(tail -n 3 "$work/log")"
    end=$EPOCHREALTIME
    note "$name" "$(seconds "$start" "$end")"
}

seconds() {
    local micros=$((${2/./} - ${1/./}))
    printf '%d.%06d\n' $((micros / 1000000)) $((micros % 1000000))
}

# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# The highest resident memory of agents with sixteen targets: at the source that feeds them all, and at a host that passes
# on to fifteen others.

readonly children_mib=256

part_children() {
    local lab_name=bench-many shape
    local -A pid_of=() address_of=()
    say "starting the lab of seventeen hosts"
    bring_up 17
    lab topology >"$work/children.yaml"
    head -c "${children_mib}M" /dev/urandom >"$(images_of kvm1)/many.raw"
    define_vm kvm1 many raw
    watched_replica star kvm1 --fanout star
    # A source that sends one copy only: kvm2 is the one that has enough for all others.
    sed -E -e '/^  kvm1: /s/\{/{ uplink: 20M,/' -e '/^  kvm2: /s/\{/{ uplink: 1G, downlink: 1G,/' \
        -e '/^  kvm([3-9]|1[0-7]): /s/\{/{ uplink: 1K,/' "$work/children.yaml" >"$work/relay.yaml"
    cp "$work/relay.yaml" "$work/children.yaml"
    watched_replica relay kvm2 --fanout tree
    lab down >>"$work/log" 2>&1 || die "the lab does not end: $(tail -n 2 "$work/log")"
}

# Replicates to sixteen hosts and notes VmHWM of the agent of HOST in MiB: `watched_replica NAME HOST [OPTION...]`
watched_replica() {
    local name=$1 host=$2 coordinator pid
    local -A peak=()
    shift 2
    "$kvm_clone" --quiet -t "$work/children.yaml" replicate kvm1 'kvm[2:17]' many "$@" >>"$work/log" 2>&1 &
    coordinator=$!
    while kill -0 "$coordinator" 2>/dev/null; do
        for pid in $(agents_of "$host"); do keep_peak "$host" "$pid"; done
        sleep 0.2
    done
    wait "$coordinator" || die "the replication to sixteen hosts failed: $(tail -n 3 "$work/log")"
    note "children/$name" "${peak[$host]}"
    for pid in $(seq 2 17); do remove_copy "kvm$pid" many; done
}

table_children() {
    cat <<HEAD
### Memory with sixteen targets

$children_mib MiB of random data; the highest resident memory of one agent.

| | measured | wanted | |
|---|--:|---|---|
| the source, which sends to all sixteen (\`--fanout star\`) | $(round "$(median children/star)" 1) MiB | under 128 MiB | $(verdict "$(median children/star)" 128 at-most) |
| a target that passes on to the fifteen others | $(round "$(median children/relay)" 1) MiB | under 128 MiB | $(verdict "$(median children/relay)" 128 at-most) |

HEAD
}

# shellcheck shell=bash disable=SC2154  # the parts share variables
# The same disk to the same hosts by other means; every copy is durable at the end.

# One rsync per target, all at once.
cast_rsync() {
    local name=rsync-$1 hosts
    hosts=$(cast_targets "$1")
    settle_cast
    timed_on_source "$name/whole" "
        for host in ${hosts//$'\n'/ }; do
            { rsync $images/cast.raw \$host:$images/ && ssh \$host sync $images/cast.raw $images; } &
            pids=\"\${pids-} \$!\"
        done
        for pid in \$pids; do wait \$pid; done"
    say "$name: $(last "$name/whole") s"
    compare_cast "$name" "$1"
    remove_casts
}

# From the sender's start, when all receivers wait for it, until the last one has synced.
cast_udp() {
    local host pid start pids=()
    command -v udp-sender >/dev/null || return 0
    settle_cast
    for host in $(cast_targets 8); do
        set_broadcast_address "$host"
        # shellcheck disable=SC2016  # expanded on the host
        on "$host" timeout 300 sh -c 'udp-receiver --nokbd --interface eth0 --file "$1/cast.raw" && sync "$1/cast.raw" "$1"' \
            sh "$images" </dev/null >>"$work/log" 2>&1 &
        pids+=($!)
    done
    set_broadcast_address kvm1
    sleep 2
    start=$EPOCHREALTIME
    on kvm1 timeout 300 udp-sender --nokbd --interface eth0 --min-receivers 8 --file "$images/cast.raw" \
        </dev/null >>"$work/log" 2>&1 || die "udp-sender failed: $(tail -n 3 "$work/log")"
    for pid in "${pids[@]}"; do wait "$pid" || die "udp-receiver failed: $(tail -n 3 "$work/log")"; done
    note udp-8/whole "$(seconds "$start" "$EPOCHREALTIME")"
    say "udp-8: $(last udp-8/whole) s"
    compare_cast udp-8 8
    remove_casts
}

# Receivers find their sender by the broadcast address, which the lab's hosts have not.
set_broadcast_address() {
    on "$1" sh -c "ip addr show eth0 | grep -q ' brd ${address_of[$1]%.*}.255' \
        || { ip addr del ${address_of[$1]}/24 dev eth0 && ip addr add ${address_of[$1]}/24 brd + dev eth0; }"
}

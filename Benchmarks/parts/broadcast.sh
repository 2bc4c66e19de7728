# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# One disk to up to eight hosts, every link limited to 100 Mbit/s, beside rsync and udpcast. Measured values are
# NAME/transfer, from the first frame to the last durable acknowledgement, and NAME/whole, of the command.

readonly cast_counts=(1 2 4 8) cast_rate=100 cast_mib=256 cast_relay=kvm5

part_broadcast() {
    # What works on a lab's hosts works on this one here.
    local lab_name=bench-cast run count
    local -A pid_of=() address_of=()
    say "starting the lab of nine hosts"
    bring_up 9 --rate "${cast_rate}mbit"
    lab topology >"$work/cast.yaml"
    prepare_cast
    for ((run = 0; run < broadcast_runs; run++)); do
        for count in "${cast_counts[@]}"; do cast "cast-$count" "$count" 0; done
        cast cast-chain 8 0 --fanout chain
        cast_udp
        cast_with_dead_relay
    done
    cast cast-star 8 0 --fanout star
    cast_rsync 1
    cast_rsync 8
    part_sites
    lab down >>"$work/log" 2>&1 || die "the lab does not end: $(tail -n 2 "$work/log")"
}

# Puts the source on kvm1, lets it log in to the others, and installs the agents with a first copy.
prepare_cast() {
    local file host
    file=$(images_of kvm1)/cast.raw
    head -c "${cast_mib}M" /dev/urandom >"$file"
    define_vm kvm1 cast raw
    for host in $(cast_targets 8); do lab trust kvm1 "$host"; done
    truncate -s 1M "$(images_of kvm1)/first.raw"
    define_vm kvm1 first raw
    "$kvm_clone" --quiet -t "$work/cast.yaml" replicate kvm1 'kvm[2:9]' first >>"$work/log" 2>&1 \
        || die "the first copy failed: $(tail -n 3 "$work/log")"
    for host in kvm1 $(cast_targets 8); do remove_copy "$host" first; done
}

cast_targets() { printf 'kvm%d\n' $(seq 2 $(($1 + 1))); }

# Begins each run with the source in the page cache and nothing of earlier runs on its way to the disk.
settle_cast() {
    cat -- "$(images_of kvm1)/cast.raw" >/dev/null
    sync -f "$work"
}

# Replicates to COUNT targets: `cast NAME COUNT STATUS [OPTION...]`
cast() {
    local name=$1 count=$2
    settle_cast
    replicate_cast "$@"
    note_cast "$name"
    compare_cast "$name" "$count"
    remove_casts
}

# The command alone, with the status that it must end with; notes its time.
replicate_cast() {
    local name=$1 count=$2 wanted=$3 start end status=0
    shift 3
    rm -f "$work/events"
    start=$EPOCHREALTIME
    "$kvm_clone" --progress none --log-level DEBUG --log-format json --events-file "$work/events" \
        -t "${cast_topology:-$work/cast.yaml}" replicate kvm1 "kvm[2:$((count + 1))]" cast "$@" \
        >"$work/cast.log" 2>&1 || status=$?
    end=$EPOCHREALTIME
    cat -- "$work/cast.log" >>"$work/log"
    ((status == wanted)) || die "$name ended with status $status, not $wanted: $(tail -n 3 "$work/log")"
    note "$name/whole" "$(seconds "$start" "$end")"
}

# Notes the time from the first phase `copying` to the last phase `verifying`, which begins when a copy is durable.
note_cast() {
    local value
    value=$(phase_times copying verifying | awk '
        $1 == "copying" && !(started) { first = $2; started = 1 }
        $1 == "verifying" { last = $2; ended = 1 }
        END { if (started && ended) printf "%.3f\n", last - first + (last < first ? 86400 : 0) }')
    [[ $value ]] || die "$1: the events do not say when it began and ended"
    note "$1/transfer" "$value"
    say "$1: $value s, whole command $(last "$1/whole") s"
}

# Lines of a phase, its second of the day and its host, for the phases that are given, in the order of events.
phase_times() {
    local phase
    for phase; do echo "$phase"; done | awk -F '"' '
        NR == FNR { wanted[$1] = 1; next }
        /^\{"type":"phase"/ {
            for (field = 2; field < NF; field += 2) if ($(field + 1) == ":") value[$field] = $(field + 2)
            if (!(value["phase"] in wanted)) next
            split(substr(value["timestamp"], 12, 12), at, ":")
            printf "%s %.3f %s\n", value["phase"], at[1] * 3600 + at[2] * 60 + at[3], value["host"]
        }' - "$work/events"
}

# In the first round each copy must be one: `compare_cast NAME COUNT [HOST-THAT-HAS-NONE]`
compare_cast() {
    local host copies
    (($(values_of "$1/whole") == 1)) || return 0
    for host in $(cast_targets "$2"); do
        [[ $host != "${3-}" ]] || continue
        copies=("$(images_of "$host")"/cast*)
        ((${#copies[@]} == 1)) || die "$1 left ${#copies[@]} files on $host"
        cmp --silent "${copies[0]}" "$(images_of kvm1)/cast.raw" || die "$1: the copy on $host differs from its source"
    done
}

values_of() { awk -F '\t' -v name="$1" '$1 == name { count++ } END { print count + 0 }' "$results"; }

# Removes every copy and whatever a killed agent has left behind.
remove_casts() {
    local host folder
    for host in $(cast_targets 8); do
        lab virsh "$host" undefine cast >>"$work/log" 2>&1 || true
        folder=$(images_of "$host")
        find "${folder:?}" -mindepth 1 -delete
    done
    sync -f "$work"
}

# A chain whose middle is killed when half of the usual time is over. Who had its data from there must get all of it.
cast_with_dead_relay() {
    local survivors killer half
    half=$(awk -v t="$(median cast-chain/transfer)" 'BEGIN { printf "%.2f\n", t / 2 }')
    settle_cast
    rm -f "$work/events"
    kill_relay_after "$half" &
    killer=$!
    replicate_cast cast-killed 8 3 --fanout chain
    wait "$killer" || die "no agent was there to be killed on $cast_relay"
    survivors=$(phase_times "done" | sort -u -k 3 | wc -l)
    ((survivors == 7)) || die "$survivors targets of 7 outlived the relay: $(tail -n 3 "$work/log")"
    note_cast cast-killed
    note cast-killed/idle "$(longest_idle "$cast_relay")"
    note cast-killed/read "$(source_reads)"
    compare_cast cast-killed 8 "$cast_relay"
    # What the relay has got is kept for another run, which there is not.
    "$kvm_clone" --quiet -t "$work/cast.yaml" op cleanup "$("$kvm_clone" op list -o name | head -n 1)" >>"$work/log" 2>&1 \
        || die "what the dead relay has left is not to be cleaned up: $(tail -n 3 "$work/log")"
    remove_casts
}

# The longest time, in seconds, in which a host other than HOST that was copying got nothing.
longest_idle() {
    jq -rn --arg victim "$1" '
        def seconds: .[11:23] | split(":") | (.[0] | tonumber) * 3600 + (.[1] | tonumber) * 60 + (.[2] | tonumber);
        reduce (inputs | select(.type == "progress")) as $event ({};
            ($event.timestamp | seconds) as $now
            | reduce ($event.targets[] | select(.host != $victim and .phase == "copying")) as $target (.;
                .[$target.host] as $last
                | if $last == null or $target.wireBytes > $last.bytes
                    then .[$target.host] = {bytes: $target.wireBytes, since: $now, longest: ([$last.longest // 0, $now - ($last.since // $now)] | max)}
                    else .[$target.host].longest = ([$last.longest, $now - $last.since] | max) end))
        | map(.longest) | max' "$work/events"
}

# Bytes of data that the last command read at the source, repairs included, in copies of the disk.
source_reads() {
    grep '^{' "$work/cast.log" | jq -rn --argjson disk $((cast_mib * 1048576)) '
        [inputs | select(.message == "read" and .host == "kvm1") | .data_bytes | tonumber] | add / $disk'
}

# Kills the agent so many seconds after the first host has begun to copy.
kill_relay_after() {
    local end=$((SECONDS + 60))
    until grep -qs '^{"type":"phase".*"phase":"copying"' "$work/events"; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
    sleep "$1"
    on "$cast_relay" pkill -KILL -f kvm-clone/agents
}

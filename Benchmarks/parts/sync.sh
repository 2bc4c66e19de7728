# shellcheck shell=bash disable=SC2154  # the parts share variables
# A replica of a VM that is shut off, synced by comparing: nothing changed, and 1 % of its leaves changed; beside rsync.

sync_gib=${SYNC_GIB:-10}

part_sync() {
    local run
    on kvm1 dd if=/dev/urandom of="$images/synced.raw" bs=1M count=$((sync_gib * 1024)) status=none
    define_vm kvm1 synced raw
    "${kvm_clone_with[@]}" sync kvm1 kvm2 synced >>"$work/log" 2>&1 || die "no first sync; see $work/log"
    on kvm1 rsync --inplace --whole-file "$images/synced.raw" "root@${address_of[kvm3]}:$images/rsync.raw" \
        >>"$work/log" 2>&1 || die "no first rsync; see $work/log"
    for ((run = 0; run < runs; run++)); do
        sync_unchanged
        scatter "$run"
        sync_changed
    done
    rm -f "$(images_of kvm3)/rsync.raw"
    rm -f "$(images_of kvm2)"/synced*
    remove_vm synced
}

# All bytes that a host has sent and received but to itself.
traffic_of() { on "$1" sh -c 'cat /sys/class/net/*/statistics/[rt]x_bytes /sys/class/net/lo/statistics/[rt]x_bytes' | awk '
    { all[NR] = $1 } END { for (i = 1; i <= NR - 2; i++) sum += all[i]; printf "%.0f\n", sum - all[NR] - all[NR - 1] }'; }

# Writes to 1 % of the leaves of 64 KiB, anywhere.
scatter() {
    perl -e '
        my ($file, $seed) = @ARGV; srand($seed + 1);
        open(my $disk, "+<", $file) or die "$file: $!";
        my $leaves = (-s $file) / 65536;
        for (1 .. $leaves / 100) {
            seek($disk, 65536 * int(rand($leaves)), 0) or die;
            print $disk pack("N*", map { int(rand(4294967296)) } 1 .. 16384) or die;
        }
        close($disk) or die' "$(images_of kvm1)/synced.raw" "$1"
    sync -f "$(images_of kvm1)"
}

# What a comparison that finds nothing costs on the network, on both hosts together.
sync_unchanged() {
    local before
    before=$(($(traffic_of kvm1) + $(traffic_of kvm2)))
    timed sync-unchanged "${kvm_clone_with[@]}" sync kvm1 kvm2 synced
    note sync-unchanged/traffic $(($(traffic_of kvm1) + $(traffic_of kvm2) - before))
    timed sync-rsync-unchanged on kvm1 rsync --inplace --no-whole-file --ignore-times "$images/synced.raw" \
        "root@${address_of[kvm3]}:$images/rsync.raw"
}

sync_changed() {
    "${kvm_clone_with[@]}" sync kvm1 kvm2 synced -o json >"$work/sync.json" 2>>"$work/log" &
    local start=$EPOCHREALTIME
    wait $! || die "no sync; see $work/log"
    note sync-changed "$(seconds "$start" "$EPOCHREALTIME")"
    note sync-changed/wire "$(jq '[.] | flatten | .[0].bytes_transferred' "$work/sync.json")"
    timed sync-rsync-changed on kvm1 rsync --inplace --no-whole-file "$images/synced.raw" \
        "root@${address_of[kvm3]}:$images/rsync.raw"
    [[ $(on kvm1 sha256sum <"$(images_of kvm1)/synced.raw") == "$(on kvm2 sha256sum <"$(images_of kvm2)/synced-vda.img")" ]] \
        || die "the replica differs"
}

table_sync() {
    local ours theirs ratio share
    ours=$(median sync-changed) theirs=$(median sync-rsync-changed)
    ratio=$(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.2f\n", a / b }')
    share=$(awk -v t="$(median sync-unchanged/traffic)" -v g="$sync_gib" 'BEGIN { printf "%.4f\n", t / g / 10737418.24 }')
    cat <<HEAD
### Syncing by comparing

A replica of $sync_gib GiB of random data. Changed: 1 % of its 64 KiB leaves, anywhere. \`kvm-clone sync\` verifies what it
has written, and merges it; rsync does neither.

| | \`kvm-clone sync\` | \`rsync --inplace --no-whole-file\` |
|---|--:|--:|
| nothing changed | $(round "$(median sync-unchanged)") s | $(round "$(median sync-rsync-unchanged)") s |
| 1 % changed | $(round "$ours") s | $(round "$theirs") s |

rsync takes $ratio x as long (at least 5 x: $(verdict "$ratio" 5 at-least)). With nothing changed both hosts together
sent and received $share % of the disk, SSH and all (under 0.1 %: $(verdict "$share" 0.1 at-most)).

HEAD
}

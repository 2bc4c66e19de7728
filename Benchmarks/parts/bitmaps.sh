# shellcheck shell=bash disable=SC2154  # the parts share variables
# A replica of a running VM after 100 MiB were written, with dirty bitmaps: disks of 10 and 100 GiB with the same data; beside
# rsync, and virtnbdbackup with a copy of what it has made.

bitmap_gib=${BITMAP_GIB:-10}

part_bitmaps() {
    local size run
    command -v virtnbdbackup >/dev/null || die "virtnbdbackup is missing; apt-get install virtnbdbackup"
    on kvm1 dd if=/dev/urandom of="$images/bits.raw" bs=1M count=$((bitmap_gib * 1024)) status=none
    on kvm1 qemu-img convert -f raw -O qcow2 "$images/bits.raw" "$images/bits.qcow2"
    on kvm1 rm "$images/bits.raw"
    for size in "$bitmap_gib" $((bitmap_gib * 10)); do
        on kvm1 qemu-img resize -q -f qcow2 "$images/bits.qcow2" "${size}G"
        define_vm kvm1 bits qcow2
        lab virsh kvm1 start bits --paused >>"$work/log" 2>&1 || die "the guest doesn't start; see $work/log"
        "${kvm_clone_with[@]}" sync kvm1 kvm2 bits --checkpoint --consistency crash >>"$work/log" 2>&1 \
            || die "no first sync; see $work/log"
        [[ $size != "$bitmap_gib" ]] || rsync_bits --whole-file
        for ((run = 0; run < runs; run++)); do
            dirty $((run + 1))
            sync_bits "bitmaps-$size"
            [[ $size != "$bitmap_gib" ]] || timed bitmaps-rsync rsync_bits --no-whole-file
        done
        forget_checkpoints
        [[ $size != "$bitmap_gib" ]] || back_up
        lab virsh kvm1 destroy bits >>"$work/log" 2>&1
        lab virsh kvm1 undefine bits --checkpoints-metadata >>"$work/log" 2>&1
        rm -f "$(images_of kvm2)"/bits* "$(images_of kvm3)"/bits*
    done
    remove_vm bits
}

# Overwrites 100 MiB of the running VM's disk, in pieces of 1 MiB all over the first part that holds data, as its guest would.
dirty() {
    local piece
    for ((piece = 0; piece < 100; piece++)); do
        lab virsh kvm1 qemu-monitor-command bits --hmp \
            "qemu-io -d virtio-disk0/virtio-backend \"write -P $1 $((piece * bitmap_gib * 10 + $1))M 1M\"" >>"$work/log" 2>&1 \
            || die "the disk can't be written; see $work/log"
    done
}

sync_bits() {
    local start=$EPOCHREALTIME
    "${kvm_clone_with[@]}" sync kvm1 kvm2 bits --checkpoint --consistency crash -o json >"$work/bits.json" 2>>"$work/log" \
        || die "no sync; see $work/log"
    note "$1" "$(seconds "$start" "$EPOCHREALTIME")"
    note "$1/wire" "$(jq '[.] | flatten | .[0].bytes_transferred' "$work/bits.json")"
}

rsync_bits() {
    on kvm1 rsync --inplace "$1" --ignore-times "$images/bits.qcow2" "root@${address_of[kvm3]}:$images/bits.qcow2" \
        >>"$work/log" 2>&1 || die "no rsync; see $work/log"
}

# A full backup with virtnbdbackup; then 100 MiB are written, and an incremental one is made and copied.
back_up() {
    local run folder=$images/backup
    on kvm1 virtnbdbackup -U qemu:///system -d bits -l full -o "$folder" >>"$work/log" 2>&1 || die "no backup; see $work/log"
    for ((run = 0; run < runs; run++)); do
        dirty $((run + 20))
        timed bitmaps-virtnbdbackup back_up_more "$folder"
    done
    on kvm1 rm -rf "$folder"
    on kvm3 rm -rf "$folder"
    forget_checkpoints
}

back_up_more() {
    local newest
    on kvm1 virtnbdbackup -U qemu:///system -d bits -l inc -o "$1" || return 1
    newest=$(on kvm1 sh -c "ls -t $1/*.inc.*.data | head -n 1")
    on kvm1 rsync --mkpath "$newest" "root@${address_of[kvm3]}:$1/"
}

forget_checkpoints() {
    local name
    # The children first.
    lab virsh kvm1 checkpoint-list bits --name --topological | tac | while read -r name; do
        [[ ! $name ]] || lab virsh kvm1 checkpoint-delete bits "$name" >>"$work/log" 2>&1
    done
}

table_bitmaps() {
    local small large wire share rsync backup
    small=$(median "bitmaps-$bitmap_gib") large=$(median "bitmaps-$((bitmap_gib * 10))")
    wire=$(awk -v w="$(median "bitmaps-$bitmap_gib/wire")" 'BEGIN { printf "%.3f\n", w / 104857600 }')
    share=$(awk -v a="$large" -v b="$small" 'BEGIN { printf "%.2f\n", a / b }')
    rsync=$(awk -v a="$(median bitmaps-rsync)" -v b="$small" 'BEGIN { printf "%.1f\n", a / b }')
    backup=$(awk -v a="$(median bitmaps-virtnbdbackup)" -v b="$small" 'BEGIN { printf "%.1f\n", a / b }')
    cat <<HEAD
### Syncing a running VM with dirty bitmaps

100 MiB were written in 100 places. $bitmap_gib GiB of random data, in a disk of $bitmap_gib GiB and, sparse, in one of $((bitmap_gib * 10)) GiB;
\`kvm-clone sync --checkpoint\` verifies what it has written, and merges it. rsync copies the image while it is written, which
is worth nothing. virtnbdbackup makes an incremental backup, which rsync copies; it is not applied to anything.

| | seconds | | wanted | |
|---|--:|--:|---|---|
| \`sync --checkpoint\`, $bitmap_gib GiB | $(round "$small") | | | |
| \`sync --checkpoint\`, $((bitmap_gib * 10)) GiB | $(round "$large") | $share x | within 20 % | $(verdict "$share" 1.2 at-most) |
| bytes on the wire ÷ what was written | | $wire x | at most 1.2 x | $(verdict "$wire" 1.2 at-most) |
| \`rsync --inplace --no-whole-file\`, $bitmap_gib GiB | $(round "$(median bitmaps-rsync)") | $rsync x | at least 10 x | $(verdict "$rsync" 10 at-least) |
| \`virtnbdbackup -l inc\` and rsync, $bitmap_gib GiB | $(round "$(median bitmaps-virtnbdbackup)") | $backup x | at least 10 x | $(verdict "$backup" 10 at-least) |

HEAD
}

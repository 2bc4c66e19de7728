# shellcheck shell=bash disable=SC2154  # the parts share variables
# A running guest with a disk of its own moves live, beside virsh; and over a link of 200 Mbit/s.

part_migrate() {
    local run
    lab guest kvm1 moving --size 1G --writes >>"$work/log" 2>&1 || die "no guest; see $work/log"
    lab wait-boot kvm1 moving --timeout 200 >>"$work/log" 2>&1 || die "the guest doesn't boot; see $work/log"
    fill_disk
    for ((run = 0; run < runs; run++)); do
        move_with ours move-ours
        move_with virsh move-virsh
    done
    limit_links 200mbit
    move_with ours move-ours-200
    move_with virsh move-virsh-200
    limit_links ''
    for ((run = 0; run < runs; run++)); do seed_broken; done
    lab virsh kvm1 destroy moving >>"$work/log" 2>&1
    remove_vm moving
}

# Half of the disk's middle is random, half of it compresses, behind the guest's own data.
fill_disk() {
    local disk
    lab shutdown kvm1 moving --timeout 60 >>"$work/log" 2>&1 || die "the guest doesn't shut down"
    disk=$(images_of kvm1)/moving.qcow2
    dd if=/dev/urandom of="$work/random" bs=1M count=192 status=none
    perl -e 'print "the same words over and over again, as logs have them\n" x 3800000' >"$work/words"
    qemu-img convert -f qcow2 -O raw "$disk" "$work/moving.raw"
    dd if="$work/random" of="$work/moving.raw" bs=1M seek=320 conv=notrunc status=none
    dd if="$work/words" of="$work/moving.raw" bs=1M seek=512 conv=notrunc status=none
    qemu-img convert -f raw -O qcow2 "$work/moving.raw" "$disk.new"
    cat "$disk.new" >"$disk"
    rm -f "$disk.new" "$work"/{moving.raw,random,words}
    lab wait-boot kvm1 moving --timeout 200 >>"$work/log" 2>&1 || die "the guest doesn't boot; see $work/log"
}

# Moves the guest to kvm2, notes how long that took and how long the guest saw nothing, and brings it back.
move_with() {
    local way=$1 name=$2 start disk
    forget_disks kvm2
    : >"/proc/${pid_of[kvm2]}/root/var/log/libvirt/qemu/moving-console.log" 2>/dev/null || true
    if [[ $way == virsh ]]; then
        # It has to lie where it lies on the old host.
        disk=$(lab virsh kvm1 domblklist moving | awk '$1 == "vda" { print $2 }')
        disk=$(images_of kvm2)/${disk##*/}
        qemu-img create -q -f qcow2 "$disk" 1G
        chown libvirt-qemu: "$disk" 2>/dev/null || true
    fi
    start=$EPOCHREALTIME
    case $way in
        ours)
            "${kvm_clone_with[@]}" migrate kvm1 kvm2 moving --live -o json >"$work/move.json" 2>>"$work/log" \
                || die "no migration; see $work/log"
            ;;
        virsh)
            on kvm1 virsh migrate --live --copy-storage-all --persistent --undefinesource moving \
                "qemu+ssh://root@${address_of[kvm2]}/system" >>"$work/log" 2>&1 || die "virsh didn't move it; see $work/log"
            ;;
    esac
    note "$name" "$(seconds "$start" "$EPOCHREALTIME")"
    note "$name/downtime" "$(lab virsh kvm2 domjobinfo moving --completed 2>/dev/null | awk '/^Total downtime/ { print $3 }')"
    forget_disks kvm1
    "${kvm_clone_with[@]}" migrate kvm2 kvm1 moving --live >>"$work/log" 2>&1 || die "it doesn't come back; see $work/log"
}

# A seeded move whose coordinator and agents are killed when half of the disk has been copied, and that is gone on with: what
# is sent again, and the longest time in which the guest has written nothing until its overlays move.
seed_broken() {
    local folder coordinator used watcher
    folder=$(images_of kvm2)
    forget_disks kvm2
    used=$(given "$(images_of kvm1)/$(lab virsh kvm1 domblklist moving | awk '$1 == "vda" { sub(".*/", "", $2); print $2 }')")
    "${kvm_clone_with[@]}" migrate kvm1 kvm2 moving --seeded --no-compress --bwlimit 60M >>"$work/log" 2>&1 &
    coordinator=$!
    rm -f "$work/seed.events"
    longest_silence "/proc/${pid_of[kvm1]}/root/var/log/libvirt/qemu/moving-console.log" "$work/seed.events" >"$work/silence" &
    watcher=$!
    until (($(given "$folder"/.kvm-clone-*.partial) >= used / 2)); do
        kill -0 "$coordinator" 2>/dev/null || die "the copy has ended before it was killed; see $work/log"
        sleep 0.05
    done
    kill -KILL "$coordinator"
    for host in kvm1 kvm2; do on "$host" pkill -KILL -f kvm-clone/agents || true; done
    wait "$coordinator" 2>/dev/null || true
    "${kvm_clone_with[@]}" op resume "$("${kvm_clone_with[@]}" op list -o name | head -n 1)" \
        --events-file "$work/seed.events" >>"$work/log" 2>&1 || die "not gone on with; see $work/log"
    wait "$watcher"
    note seed/silence "$(cat "$work/silence")"
    note seed/again "$(jq -rn '
        reduce inputs as $event ({}; if $event.message | contains("moves live") then .moves = true
            elif .moves then . elif $event.type == "progress" then .last = $event.targets[0] else . end)
        | .last | 100 * .wireBytes / ([.disks[].total] | add)' "$work/seed.events")"
    forget_disks kvm1
    "${kvm_clone_with[@]}" migrate kvm2 kvm1 moving --live >>"$work/log" 2>&1 || die "it doesn't come back; see $work/log"
}

# The longest time, in milliseconds, in which a file has not grown until another one tells that the guest moves.
longest_silence() {
    local file=$1 events=$2 size=0 now last longest=0 next
    last=${EPOCHREALTIME/./}
    until grep -qs 'moves live' "$events"; do
        next=$(stat -c %s "$file" 2>/dev/null || echo 0)
        now=${EPOCHREALTIME/./}
        if ((next != size)); then last=$now size=$next; fi
        if ((now - last > longest)); then longest=$((now - last)); fi
        sleep 0.02
    done
    echo $((longest / 1000))
}

# Disks that a guest has left there when it moved away.
forget_disks() {
    local folder
    folder=$(images_of "$1")
    rm -f "${folder:?}"/moving.* "${folder:?}"/moving-*
}

# Limits what each of the two hosts sends, to a rate as tc writes it; nothing: no limit.
limit_links() {
    local host
    for host in kvm1 kvm2; do
        if [[ $1 ]]; then
            on "$host" tc qdisc add dev eth0 root tbf rate "$1" burst 262144 latency 50ms
        else
            on "$host" tc qdisc del dev eth0 root
        fi
    done
}

table_migrate() {
    local ours theirs total down slow
    ours=$(median move-ours) theirs=$(median move-virsh)
    total=$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f\n", a / b }')
    down=$(awk -v a="$(median move-ours/downtime)" -v b="$(median move-virsh/downtime)" 'BEGIN { printf "%.0f\n", a - 1.1 * b }')
    slow=$(awk -v a="$(median move-virsh-200)" -v b="$(median move-ours-200)" 'BEGIN { printf "%.2f\n", a / b }')
    cat <<HEAD
### Moving a running guest

The lab's guest, 128 MiB of memory and a disk of 1 GiB that both hosts don't share, 592 MiB of it in use, a third of that
compressible. It writes five times a second. \`virsh\` runs on the old host:
\`virsh migrate --live --copy-storage-all --persistent --undefinesource moving qemu+ssh://...\`; its disk was made before, and
that doesn't count. Down is what QEMU counts.

| | \`kvm-clone migrate --live\` | \`virsh migrate\` | | wanted | |
|---|--:|--:|--:|---|---|
| in all | $(round "$ours") s | $(round "$theirs") s | $total x | at most 1.15 x | $(verdict "$total" 1.15 at-most) |
| down | $(median move-ours/downtime) ms | $(median move-virsh/downtime) ms | | at most 1.1 x + 50 ms | $(verdict "$down" 50 at-most) |
| in all, links of 200 Mbit/s | $(round "$(median move-ours-200)") s | $(round "$(median move-virsh-200)") s | $slow x faster | at least 1.3 x | $(verdict "$slow" 1.3 at-least) |

\`--seeded\`, with coordinator and agents killed when half of the disk was copied, then \`op resume\`: $(round "$(median seed/again)") % of the
disk was sent the second time (wanted: at most 55 %, $(verdict "$(median seed/again)" 55 at-most)). Until its overlays moved the
guest, which writes every 0.2 s, was silent for at most $(median seed/silence) ms.

HEAD
}

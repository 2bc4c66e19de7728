# shellcheck shell=bash disable=SC2154  # the parts share variables
# kvm-clone's own measurements of time.

# Clones a VM from kvm1 to kvm2, notes the whole command's time, and the stages that the agents report.
own_clone() {
    local name=$1 vm=$2
    shift 2
    timed "$name" "$kvm_clone" --progress none --log-level DEBUG --log-format json -t "$work/topology.yaml" \
        clone kvm1 kvm2 "$vm" "$@"
    note_stages "$name"
}

# Notes the stages in the log's newest records: NAME/STEP/STAGE, in milliseconds.
note_stages() {
    local name=$1 step stage value
    for step in sent received 'read back'; do
        while IFS=: read -r stage value; do
            note "$name/$step/${stage%_ms}" "$value"
        done < <(grep -F "\"message\":\"$step\"" "$work/log" | tail -n 1 | grep -oE '"[a-z]+_ms":"[0-9]+"' | tr -d '"')
    done
    : >"$work/log"
}

# Clones an empty disk, so that agents are installed and caches warm; without a measurement.
plain_clone() {
    local name=$1
    truncate -s 1M "$(images_of kvm1)/$name.raw"
    define_vm kvm1 "$name" raw
    "${kvm_clone_with[@]}" replicate kvm1 kvm2,kvm3,kvm4 "$name" >>"$work/log" 2>&1 \
        || die "the first clone failed: $(tail -n 3 "$work/log")"
    for host in kvm1 kvm2 kvm3 kvm4; do remove_copy "$host" "$name"; done
}

part_empty() {
    local run format
    truncate -s 100G "$(images_of kvm1)/empty-raw.raw"
    qemu-img create -q -f qcow2 "$(images_of kvm1)/empty-qcow2.qcow2" 100G
    plain_clone empty-warmup
    for format in raw qcow2; do
        define_vm kvm1 "empty-$format" "$format"
        for ((run = 0; run < runs; run++)); do
            own_clone "empty-$format" "empty-$format"
            remove_copy kvm2 "empty-${format}_clone"
        done
    done
    for ((run = 0; run < (runs + 1) / 2; run++)); do
        on kvm2 rm -rf /root/.cache/kvm-clone
        own_clone first-use empty-raw
        remove_copy kvm2 empty-raw_clone
    done
    for format in raw qcow2; do remove_vm "empty-$format"; done
}

# shellcheck shell=bash disable=SC2154  # the parts share variables
# The highest resident memory of agents and coordinator while they copy.

part_memory() {
    local file offset
    file=$(images_of kvm1)
    [[ -f $file/bench.raw ]] || { make_image "$file/bench.raw"; define_vm kvm1 bench raw; }
    watched_clone bench
    # 64 GiB with 64 KiB of data in each 16 MiB: 4096 pieces.
    truncate -s 64G "$file/wide.raw"
    head -c 64K /dev/urandom >"$work/piece"
    for ((offset = 0; offset < 4096; offset++)); do
        dd if="$work/piece" of="$file/wide.raw" bs=64K seek=$((offset * 256)) conv=notrunc status=none
    done
    rm -f "$work/piece"
    define_vm kvm1 wide raw
    watched_clone wide
    remove_vm wide
}

# Clones a VM and notes VmHWM of the coordinator and of each host's agent in MiB. The kernel keeps the high-water
# mark, so looking now and then is enough.
watched_clone() {
    local vm=$1 coordinator role pid
    declare -A peak=()
    "${kvm_clone_with[@]}" clone kvm1 kvm2 "$vm" >>"$work/log" 2>&1 &
    coordinator=$!
    while kill -0 "$coordinator" 2>/dev/null; do
        keep_peak coordinator "$coordinator"
        for role in kvm1 kvm2; do
            for pid in $(agents_of "$role"); do keep_peak "$role" "$pid"; done
        done
        sleep 0.05
    done
    wait "$coordinator" || die "the clone of $vm failed: $(tail -n 3 "$work/log")"
    ((${#peak[@]} == 3)) || die "the agents of the clone of $vm were not seen"
    note "memory/$vm/coordinator" "${peak[coordinator]}"
    note "memory/$vm/source" "${peak[kvm1]}"
    note "memory/$vm/target" "${peak[kvm2]}"
    remove_copy kvm2 "${vm}_clone"
}

keep_peak() {
    local kib
    kib=$(awk '/^VmHWM:/ { print $2 }' "/proc/$2/status" 2>/dev/null) || return 0
    [[ -n $kib ]] || return 0
    kib=$(awk -v k="$kib" 'BEGIN { printf "%.1f", k / 1024 }')
    if awk -v a="$kib" -v b="${peak[$1]:-0}" 'BEGIN { exit !(a > b) }'; then peak[$1]=$kib; fi
}

# The ids of the agents in a host.
agents_of() {
    local namespace link
    namespace=$(readlink "/proc/${pid_of[$1]}/ns/net")
    while read -r link; do
        [[ $(readlink "${link%exe}ns/net" 2>/dev/null) != "$namespace" ]] || { link=${link%/exe}; echo "${link#/proc/}"; }
    done < <(find /proc -maxdepth 2 -name exe -lname '*/kvm-clone/agents/*' 2>/dev/null)
}

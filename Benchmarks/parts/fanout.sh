# shellcheck shell=bash disable=SC2154  # the parts share variables
# The source's CPU time with one, two and three targets.

part_fanout() {
    local run count targets host file
    file=$(images_of kvm1)/bench.raw
    [[ -f $file ]] || { make_image "$file"; define_vm kvm1 bench raw; }
    for ((run = 0; run < (runs + 1) / 2; run++)); do
        for count in 1 2 3; do
            targets=(kvm2 kvm3 kvm4)
            targets=("${targets[@]:0:count}")
            warm "$file"
            timed "fanout-$count" "$kvm_clone" --progress none --log-level DEBUG --log-format json \
                -t "$work/topology.yaml" replicate kvm1 "$(IFS=,; echo "${targets[*]}")" bench
            note_stages "fanout-$count"
            for host in "${targets[@]}"; do remove_copy "$host" bench; done
        done
    done
}

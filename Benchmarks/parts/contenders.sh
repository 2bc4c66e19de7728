# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # the parts share variables
# The same image to the same host by other means. Each ends with the image durable on the target's medium.

read -ra contenders <<<"${CONTENDERS:-scp rsync rsync-z tar nbdcopy clone-no-verify clone}"
declare -A contender_text=(
    [scp]='`scp`' [rsync]='`rsync -S`' [rsync-z]='`rsync -Sz --zc=zstd --zl=1`'
    [tar]='`tar -S \| zstd -1 -T2 \| ssh -c aes128-gcm@openssh.com`'
    [nbdcopy]='`nbdcopy --destination-is-zero --flush`, plaintext'
    [clone-no-verify]='`kvm-clone clone --no-verify`' [clone]='`kvm-clone clone`, read back'
)

part_transfer() {
    local run turn contender count=${#contenders[@]}
    say "making the image"
    make_image "$(images_of kvm1)/bench.raw"
    define_vm kvm1 bench raw
    # The agents are installed by this; the first use of a host is measured apart.
    [[ " ${contenders[*]}" != *" clone"* ]] || plain_clone empty-warmup
    for ((run = 0; run < runs; run++)); do
        # Each round begins with another one, so that nobody always follows the same neighbour.
        for ((turn = 0; turn < count; turn++)); do
            contender=${contenders[(run + turn) % count]}
            warm "$(images_of kvm1)/bench.raw"
            "contender_${contender//-/_}"
            ((run > 0)) || compare_copies "$contender"
            remove_copy kvm2 bench
            remove_copy kvm2 bench_clone
            say "run $((run + 1)) of $runs: $contender $(last "$contender") s"
        done
    done
}

# Runs a shell line on kvm1 and notes how long it took there.
timed_on_source() {
    local name=$1 line=$2 value
    # shellcheck disable=SC2016  # expanded on the host
    value=$(on kvm1 bash -c '
        start=$EPOCHREALTIME
        bash -euo pipefail -c "$1" >/dev/null || exit 1
        end=$EPOCHREALTIME
        echo "$start $end"' bash "$line" 2>>"$work/log") || die "$name failed: $(tail -n 3 "$work/log")"
    # shellcheck disable=SC2086  # two words
    note "$name" "$(seconds $value)"
}

contender_scp() {
    timed_on_source scp "scp -q $images/bench.raw kvm2:$images/ && ssh kvm2 sync $images/bench.raw $images"
}

contender_rsync() {
    timed_on_source rsync "rsync -S $images/bench.raw kvm2:$images/ && ssh kvm2 sync $images/bench.raw $images"
}

contender_rsync_z() {
    timed_on_source rsync-z "rsync -Sz --zc=zstd --zl=1 $images/bench.raw kvm2:$images/ \
        && ssh kvm2 sync $images/bench.raw $images"
}

contender_tar() {
    timed_on_source tar "tar -C $images -Scf - bench.raw | zstd -q -1 -T2 | ssh -c aes128-gcm@openssh.com kvm2 \
        'zstd -dcq | tar -C $images -xSf - && sync $images/bench.raw $images'"
}

# The server's start and the making of an empty file are not in its time.
contender_nbdcopy() {
    on kvm2 truncate -s 4G "$images/bench.raw"
    on kvm2 nbdkit -i "${address_of[kvm2]}" -p 10809 -P /run/nbdkit.pid file "$images/bench.raw"
    timed_on_source nbdcopy "nbdcopy --destination-is-zero --flush $images/bench.raw nbd://${address_of[kvm2]}:10809"
    # shellcheck disable=SC2016  # expanded on the host
    on kvm2 sh -c 'kill "$(cat /run/nbdkit.pid)"; while pgrep -x nbdkit >/dev/null; do sleep 0.05; done'
}

contender_clone() { own_clone clone bench; }
contender_clone_no_verify() { own_clone clone-no-verify bench --no-verify; }

# The copy must be one.
compare_copies() {
    local folder copy
    folder=$(images_of kvm2)
    for copy in "$folder/bench.raw" "$folder"/bench_clone*; do
        [[ -f $copy ]] || continue
        cmp --silent "$copy" "$(images_of kvm1)/bench.raw" || die "the copy of $1 differs from its source"
        return 0
    done
    die "$1 left no copy"
}

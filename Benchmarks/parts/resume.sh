# shellcheck shell=bash disable=SC2154  # the parts share variables
# A copy whose coordinator and agents are killed at a quarter, a half and three quarters, and gone on with.

readonly resume_mib=1024

part_resume() {
    local share run
    on kvm1 dd if=/dev/urandom of="$images/resume.raw" bs=1M count=$resume_mib status=none
    define_vm kvm1 resume raw
    for ((run = 0; run < runs; run++)); do
        for share in 25 50 75; do
            resume_copy "$share"
            resume_rsync "$share"
        done
    done
    remove_vm resume
    resume_large
}

# How soon the first new byte of a large disk comes. What has come before is told in the first event of progress.
resume_large() {
    local folder coordinator id begin
    folder=$(images_of kvm2)
    on kvm1 dd if=/dev/urandom of="$images/large.raw" bs=1M count=10240 status=none
    define_vm kvm1 large raw
    "${kvm_clone_with[@]}" clone kvm1 kvm2 large --no-compress >>"$work/log" 2>&1 &
    coordinator=$!
    until (($(given "$folder"/.kvm-clone-*.partial) >= 5120 * 1048576)); do
        kill -0 "$coordinator" 2>/dev/null || die "the copy has ended before it was killed; see $work/log"
        sleep 0.05
    done
    kill -KILL "$coordinator"
    for host in kvm1 kvm2; do on "$host" pkill -KILL -f kvm-clone/agents || true; done
    wait "$coordinator" 2>/dev/null || true
    id=$("${kvm_clone_with[@]}" op list -o name | head -n 1)
    rm -f "$work/resume.events"
    begin=$EPOCHREALTIME
    "${kvm_clone_with[@]}" op resume "$id" --events-file "$work/resume.events" >>"$work/log" 2>&1 \
        || die "the large copy was not gone on with; see $work/log"
    note resume-large/first "$(jq -rn --argjson begin "$begin" '
        def seconds: (.[0:19] + "Z" | fromdate) + ("0" + .[19:23] | tonumber);
        first(inputs | select(.type == "progress" and (.targets | any(.wireBytes > 0)))) | (.timestamp | seconds) - $begin' \
        "$work/resume.events")"
    note resume-large/kept "$(jq -rn '
        first(inputs | select(.type == "progress" and (.targets | any(.wireBytes > 0)))) | .targets[0]
        | 100 * (.disks[0].done - .data) / .disks[0].total' "$work/resume.events")"
    remove_copy kvm2 large_clone
    remove_vm large
}

# Bytes that the file system has given to a file; 0 while it isn't there.
given() { stat -c '%b' -- "$@" 2>/dev/null | awk '{ sum += $1 } END { printf "%.0f\n", sum * 512 }'; }

resume_copy() {
    local share=$1 folder coordinator had start
    folder=$(images_of kvm2)
    "${kvm_clone_with[@]}" clone kvm1 kvm2 resume --no-compress --bwlimit 150M >>"$work/log" 2>&1 &
    coordinator=$!
    until (($(given "$folder"/.kvm-clone-*.partial) >= share * resume_mib * 10486)); do
        kill -0 "$coordinator" 2>/dev/null || die "the copy has ended before it was killed; see $work/log"
        sleep 0.02
    done
    kill -KILL "$coordinator"
    for host in kvm1 kvm2; do on "$host" pkill -KILL -f kvm-clone/agents || true; done
    wait "$coordinator" 2>/dev/null || true
    had=$(given "$folder"/.kvm-clone-*.partial)
    start=$EPOCHREALTIME
    "${kvm_clone_with[@]}" op resume "$("${kvm_clone_with[@]}" op list -o name | head -n 1)" -o json \
        --events-file "$work/resume.events" >"$work/resume.json" 2>>"$work/log" \
        || die "not gone on with; see $work/log"
    note "resume-$share" "$(seconds "$start" "$EPOCHREALTIME")"
    note "resume-$share/again" \
        $(($(jq '[.] | flatten | .[0].bytes_transferred' "$work/resume.json") - (resume_mib * 1048576 - had)))
    [[ $(on kvm1 sha256sum <"$(images_of kvm1)/resume.raw") == "$(on kvm2 sha256sum <"$folder/resume_clone-vda.img")" ]] \
        || die "the copy that was gone on with differs"
    remove_copy kvm2 resume_clone
}

resume_rsync() {
    local share=$1 file sender start
    file=$(images_of kvm2)/rsync.raw
    rm -f "$file"
    on kvm1 rsync --partial --inplace --bwlimit 150m "$images/resume.raw" "root@${address_of[kvm2]}:$images/rsync.raw" \
        >>"$work/log" 2>&1 &
    sender=$!
    until (($(given "$file") >= share * resume_mib * 10486)); do
        kill -0 "$sender" 2>/dev/null || die "rsync has ended before it was killed; see $work/log"
        sleep 0.02
    done
    for host in kvm1 kvm2; do on "$host" pkill -KILL rsync || true; done
    wait "$sender" 2>/dev/null || true
    start=$EPOCHREALTIME
    on kvm1 rsync --partial --inplace "$images/resume.raw" "root@${address_of[kvm2]}:$images/rsync.raw" \
        >>"$work/log" 2>&1 || die "rsync did not go on; see $work/log"
    sync -f "$file"
    note "resume-rsync-$share" "$(seconds "$start" "$EPOCHREALTIME")"
    rm -f "$file"
}

table_resume() {
    local share
    cat <<'HEAD'
### Going on after SIGKILL of coordinator and agents

1 GiB of random data; seconds of the whole second run, verified. Sent again: wire bytes of the second run less what the
target's file lacked when it was killed, in units of 16 MiB; there are four streams. `op resume` keeps to the
limit of 150 MiB/s that the copy was begun with; rsync has none then.

| killed at | `kvm-clone op resume` | sent again | wanted | | `rsync --partial --inplace`, not verified |
|---|--:|--:|---|---|--:|
HEAD
    for share in 25 50 75; do
        [[ $(median "resume-$share") != - ]] || continue
        again=$(awk -v b="$(highest "resume-$share/again")" 'BEGIN { printf "%.2f\n", b / 16777216 }')
        printf '| %s %% | %s s | at most %s | 4 units | %s | %s s |\n' "$share" "$(round "$(median "resume-$share")")" \
            "$again" "$(verdict "$again" 4 at-most)" "$(round "$(median "resume-rsync-$share")")"
    done
    echo
    printf '%s\n' "10 GiB of random data, killed at 50 %: the first new byte came $(round "$(median resume-large/first)") s after the" \
        "command (at most 2 s: $(verdict "$(median resume-large/first)" 2 at-most)); $(round "$(median resume-large/kept)" 0) % were kept."
    echo
}

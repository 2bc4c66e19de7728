# shellcheck shell=bash disable=SC2154,SC2016  # the parts share variables; back-ticks are Markdown's
# The results as Markdown.

# `verdict VALUE LIMIT at-most|at-least`
verdict() {
    [[ $1 != - ]] || { echo 'not measured'; return; }
    awk -v v="$1" -v l="$2" -v k="$3" 'BEGIN { print (k == "at-most" ? v <= l : v >= l) ? "PASS" : "**FAIL**" }'
}

round() { [[ $1 == - ]] && echo - || printf "%.${2:-2}f\n" "$1"; }

table() {
    local part tables=()
    for part; do
        case $part in
            transfer) tables+=(transfer stages) ;;
            broadcast | resume | sync | bitmaps | migrate | children) tables+=("$part") ;;
            *) [[ " ${tables[*]-} " == *" others "* ]] || tables+=(others) ;;
        esac
    done
    for part in "${tables[@]}"; do "table_$part"; done
}

table_transfer() {
    local contender
    echo '### 1 GiB of data in a 4 GiB image, host to host'
    echo
    echo "Whole commands, the copy durable at the end; medians of $runs interleaved runs, in seconds."
    echo
    echo '| command | median | lowest – highest | ÷ `--no-verify` | ÷ read back | wanted | |'
    echo '|---|--:|--:|--:|--:|---|---|'
    for contender in "${contenders[@]}"; do
        printf '| %s | %s | %s – %s | %s | %s | %s |\n' "${contender_text[$contender]}" \
            "$(round "$(median "$contender")")" "$(round "$(lowest "$contender")")" \
            "$(round "$(highest "$contender")")" "$(ratio "$contender" clone-no-verify)" \
            "$(ratio "$contender" clone)" "$(wanted "$contender")"
    done
    echo
}

ratio() {
    local a b
    a=$(median "$1") b=$(median "$2")
    [[ $a != - && $b != - ]] || { echo -; return; }
    awk -v a="$a" -v b="$b" 'BEGIN { printf "%.2f\n", a / b }'
}

# The last two cells of a contender's row. The first four are measured against the copy that is read back, which is
# what a user gets; where only --no-verify holds the row says so.
wanted() {
    local factor verified unverified
    case $1 in
        scp) factor=8 ;; rsync) factor=7 ;; rsync-z) factor=3.5 ;; tar) factor=1.8 ;;
        clone-no-verify)
            echo "at most 1.2 × nbdcopy ($(ratio clone-no-verify nbdcopy)) | $(verdict "$(ratio clone-no-verify nbdcopy)" 1.2 at-most)"
            return ;;
        clone)
            echo "at most 1.6 × nbdcopy ($(ratio clone nbdcopy)) | $(verdict "$(ratio clone nbdcopy)" 1.6 at-most)"
            return ;;
        *) echo '| '; return ;;
    esac
    verified=$(verdict "$(ratio "$1" clone)" "$factor" at-least)
    unverified=$(verdict "$(ratio "$1" clone-no-verify)" "$factor" at-least)
    if [[ $verified == "$unverified" ]]; then
        echo "at least $factor × | $verified"
    else
        echo "at least $factor × | read back $verified, \`--no-verify\` $unverified"
    fi
}

# Milliseconds for about a GiB of data are core-seconds per GiB once divided by 1000.
table_stages() {
    echo '### Where the time goes'
    echo
    echo 'Seconds of threads per GiB of data, with the read-back; medians. CPU is what the kernel charged the threads.'
    echo
    echo '| | read | zero check | hash | compress | seal / open | send / receive | write | flush | waiting | CPU user | CPU kernel |'
    echo '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|'
    stage_row source sent
    stage_row target received
    stage_row 'target, reading back' 'read back'
    echo
}

stage_row() {
    local stage value
    printf '| %s' "$1"
    for stage in read zero hash compress seal socket write flush wait user system; do
        value=$(median "clone/$2/$stage")
        if [[ $value == - ]]; then printf ' |'; else printf ' | %s' "$(awk -v v="$value" 'BEGIN { printf "%.2f", v / 1000 }')"; fi
    done
    printf ' |\n'
}

table_others() {
    local format vm role count
    echo '### The rest'
    echo
    echo '| | measured | spread | wanted | |'
    echo '|---|--:|--:|---|---|'
    for format in raw qcow2; do
        row "clone of an empty 100 GiB $format disk" "empty-$format" ' s' 2 'under 2 s'
    done
    row_plain 'the same (raw), first use of the target: the agent is installed' "$(round "$(median first-use)") s" \
        "$(spread first-use)"
    for count in 2 3; do
        fanout_row "$count"
    done
    for vm in bench wide; do
        for role in source target; do
            memory_row "agent of the $role, $(vm_text "$vm")" "memory/$vm/$role" 128
        done
        memory_row "coordinator, $(vm_text "$vm")" "memory/$vm/coordinator" 150
    done
    row '`list` of 4 hosts with 50 VMs each' list ' s' 1 'under 1 s'
    row_plain 'agent, size' "$(megabytes agent-size) MB" ''
    row_plain 'agent, start to end on an empty channel' "$(milliseconds agent-start) ms" ''
    echo
}

vm_text() {
    case $1 in
        bench) echo '1 GiB of data' ;;
        wide) echo '64 GiB virtual, 4096 pieces of data' ;;
    esac
}
megabytes() { awk -v v="$(median "$1")" 'BEGIN { if (v == "-") print "-"; else printf "%.1f\n", v / 1e6 }'; }
milliseconds() { awk -v v="$(median "$1")" 'BEGIN { if (v == "-") print "-"; else printf "%.0f\n", v * 1000 }'; }
spread() { printf '%s – %s' "$(round "$(lowest "$1")")" "$(round "$(highest "$1")")"; }

row() {
    local value
    value=$(median "$2")
    printf '| %s | %s%s | %s | %s | %s |\n' "$1" "$(round "$value")" "$3" "$(spread "$2")" "$5" "$(verdict "$value" "$4" at-most)"
}

row_plain() { printf '| %s | %s | %s | | |\n' "$1" "$2" "$3"; }

memory_row() {
    local value
    value=$(median "$2")
    printf '| memory: %s | %s MiB | | under %s MiB | %s |\n' "$1" "$value" "$3" "$(verdict "$value" "$3" at-most)"
}

fanout_row() {
    local one many system
    one=$(median fanout-1/sent/user) many=$(median "fanout-$1/sent/user") system=$(median "fanout-$1/sent/system")
    if [[ $one == - || $many == - ]]; then
        row_plain "user CPU at the source, $1 targets" - ''
        return
    fi
    one=$(awk -v a="$many" -v b="$one" 'BEGIN { printf "%.2f", a / b }')
    printf '| user CPU at the source, %s targets ÷ one (%s ms; kernel %s ms, with one target %s ms) | %s × | %s – %s ms | at most 1.1 × | %s |\n' \
        "$1" "$(round "$many" 0)" "$(round "$system" 0)" "$(round "$(median fanout-1/sent/system)" 0)" "$one" \
        "$(round "$(lowest "fanout-$1/sent/user")" 0)" "$(round "$(highest "fanout-$1/sent/user")" 0)" \
        "$(verdict "$one" 1.1 at-most)"
}

# Puts the tables between the two markers of the document.
write_document() {
    local copies=(transfer empty fanout memory list agent) part missing=''
    for part in "${copies[@]}"; do [[ " $* " == *" $part "* ]] || missing=$part; done
    [[ -n $missing ]] || write_region copies "RUNS=$runs" "${copies[@]}"
    [[ " $* " != *' broadcast '* ]] || write_region broadcast "BROADCAST_RUNS=$broadcast_runs" broadcast
    [[ " $* " != *' resume '* ]] || write_region resume "RUNS=$runs" resume
    [[ " $* " != *' sync '* ]] || write_region sync "RUNS=$runs" sync
    [[ " $* " != *' bitmaps '* ]] || write_region bitmaps "RUNS=$runs" bitmaps
    [[ " $* " != *' migrate '* ]] || write_region migrate "RUNS=$runs" migrate
    [[ " $* " != *' children '* ]] || write_region children "RUNS=$runs" children
}

# `write_region NAME SETTING PART...`
write_region() {
    local begin="<!-- begin $1: written by Benchmarks/run -->" end="<!-- end $1 -->" setting=$2 file
    shift 2
    { grep -qxF "$begin" "$doc" && grep -qxF "$end" "$doc"; } || die "$doc has no place for results: a line '$begin' and one '$end'"
    file=$work/document
    {
        sed "\\|^$begin\$|q" "$doc"
        echo
        machine_text "$setting" "$*"
        echo
        table "$@"
        sed -n "\\|^$end\$|,\$p" "$doc"
    } >"$file"
    cat "$file" >"$doc"
    say "results are in $doc"
}

machine_text() {
    local model
    model=$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
    cat <<TEXT
Measured $started with \`$1 Benchmarks/run $2\`, in $((SECONDS / 60)) min $((SECONDS % 60)) s in all.

- machine: $model, $(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB of memory; kernel $(uname -r); load before the start $load
- disks: $(findmnt -no FSTYPE,SOURCE -T "$work"), all hosts on the same
- $(. /etc/os-release && echo "$PRETTY_NAME"): OpenSSH $(ssh -V 2>&1 | sed 's/^OpenSSH_\([^ ,]*\).*/\1/'), $(rsync --version | sed -n '1s/ *protocol.*//p'), $(zstd --version | grep -oE 'v[0-9.]+' | head -n 1 | sed 's/^/zstd /'), $(nbdkit --version), $(nbdcopy --version | head -n 1)
TEXT
}

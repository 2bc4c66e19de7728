# shellcheck shell=bash disable=SC2154,SC2016  # the parts share variables; back-ticks are Markdown's
# The tables of the part broadcast.

table_broadcast() {
    local count
    echo "### $cast_mib MiB to many hosts, every link $cast_rate Mbit/s"
    echo
    echo "Incompressible data. Transfer is from the first frame to the last durable acknowledgement; medians of" \
        "$broadcast_runs runs, star and rsync one run, in seconds."
    echo
    echo '| | targets | transfer | lowest – highest | whole command | | wanted | |'
    echo '|---|--:|--:|--:|--:|---|---|---|'
    for count in "${cast_counts[@]}"; do
        if ((count == 8)); then
            cast_row '`kvm-clone replicate`' 8 cast-8 "$(ratio cast-8/transfer cast-1/transfer) × one target" 1.10 at-most
        else
            cast_row '`kvm-clone replicate`' "$count" "cast-$count" "$(ratio "cast-$count/transfer" cast-1/transfer) × one target"
        fi
    done
    cast_row 'the same, `--fanout star`' 8 cast-star "$(ratio cast-star/transfer cast-8/transfer) × trees"
    cast_row 'the same, `--fanout chain`' 8 cast-chain "$(ratio cast-chain/transfer cast-1/transfer) × one target"
    cast_row "the same, $cast_relay in its middle killed at half" 7 cast-killed \
        "$(ratio cast-killed/transfer cast-chain/transfer) × undisturbed" 1.15 at-most
    echo "| · longest time in which one of the seven got nothing, in seconds | 7 | $(round "$(median cast-killed/idle)") |" \
        "$(spread cast-killed/idle) | | | less than 5 | $(verdict "$(median cast-killed/idle)" 5 at-most) |"
    echo "| · read at the source, in copies of the disk | 7 | $(round "$(median cast-killed/read)" 4) |" \
        "$(spread cast-killed/read) | | | 1 | $(verdict "$(median cast-killed/read)" 1 at-most) |"
    cast_row '`rsync`, one' 1 rsync-1 "$(ratio rsync-1/whole cast-1/whole) × \`replicate\`"
    cast_row '`rsync`, one for each target at once' 8 rsync-8 "$(ratio rsync-8/whole cast-8/whole) × \`replicate\`" 4 at-least
    if command -v udp-sender >/dev/null; then
        cast_row '`udp-sender`, multicast' 8 udp-8 "trees take $(ratio cast-8/transfer udp-8/whole) × as long" 1.15 at-most
    else
        echo '| `udp-sender`, multicast | 8 | - | - | - | not measured: the package udpcast is not installed | | |'
    fi
    echo
    table_sites
}

# `cast_row TEXT TARGETS NAME COMPARISON [LIMIT at-most|at-least]`; a comparison has its number as a word.
cast_row() {
    local wanted='' result='' time=$3/transfer
    [[ $(median "$time") != - ]] || time=$3/whole
    if (($# > 4)); then
        wanted="${6/-/ } $5 ×"
        result=$(verdict "$(grep -oE '(^| )([0-9.]+|-)( |$)' <<<"$4" | head -n 1 | tr -d ' ')" "$5" "$6")
    fi
    printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$1" "$2" "$(round "$(median "$3/transfer")")" \
        "$(spread "$time")" "$(round "$(median "$3/whole")")" "$4" "$wanted" "$result"
}

# The bound is what the narrowest cut between the source and any target carries of payload: 1448 bytes of each frame of
# 1514. With two sites that is one WAN, with three the source's own uplink, since a third site can hand on.
table_sites() {
    local count bound
    echo "### $cast_mib MiB to eight hosts in several sites, every WAN $wan_rate Mbit/s"
    echo
    echo '| | transfer | lowest – highest | bound | share of it | wanted | | WAN, copies per site | wanted | | star: transfer | star: WAN, copies per site |'
    echo '|---|--:|--:|--:|--:|---|---|--:|---|---|--:|--:|'
    for count in 2 3; do
        bound=$(site_bound "$count")
        printf '| %s sites | %s | %s | %s | %s | at least 0.95 | %s | %s | at most 1.05 | %s | %s | %s |\n' "$count" \
            "$(round "$(median "sites-$count/transfer")")" "$(spread "sites-$count/transfer")" "$(round "$bound")" \
            "$(share "$count")" "$(verdict "$(share "$count")" 0.95 at-least)" \
            "$(wan_copies "sites-$count" "$count")" "$(verdict "$(wan_copies "sites-$count" "$count")" 1.05 at-most)" \
            "$(round "$(median "sites-$count-star/transfer")")" "$(wan_copies "sites-$count-star" "$count")"
    done
    echo
}

site_bound() {
    awk -v mib="$cast_mib" -v rate="$((wan_rate * ($1 - 1) < cast_rate ? wan_rate * ($1 - 1) : cast_rate))" \
        'BEGIN { print mib * 1048576 * 1514 / 1448 * 8 / (rate * 1000000) }'
}

share() {
    awk -v bound="$(site_bound "$1")" -v took="$(median "sites-$1/transfer")" \
        'BEGIN { if (took == "-") print "-"; else printf "%.2f\n", bound / took }'
}

# What passed the WANs in copies of the disk, per site other than the source's.
wan_copies() {
    awk -v bytes="$(median "$1/wan")" -v sites="$2" -v mib="$cast_mib" \
        'BEGIN { if (bytes == "-") print "-"; else printf "%.2f\n", bytes / (sites - 1) / mib / 1048576 }'
}

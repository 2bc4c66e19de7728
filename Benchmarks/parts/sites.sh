# shellcheck shell=bash disable=SC2154  # the parts share variables
# The same disk to hosts in two and in three sites. A site is a bridge of its own; a WAN is a link between two of
# them, limited in each direction. Ports to WANs don't pass on to each other, so that three sites make no loop.

readonly wan_rate=50

part_sites() {
    local bridge
    bridge=$(basename "$(readlink "/sys/class/net/$(link_of kvm1)/master")")
    add_site 2 6 9
    add_wan 1 2
    measure_sites 2
    add_site 3 8 9
    add_wan 1 3
    add_wan 2 3
    measure_sites 3
}

measure_sites() {
    local cast_topology=$work/sites-$1.yaml site run
    # Bridges still know where hosts were before they moved.
    for ((site = 1; site <= $1; site++)); do ip link set "$(site_bridge "$site")" type bridge fdb_flush; done
    sites_topology "$1" >"$cast_topology"
    for ((run = 0; run < broadcast_runs; run++)); do cast_over_wan "sites-$1"; done
    cast_over_wan "sites-$1-star" --fanout star
}

cast_over_wan() {
    local name=$1 before
    shift
    before=$(wan_bytes)
    cast "$name" 8 0 "$@"
    note "$name/wan" $(($(wan_bytes) - before))
}

# The name of a host's port at its bridge.
link_of() {
    local index
    index=$(on "$1" cat /sys/class/net/eth0/iflink)
    grep -lx "$index" /sys/class/net/kvmlab*/ifindex | cut -d/ -f5
}

# Bridges and links are named as ports of the lab, which removes them when it goes down.
site_bridge() { if (($1 == 1)); then echo "$bridge"; else echo "$bridge.site$1"; fi; }

# Makes a site and moves the hosts kvmFIRST to kvmLAST there.
add_site() {
    local host
    ip link add "$(site_bridge "$1")" type bridge
    ip link set "$(site_bridge "$1")" up
    for ((host = $2; host <= $3; host++)); do ip link set "$(link_of "kvm$host")" master "$(site_bridge "$1")"; done
}

# Joins two sites; `$bridge.wAB` is A's port to B.
add_wan() {
    local end port
    ip link add "$bridge.w$1$2" type veth peer name "$bridge.w$2$1"
    for end in "$1$2" "$2$1"; do
        port=$bridge.w$end
        ip link set "$port" master "$(site_bridge "${end:0:1}")"
        ip link set "$port" up
        bridge link set dev "$port" isolated on
        tc qdisc add dev "$port" root tbf rate "${wan_rate}mbit" burst 262144 latency 50ms
    done
}

# What all WANs have carried, in both directions together.
wan_bytes() { cat /sys/class/net/"$bridge".w[0-9]*/statistics/tx_bytes | awk '{ sum += $1 } END { printf "%.0f\n", sum }'; }

# The lab's topology with COUNT sites and what joins them.
sites_topology() {
    awk -v sites="$1" -v capacity=$((wan_rate * 1000000 / 8)) '
        /^hosts:/ {
            print "sites: { site1: {}, site2: {}" (sites > 2 ? ", site3: {}" : "") " }"
            print "links:"
            for (a = 1; a < sites; a++)
                for (b = a + 1; b <= sites; b++)
                    print "  - { between: [site" a ", site" b "], capacity: " capacity " }"
        }
        /^  kvm[0-9]+: / {
            host = substr($1, 4) + 0
            sub(/{/, "{ site: site" (host <= 5 ? 1 : sites == 2 || host <= 7 ? 2 : 3) ",")
        }
        { print }' "$work/cast.yaml"
}

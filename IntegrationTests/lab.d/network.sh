# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# The lab's bridge, its subnet and the link of each host.

# Prints the first of 10.77.0, 10.77.1, ... that no address or route of this machine touches. Call it under the lock.
free_subnet() {
    local used number
    used=$(ip -4 -o addr show; ip -4 route show table all)
    for ((number = 0; number < 256; number++)); do
        [[ $used == *"10.77.$number."* ]] && continue
        [[ -e /sys/class/net/kvmlab$number ]] && continue
        printf '10.77.%d\n' "$number"
        return
    done
    die "no subnet 10.77.X.0/24 is free"
}

make_bridge() {
    ip link add "$bridge" type bridge
    # Says whose it is, so that no lab takes down another's.
    ip link set "$bridge" alias "$lab"
    # Without an address of its own the bridge takes that of a link, and changes it when links come and go.
    ip link set "$bridge" address "$(random_mac)" up
    ip addr add "$subnet.254/24" dev "$bridge"
}

# Takes the lab's bridge and this end of its links down, if the bridge is the lab's.
remove_links() {
    local link
    [[ $(cat "/sys/class/net/$bridge/ifalias" 2>/dev/null) == "$lab" ]] || return 0
    for link in /sys/class/net/"$bridge".*; do
        # It may go by itself meanwhile, with the namespace of its other end.
        ip link del "${link##*/}" 2>/dev/null || true
    done
    ip link del "$bridge"
}

# Fails unless this machine and every host reach the SSH port of every host's neighbour.
verify_links() {
    local number peer
    for ((number = 1; number <= count; number++)); do
        peer=$subnet.$((number % count + 1))
        select_host "$number"
        reach_ssh timeout 5 || die "$host ($address) does not answer this machine; does a firewall drop $subnet.0/24?"
        address=$peer reach_ssh in_host timeout 5 || die "$host does not reach $peer: is bridged traffic filtered here" \
            "(net.bridge.bridge-nf-call-iptables = 1)?"
    done
}

# reach_ssh COMMAND...: connects to port 22 of `address`, run by way of COMMAND.
# shellcheck disable=SC2016  # expanded by the inner shell
reach_ssh() { "$@" bash -c 'exec 3<>"/dev/tcp/$1/22"' bash "$address" 2>/dev/null; }

random_mac() {
    local bytes
    bytes=$(od -An -N5 -tx1 /dev/urandom)
    printf '02%s\n' "${bytes// /:}"
}

# Joins the network namespace of process $1 to the bridge.
plug_host() {
    local pid=$1 link=$bridge.$index
    ip link add "$link" type veth peer name eth0 netns "$pid"
    ip link set "$link" master "$bridge" up
    in_network "$pid" ip addr add "$address/24" dev eth0
    in_network "$pid" ip link set lo up
    in_network "$pid" ip link set eth0 up
    # For guests: they see each other only.
    in_network "$pid" ip link add br0 type bridge
    in_network "$pid" ip link set br0 up
    if [[ $rate ]]; then
        limit_rate tc "$link"
        limit_rate in_network "$pid" tc eth0
    fi
}

in_network() {
    local pid=$1
    shift
    nsenter --target "$pid" --net "$@"
}

# limit_rate COMMAND... LINK: limits what leaves LINK; COMMAND is tc with what must stand before it.
limit_rate() {
    local link=${!#} burst=262144
    # A bucket below what passes in 10 ms would hold the link under its rate.
    if ((rate_bytes / 100 > burst)); then burst=$((rate_bytes / 100)); fi
    "${@:1:$#-1}" qdisc add dev "$link" root tbf rate "$rate" burst "$burst" latency 50ms
}

# Bytes per second of a rate as tc writes it: bit units are powers of 1000 or, with an i, of 1024; bps is bytes.
bytes_per_second() {
    local number unit power=0 step=1000
    [[ ${1,,} =~ ^([0-9]{1,9})(k|m|g)?(i)?(bit|bps)$ ]] \
        || usage_error "'$1' is no rate; write it as tc does: 400mbit, 1gbit, 50mbps"
    number=${BASH_REMATCH[1]} unit=${BASH_REMATCH[4]}
    [[ ${BASH_REMATCH[3]} ]] && step=1024
    case ${BASH_REMATCH[2]} in k) power=1 ;; m) power=2 ;; g) power=3 ;; esac
    number=$((number * step ** power))
    [[ $unit == bit ]] && number=$((number / 8))
    ((number > 0)) || usage_error "a rate must be above zero"
    printf '%d\n' "$number"
}

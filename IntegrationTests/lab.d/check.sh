# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# What this machine needs for a lab.

help_packages() { echo "Usage: lab packages
Prints the Debian packages that a lab needs, one per line."; }

cmd_packages() {
    printf '%s\n' busybox-static cpio fdisk iproute2 kmod libvirt-clients libvirt-daemon-system \
        linux-image-cloud-amd64 mtools nftables openssh-client openssh-server openssl procps \
        qemu-system-x86 qemu-utils sudo syslinux syslinux-common util-linux xz-utils
}

help_check() { echo "Usage: lab check
Says whether this machine can run a lab. Exits 0 if so, otherwise 1 with every reason on stderr."; }

cmd_check() {
    local findings=() tool file missing=()
    ((EUID == 0)) || findings+=("not root: a lab makes namespaces, links and mounts")
    [[ $(uname -m) == x86_64 ]] || findings+=("the guest boots on x86_64 only; this machine is $(uname -m)")
    for tool in busybox cpio flock ip libvirtd mcopy mformat modprobe nft nsenter openssl qemu-img \
        qemu-system-x86_64 setsid sfdisk ssh ssh-keygen sshd syslinux tc unshare virsh; do
        type -P "$tool" >/dev/null || missing+=("$tool")
    done
    for file in /usr/lib/syslinux/mbr/mbr.bin /usr/lib/openssh/sftp-server; do
        [[ -f $file ]] || missing+=("$file")
    done
    guest_kernel >/dev/null || missing+=("a cloud kernel in /boot")
    ((${#missing[@]} == 0)) \
        || findings+=("missing: ${missing[*]}; install them with: apt-get install \$($0 packages)")
    getent passwd libvirt-qemu >/dev/null || findings+=("no user libvirt-qemu: libvirt-daemon-system is not set up")
    if ((EUID == 0 && ${#missing[@]} == 0)); then
        local output
        output=$(try_namespaces 2>&1) || findings+=("namespaces or links are not permitted here: ${output//$'\n'/; }")
    fi
    if ((${#findings[@]})); then
        printf 'lab: %s\n' "${findings[@]}" >&2
        return 1
    fi
    echo "this machine can run a lab"
}

# Does once, in namespaces that end with it, what a lab does: mounts, links, a rate limit, a firewall rule.
# A link in this namespace shows that the bridge can be made too.
try_namespaces() {
    local link=kvmlab-$((BASHPID % 1000000))
    ip link add "$link" type bridge && ip link del "$link" \
        && unshare --mount --uts --ipc --net --pid --fork --mount-proc --kill-child bash -euc '
        mount -t sysfs sysfs /sys
        mount -t tmpfs tmpfs /run
        hostname kvm1
        ip link add veth0 type veth peer name veth1
        ip link add bridge0 type bridge
        tc qdisc add dev veth0 root tbf rate 400mbit burst 512k latency 50ms
        nft add table inet kvm_clone_lab
        ip tuntap add dev tap0 mode tap'
}

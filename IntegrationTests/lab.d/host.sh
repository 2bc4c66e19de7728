# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# One host: its files, its namespaces, its daemons. All work on what select_host set.

# Lays out the host's private folders. The machine's own libvirt guests, keys and settings are left out of them.
make_host_files() {
    local uuid
    mkdir -p "$directory"/{lib,state,cache,log/libvirt/qemu,root/.ssh,tmp,vartmp}
    # Only a place to mount each host's own on; it stays, since other labs may use it.
    mkdir -p /var/lib/kvm-clone
    chmod 0700 "$directory"/root "$directory"/root/.ssh
    chmod 1777 "$directory"/{tmp,vartmp}
    cp -a /etc "$directory/etc"
    rm -rf "$directory"/etc/libvirt/{qemu,storage,secrets} "$directory"/etc/ssh/ssh_host_*
    mkdir -m 0700 "$directory"/etc/libvirt/qemu

    # Owners and modes as the packages set them.
    install -d -m 0711 "$directory"/lib/{images,boot}
    install -d -m 0750 -o libvirt-qemu -g "$(id -gn libvirt-qemu)" "$directory"/lib/qemu "$directory"/cache/qemu

    uuid=$(</proc/sys/kernel/random/uuid)
    printf '%s\n' "$host" >"$directory/etc/hostname"
    printf '%s\n' "${uuid//-/}" >"$directory/etc/machine-id"
    cp "$lab/hosts" "$directory/etc/hosts"
    cat >"$directory/etc/libvirt/libvirtd.conf" <<CONF
host_uuid = "$uuid"
auth_unix_rw = "none"
CONF
    cat >"$directory/etc/libvirt/qemu.conf" <<CONF
stdio_handler = "file"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
migration_host = "$address"
${qemu_user:+user = "$qemu_user"}
${qemu_user:+group = "$(id -gn "$qemu_user")"}
CONF
    make_ssh_files
}

make_ssh_files() {
    local key=$directory/etc/ssh/ssh_host_${host_key}_key
    ssh-keygen -q -t "$host_key" -N '' -C "$host" -f "$key"
    printf '%s,%s %s\n' "$address" "$host" "$(cut -d' ' -f1,2 "$key.pub")" >>"$lab/known_hosts"
    install -m 0600 "$lab/id.pub" "$directory/root/.ssh/authorized_keys"
    # Without PAM sshd refuses an account whose password field starts with '!'.
    sed -i 's/^root:!*\([^:]*\)/root:*/' "$directory/etc/shadow"
    cat >"$directory/etc/ssh/sshd_config" <<CONF
HostKey /etc/ssh/ssh_host_${host_key}_key
PidFile /run/sshd.pid
PermitRootLogin yes
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100
Subsystem sftp /usr/lib/openssh/sftp-server
CONF
}

# Starts the namespaces; their first process records itself in the host's `pid` file.
start_host() {
    detached setsid --fork unshare --mount --uts --ipc --net --pid --fork --kill-child \
        "$lab_parts/host-init" "$directory" "$host" </dev/null >"$directory/init.log" 2>&1
    until_true 20 test -f "$directory/ready" \
        || die "host $host did not start: $(tail -n 3 "$directory/init.log")"
    plug_host "$(host_pid)"
}

# Starts libvirtd or sshd in the host and waits until it answers.
start_daemon() {
    case $1 in
        sshd)
            detached in_host /usr/sbin/sshd -E /var/log/sshd.log
            until_true 20 in_host test -s /run/sshd.pid || die "sshd of $host did not start; see $directory/log/sshd.log"
            ;;
        libvirtd)
            launch_libvirtd
            await_libvirtd
            ;;
        *) usage_error "'$1' is no daemon of a host: libvirtd or sshd" ;;
    esac
}

launch_libvirtd() { detached in_host /usr/sbin/libvirtd --daemon --pid-file /run/libvirtd.pid; }

# Runs a command without the open files that this script was given or has, above stderr: what outlives the script
# must not hold its caller's pipes or its own lock.
detached() (
    for descriptor in /proc/self/fd/*; do
        descriptor=${descriptor##*/}
        # 255 is the script itself, which no command inherits.
        if ((descriptor > 2 && descriptor != 255)); then exec {descriptor}>&-; fi
    done
    "$@"
)

await_libvirtd() {
    until_true 60 host_virsh version >/dev/null 2>&1 \
        || die "libvirtd of $host does not answer: $(host_virsh version 2>&1 | tail -n 2)"
}

# Succeeds if a daemon of the host lives.
daemon_runs() {
    # shellcheck disable=SC2016  # expanded in the host
    in_host sh -c 'pid=$(cat "/run/$1.pid") && grep -qx "$1" "/proc/$pid/comm"' sh "$1" 2>/dev/null
}

# virsh against the host's libvirtd, from outside it, so that file names in its arguments are the caller's.
host_virsh() {
    local pid
    pid=$(host_pid)
    virsh --quiet --connect "qemu+unix:///system?socket=/proc/$pid/root/run/libvirt/libvirt-sock" "$@"
}

# The pool that a Debian host has, and a network with its name on a bridge of the host's own. libvirt's default
# one would take dnsmasq and firewall rules, and libvirtd 9.0 crashes on a restart with it where dnsmasq is absent.
define_pool_and_network() {
    host_virsh pool-define-as default dir --target /var/lib/libvirt/images >/dev/null
    host_virsh pool-autostart default >/dev/null
    host_virsh pool-start default >/dev/null
    host_virsh net-define /dev/stdin >/dev/null <<'XML'
<network><name>default</name><forward mode='bridge'/><bridge name='br0'/></network>
XML
    host_virsh net-autostart default >/dev/null
    host_virsh net-start default >/dev/null
}

# Runs a command in the host, with an environment of its own.
in_host() {
    local pid
    pid=$(host_pid)
    nsenter --target "$pid" --mount --uts --ipc --net --pid --wdns=/root \
        env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

host_pid() { live_pid "$directory/pid" || die "host $host of lab '$lab_name' is not running; see $directory/init.log"; }

# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# Guests on the hosts.

help_guest() {
    cat <<'HELP'
Usage: lab guest HOST NAME [OPTIONS]
Puts a copy of the guest's image (see 'lab guest-image --help') into the host's default pool and defines a VM on it.
  --disk-format FORMAT   qcow2 (default) or raw
  --size SIZE            virtual size of the disk (default 2G)
  --memory MIB           memory in MiB (default 128, which is what it needs)
  --writes               the guest writes to its disk five times a second
  --dirties              it writes 16 MiB of its memory over and over
  --agent KIND           with a guest agent that answers or one that hangs when it is to freeze: answers, hangs
  --start                start it too
  --print-xml            print the domain XML instead; nothing is copied or defined
HELP
}

cmd_guest() {
    local value words=() format=qcow2 size=2G memory=128 writes='' dirties='' agent='' start='' print='' name disk pid
    load_lab
    while (($#)); do
        case $1 in
            --disk-format) option_value "$@"; format=$value; shift 2 ;;
            --size) option_value "$@"; size=$value; shift 2 ;;
            --memory) option_value "$@"; memory=$value; shift 2 ;;
            --writes) writes=1; shift ;;
            --dirties) dirties=1; shift ;;
            --agent) option_value "$@"; agent=$value; shift 2 ;;
            --start) start=1; shift ;;
            --print-xml) print=1; shift ;;
            -*) usage_error "guest has no option '$1'; see 'lab guest --help'" ;;
            *) words+=("$1"); shift ;;
        esac
    done
    ((${#words[@]} == 2)) || usage_error "guest takes a host and a name"
    select_host "${words[0]}"
    name=${words[1]}
    [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$ ]] || usage_error "'$name' is no name for a guest"
    [[ $memory =~ ^[1-9][0-9]{1,5}$ ]] || usage_error "'$memory' is no memory in MiB"
    [[ $format == raw || $format == qcow2 ]] || usage_error "'$format' is no format: raw or qcow2"
    [[ $agent =~ ^(|answers|hangs)$ ]] || usage_error "'$agent' is no kind of agent: answers or hangs"
    if [[ $print ]]; then
        guest_xml
        return
    fi
    ! host_virsh domuuid "$name" >/dev/null 2>&1 || die "$host has a guest '$name' already"
    # As the host sees it: something may be mounted there.
    pid=$(host_pid)
    disk=/proc/$pid/root/var/lib/libvirt/images/$name.$format
    [[ ! -e $disk ]] || die "/var/lib/libvirt/images/$name.$format is there already on $host"
    copy_image "$disk"
    chmod 0600 "$disk"
    host_virsh pool-refresh default >/dev/null
    guest_xml | host_virsh define /dev/stdin >/dev/null
    [[ -z $start ]] || host_virsh start "$name" >/dev/null
    say "guest '$name' is on $host${start:+ and started}"
}

guest_xml() {
    cat <<XML
<domain type='qemu'>
  <name>$name</name>
  <memory unit='MiB'>$memory</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features><acpi/></features>
  <cpu mode='custom'><model>qemu64</model></cpu>
  <clock offset='utc'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='$format' discard='unmap'/>
      <source file='/var/lib/libvirt/images/$name.$format'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <source network='default'/>
      <model type='virtio'/>
      <rom enabled='no'/>
    </interface>
    <serial type='file'>
      <source path='/var/log/libvirt/qemu/$name-console.log'/>
    </serial>
$(agent_channels)
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
XML
}

# The guest finds out by these what it is to do.
agent_channels() {
    local name names=()
    case $agent in
        answers) names=(org.qemu.guest_agent.0) ;;
        hangs) names=(org.qemu.guest_agent.0 kvm-clone.hangs) ;;
    esac
    for name in ${names[@]+"${names[@]}"}; do
        echo "    <channel type='unix'><target type='virtio' name='$name'/></channel>"
    done
}

# Sets `console` to the file, as seen from here, that a guest's serial port writes to. Clones keep their origin's.
find_console() {
    local path
    path=$(host_virsh dumpxml "$1" --xpath "//devices/serial[@type='file']/source/@path" \
        | sed -n "s/^ *path=\"\(.*\)\"$/\1/p" | head -n 1)
    [[ $path == /* ]] || die "guest '$1' of $host has no serial port that writes to a file"
    console=/proc/$(host_pid)/root$path
}

help_console() { echo "Usage: lab console HOST NAME
Prints what a guest has written to its serial console since it was started."; }

cmd_console() {
    local console
    load_lab
    (($# == 2)) || usage_error "console takes a host and a guest"
    select_host "$1"
    find_console "$2"
    [[ -f $console ]] || die "guest '$2' was not started on $host yet"
    cat "$console"
}

# Reads HOST NAME [--timeout S] and, if $1 is not 0, as many further words into `words`; sets `timeout`.
parse_guest_words() {
    local value more=$1 command=$2
    shift 2
    words=()
    while (($#)); do
        case $1 in
            --timeout) option_value "$@"; timeout=$value; shift 2 ;;
            -*) usage_error "$command has no option '$1'; see 'lab $command --help'" ;;
            *) words+=("$1"); shift ;;
        esac
    done
    ((${#words[@]} == 2 + more)) || usage_error "see 'lab $command --help'"
    [[ $timeout =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "'$timeout' is no time-out in seconds"
    select_host "${words[0]}"
}

help_wait_console() { echo "Usage: lab wait-console HOST NAME REGEX [--timeout SECONDS]
Waits until a line on a guest's console matches the extended regular expression, and prints the last that does.
The time-out is 90 seconds unless given."; }

cmd_wait_console() {
    local timeout=90 words
    load_lab
    parse_guest_words 1 wait-console "$@"
    await_line "${words[1]}" "${words[2]}"
}

await_line() {
    local console
    find_console "$1"
    if ! until_true "$timeout" has_line "$2"; then
        say "nothing like '$2' on the console of '$1' on $host within $timeout s; it ends with:"
        tail -n 3 "$console" >&2 || true
        return 1
    fi
    tr -d '\r' <"$console" | grep -aoE -- "$2.*" | tail -n 1
}

has_line() { grep -aqE -- "$1" "$console" 2>/dev/null; }

help_wait_boot() { echo "Usage: lab wait-boot HOST NAME [--timeout SECONDS]
Starts a guest unless it runs, waits until it says on its console that it is up, and prints that line, which holds
a checksum of the guest's disk. The time-out is 90 seconds unless given."; }

cmd_wait_boot() {
    local timeout=90 words
    load_lab
    parse_guest_words 0 wait-boot "$@"
    # Each start empties the console's file, so what it holds is of this boot.
    [[ $(host_virsh domstate "${words[1]}") == running ]] || host_virsh start "${words[1]}" >/dev/null
    await_line "${words[1]}" 'kvm-clone guest [0-9a-f-]+ is up, disk sum [0-9a-f]+'
}

help_shutdown() { echo "Usage: lab shutdown HOST NAME [--timeout SECONDS]
Asks a guest over ACPI to shut down and waits until it is off. The time-out is 30 seconds unless given; then the
guest still runs."; }

cmd_shutdown() {
    local timeout=30 words
    load_lab
    parse_guest_words 0 shutdown "$@"
    ! is_off "${words[1]}" || return 0
    host_virsh shutdown "${words[1]}" --mode acpi >/dev/null
    until_true "$timeout" is_off "${words[1]}" || die "guest '${words[1]}' on $host did not shut down within $timeout s"
}

is_off() { [[ $(host_virsh domstate "$1") == 'shut off' ]]; }

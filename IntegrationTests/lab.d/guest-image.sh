# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2154  # the parts share variables
# The guest's disk: boot loader, kernel and a small userland on a FAT partition, then runs of data between holes.
# Everything is written into the image file; nothing is mounted and no loop device is taken.

# In MiB. The boot partition ends before the first run of data; the writing guest has an area at the disk's end.
readonly partition_first=1 partition_length=27 run_length=8 run_count=24 writes_length=2

help_guest_image() {
    cat <<'HELP'
Usage: lab guest-image FILE [OPTIONS]
Builds a bootable sparse disk image: MBR, SYSLINUX, Debian's cloud kernel and busybox on the disk itself, then
24 runs of 8 MiB between holes, by turns text and random bytes, the same in every build.
  --size SIZE       virtual size (default 2G, at least 256M)
  --format FORMAT   raw (default) or qcow2
  --writes          the guest writes to its disk five times a second (default: it only reads)
  --dirties         it writes 16 MiB of its memory over and over
The image is built once and kept in KVM_CLONE_LAB_DIR until 'lab down --all'.
HELP
}

cmd_guest_image() {
    local value file='' size=2G format=raw writes='' dirties=''
    while (($#)); do
        case $1 in
            --size) option_value "$@"; size=$value; shift 2 ;;
            --format) option_value "$@"; format=$value; shift 2 ;;
            --writes) writes=1; shift ;;
            --dirties) dirties=1; shift ;;
            -*) usage_error "guest-image has no option '$1'; see 'lab guest-image --help'" ;;
            *) [[ -z $file ]] || usage_error "guest-image takes one file"; file=$1; shift ;;
        esac
    done
    [[ $file ]] || usage_error "guest-image needs a file to write"
    mkdir -p "$base"
    copy_image "$file"
}

# Writes an image of `size`, `format`, `writes` and `dirties` to the file $1.
copy_image() {
    local image
    [[ $format == raw || $format == qcow2 ]] || usage_error "'$format' is no format: raw or qcow2"
    image=$(cached_image)
    if [[ $format == raw ]]; then
        set -- "$1" cp --sparse=always --reflink=auto "$image" "$1"
    else
        set -- "$1" qemu-img convert -q -f raw -O qcow2 "$image" "$1"
    fi
    "${@:2}" || {
        rm -f -- "$1"
        die "could not write $1"
    }
}

# Prints the path of a raw image of `size`, built now if it isn't there. Its name holds a digest of what it is
# made from, so that a newer kernel or script makes another.
cached_image() {
    local mib kernel version image
    mib=$(mebibytes "$size")
    ((mib >= 256)) || usage_error "'$size' is too small for the guest's disk: at least 256M"
    kernel=$(guest_kernel) || die "there is no cloud kernel in /boot; install linux-image-cloud-amd64"
    version=${kernel#*/vmlinuz-}
    image=$base/.images/$(cat "$kernel" "$lab_parts"/guest-image.sh "$lab_parts/guest-init" "$lab_parts/guest-agent" | sha256sum | head -c 16)
    image+=-${mib}M${writes:+-writes}${dirties:+-dirties}.raw
    (
        umask 077
        mkdir -p "$base/.images"
        exec 8>"$base/.images/lock"
        flock 8
        if [[ ! -f $image ]]; then
            scratch=$(mktemp -d "$base/.images/build.XXXXXX")
            trap 'rm -rf -- "$scratch"' EXIT
            build_image >&2
            mv "$scratch/disk" "$image"
        fi
    )
    printf '%s\n' "$image"
}

# The newest cloud kernel that has its modules.
guest_kernel() {
    local kernel
    while read -r kernel; do
        [[ -d /lib/modules/${kernel#*/vmlinuz-} ]] || continue
        printf '%s\n' "$kernel"
        return
    done < <(find /boot -maxdepth 1 -name 'vmlinuz-*cloud-amd64' | sort --version-sort --reverse)
    return 1
}

mebibytes() {
    [[ $1 =~ ^([0-9]{1,7})(M|G)$ ]] || usage_error "'$1' is no size; write it as 512M or 2G"
    if [[ ${BASH_REMATCH[2]} == G ]]; then echo $((BASH_REMATCH[1] * 1024)); else echo "${BASH_REMATCH[1]}"; fi
}

# Prints the first MiB of each run of data, spread evenly over the disk.
run_positions() {
    local first=$((partition_first + partition_length)) stride number
    stride=$(((mib - writes_length - first) / run_count))
    for ((number = 0; number < run_count; number++)); do echo $((first + number * stride)); done
}

build_image() {
    local disk=$scratch/disk number=0 position
    truncate --size="${mib}M" "$disk"
    make_initramfs
    make_boot_partition
    for position in $(run_positions); do
        run_of_data "$number" | dd of="$disk" bs=1M seek="$position" iflag=fullblock conv=notrunc status=none
        number=$((number + 1))
    done
}

# Prints 8 MiB, always the same for a number: a hex dump if it is even, random bytes if it is odd.
run_of_data() {
    local bytes=$((run_length << 20))
    if (($1 % 2)); then
        random_bytes "$1" "$bytes"
    else
        # A line of 64 characters tells 28 bytes.
        random_bytes "$1" $((bytes * 28 / 64)) | od -An -v -tx4 -w28
    fi
}

random_bytes() {
    head -c "$2" /dev/zero \
        | openssl enc -aes-128-ctr -K 6b766d2d636c6f6e6520677565737421 -iv "$(printf '%032x' $(($1 << 32)))"
}

make_boot_partition() {
    local partition=$disk@@${partition_first}M sectors=$((partition_length * 2048))
    printf 'start=%d, size=%d, type=e, bootable\n' $((partition_first * 2048)) "$sectors" \
        | sfdisk --quiet --label dos "$disk"
    dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
    cat >"$scratch/syslinux.cfg" <<CONF
DEFAULT guest
LABEL guest
LINUX vmlinuz
INITRD initrd
APPEND console=ttyS0 quiet panic=-1 no_timer_check mitigations=off nokaslr${writes:+ kvm_clone_writes}${dirties:+ kvm_clone_dirties}
CONF
    cp "$kernel" "$scratch/vmlinuz"
    mformat -i "$partition" -T "$sectors" -h 255 -s 63 -H $((partition_first * 2048)) -N 4b564d31 -v LABGUEST ::
    mcopy -i "$partition" "$scratch"/{vmlinuz,initrd,syslinux.cfg} ::
    syslinux --install --offset $((partition_first << 20)) "$disk"
}

make_initramfs() {
    local tree=$scratch/tree module file position
    mkdir -p "$tree"/{bin,dev,proc,sys,modules}
    cp "$(type -P busybox)" "$tree/bin/busybox"
    install -m 0755 "$lab_parts/guest-init" "$tree/init"
    install -m 0755 "$lab_parts/guest-agent" "$tree/agent"
    # modprobe knows what these need, and in which order.
    modprobe --set-version "$version" --show-depends --all virtio_pci virtio_blk virtio_net virtio_console button evdev \
        | while read -r word file _; do
            [[ $word == insmod ]] || continue
            module=$(basename "$file" .xz)
            [[ ! -f $tree/modules/$module ]] || continue
            if [[ $file == *.xz ]]; then xz -dc "$file"; else cat "$file"; fi >"$tree/modules/$module"
            echo "$module" >>"$tree/modules/order"
        done
    {
        echo "0 $((partition_first + partition_length))"
        for position in $(run_positions); do echo "$position $run_length"; done
    } >"$tree/layout"
    echo $((mib - writes_length)) >"$tree/writes"
    (cd "$tree" && find . -print0 | sort -z | cpio --null --create --format=newc --owner=0:0 --quiet | gzip -n) \
        >"$scratch/initrd"
}

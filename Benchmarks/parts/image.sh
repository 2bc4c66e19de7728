# shellcheck shell=bash disable=SC2154  # the parts share variables
# The image: 4 GiB, of which 1 GiB is data in runs of 8 MiB between holes, in turn real files and random bytes.

# Writes the image to a file.
make_image() {
    local file=$1 run mib=$((1 << 20))
    rm -f "$file"
    truncate -s 4G "$file"
    # Readers that end early are no failure of tar's.
    { tar -C / --sort=name -cf - usr 2>>"$work/log" || true; } | head -c 512M >"$work/files"
    (($(stat -c %s "$work/files") == 512 * mib)) || die "/usr holds less than 512 MiB"
    for ((run = 0; run < 128; run++)); do
        if ((run % 2)); then
            dd if=/dev/urandom bs=1M count=8 iflag=fullblock status=none
        else
            dd if="$work/files" bs=1M skip=$((run * 4)) count=8 status=none
        fi | dd of="$file" bs=1M seek=$((run * 32)) iflag=fullblock conv=notrunc status=none
    done
    rm -f "$work/files"
    sync "$file"
}

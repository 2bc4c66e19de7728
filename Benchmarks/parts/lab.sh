# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables
# The lab that the benchmarks run on, and hosts without a hypervisor for `list`.

lab_name=bench
labs=()
declare -A pid_of=() address_of=()
lab() { "$repository/IntegrationTests/lab" --name "$lab_name" "$@"; }
on() { lab exec "$@"; }

# No user's configuration, keys or state: they must not change what is measured.
keep_apart() {
    # What an earlier run has left interrupted would be gone on with.
    rm -rf -- "${work:?}"/state
    mkdir -p "$work"/{state,config,cache}
    export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache KVM_CLONE_CONFIG=''
}

start_lab() {
    local host
    bring_up 4
    lab topology >"$work/topology.yaml"
    for host in kvm2 kvm3 kvm4; do lab trust kvm1 "$host"; done
    kvm_clone_with=("$kvm_clone" --quiet -t "$work/topology.yaml")
}

# Starts the lab `lab_name` and sets its hosts' `pid_of` and `address_of`: `bring_up COUNT [OPTION...]`
bring_up() {
    local name host address pid
    labs+=("$lab_name")
    lab up "$@" >>"$work/log" 2>&1 || die "the lab does not start: $(tail -n 2 "$work/log")"
    while read -r name host address pid _; do
        if [[ $name == "$lab_name" ]]; then pid_of[$host]=$pid address_of[$host]=$address; fi
    done < <(lab list)
}

take_down() {
    local status=$?
    trap - EXIT
    # Whoever read the output may be gone; the lab ends all the same.
    trap '' PIPE
    set +e
    [[ ! -d $work/embedded ]] || "$repository/IntegrationTests/embedded" down "$work/embedded"
    for lab_name in "${labs[@]}"; do
        lab down >>"$work/log" 2>&1 || say "the lab '$lab_name' did not end; see $work/log"
    done
    ((status == 0)) || say "stopped with status $status; see $work/log"
    exit "$status"
}

# A host's folder of images, as seen from here.
images_of() { printf '/proc/%s/root%s\n' "${pid_of[$1]}" "$images"; }

# Defines a VM that is shut off, on the image NAME.FORMAT which lies in the host's pool.
define_vm() {
    local host=$1 name=$2 format=$3 file
    file=$work/$name.xml
    # The image may be there already, which --print-xml does not mind.
    lab guest "$host" "$name" --disk-format "$format" --print-xml >"$file"
    chown libvirt-qemu: "$(images_of "$host")/$name.$format" 2>/dev/null || true
    lab virsh "$host" define "$file" >>"$work/log"
}

# Removes a copy, and waits until its removal is over on the medium too.
remove_copy() {
    local host=$1 name=$2 folder
    folder=$(images_of "$host")
    lab virsh "$host" undefine "$name" >>"$work/log" 2>&1 || true
    rm -f "${folder:?}/$name".* "${folder:?}/$name"
    rm -f "${folder:?}/$name"[-_]*
    sync -f "$folder"
}

# Removes a VM of the source.
remove_vm() { remove_copy kvm1 "$1"; }

# Brings the data of a sparse file, not its holes, into the page cache.
warm() { tar -Scf - -- "$1" 2>/dev/null | cat >/dev/null; }

# shellcheck shell=bash disable=SC2154  # the parts share variables
# A listing of four hosts with 50 VMs each, on libvirt's test driver.

part_list() {
    local run host vm folder=$work/embedded script
    "$repository/IntegrationTests/embedded" up 4 "$folder"
    "$repository/IntegrationTests/embedded" topology "$folder" >"$work/embedded.yaml"
    for host in 1 2 3 4; do
        script=$work/define
        : >"$script"
        for ((vm = 1; vm <= 50; vm++)); do
            truncate -s 1G "$folder/host$host/pool/vm$vm.raw"
            list_vm "vm$vm" "$folder/host$host/pool/vm$vm.raw" >"$work/vm$vm.xml"
            echo "define $work/vm$vm.xml" >>"$script"
        done
        virsh -q -k 0 -c "test+unix:///default?socket=$folder/host$host/state/run/libvirt-sock" \
            <"$script" >>"$work/log" 2>&1
        rm -f "$work"/vm*.xml
    done
    "$kvm_clone" -t "$work/embedded.yaml" list >"$work/list.txt"
    (($(grep -c 'vm[0-9]' "$work/list.txt") == 200)) || die "the listing has not 200 VMs; see $work/list.txt"
    for ((run = 0; run < runs; run++)); do timed list "$kvm_clone" -t "$work/embedded.yaml" list; done
    "$repository/IntegrationTests/embedded" down "$folder"
}

list_vm() {
    cat <<XML
<domain type='test'>
  <name>$1</name><memory unit='MiB'>512</memory><vcpu>1</vcpu><os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='$2'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'><source network='default'/></interface>
  </devices>
</domain>
XML
}

/// A VM that tests copy.
package struct MachineRecipe: Sendable, Equatable {
    package var name: String
    package var uuid: String
    package var memory: Int
    package var vcpus: Int
    package var disks: [DiskRecipe]
    package var networks: [String]
    /// More elements below `<devices>`, as XML.
    package var moreDevices: String
    /// `test`, `qemu` or `kvm`.
    package var type = "test"

    /// `memory` in MiB.
    package init(
        name: String = "web01", uuid: String = "6a1e1c1e-0000-4000-8000-0000000000a1", memory: Int = 64, vcpus: Int = 1,
        disks: [DiskRecipe] = [DiskRecipe()], networks: [String] = ["default"], moreDevices: String = ""
    ) {
        self.name = name
        self.uuid = uuid
        self.memory = memory
        self.vcpus = vcpus
        self.disks = disks
        self.networks = networks
        self.moreDevices = moreDevices
    }

    /// Its domain XML, with disks in `folder`, for libvirt's test driver.
    package func xml(folder: String) -> String {
        let disks = disks.map { disk in
            """
                <disk type='file' device='disk'>
                  <driver name='qemu' type='\(disk.format)'/>
                  <source file='\(folder)/\(disk.fileName(machine: name))'/>
                  <target dev='\(disk.target)' bus='virtio'/>
                </disk>
            """
        }
        let interfaces = networks.enumerated().map { number, network in
            """
                <interface type='network'>
                  <mac address='52:54:00:aa:00:0\(number)'/>
                  <source network='\(network)'/>
                </interface>
            """
        }
        return """
            <domain type='\(type)'>
              <name>\(name)</name>
              <uuid>\(uuid)</uuid>
              <memory unit='MiB'>\(memory)</memory>
              <currentMemory unit='MiB'>\(memory)</currentMemory>
              <vcpu>\(vcpus)</vcpu>
              <os>
                <type>hvm</type>
              </os>
              <devices>
            \((disks + interfaces).joined(separator: "\n"))
            \(moreDevices)
              </devices>
            </domain>
            """
    }

    /// Makes its disks in `folder`. Blocks.
    package func makeDisks(in folder: String) throws {
        for disk in disks { try disk.make(at: folder + "/" + disk.fileName(machine: name)) }
    }
}

/// Names of the files that an operation has in a pool's folder for a while.
package enum OperationFiles {
    /// What all of them start with.
    package static let prefix = ".kvm-clone-"

    /// Where `operation` writes its file `number` before that is complete.
    package static func partial(_ number: Int, operation: String) -> String {
        "\(prefix)\(operation)-\(number).partial"
    }

    /// Where `operation` moves the file `name` that it replaces.
    package static func setAside(_ name: String, operation: String) -> String {
        "\(prefix)\(operation)-replaced-\(name)"
    }

    /// Where QEMU keeps what a guest overwrites on its disk `number` while `operation` reads the disk as it was.
    package static func scratch(_ number: Int, operation: String) -> String {
        "\(prefix)\(operation)-\(number)\(scratchSuffix)"
    }

    /// Where the guest writes to while `operation` copies the image below: the disk `disk` of the VM `vm`. It has data that is
    /// nowhere else, and no prefix, so that nothing takes it for a leftover.
    package static func overlay(of vm: String, disk: String, operation: String) -> String {
        "\(vm)-\(disk).kvm-clone-\(operation).qcow2"
    }

    /// What the names of such files end with.
    package static let scratchSuffix = ".scratch"
}

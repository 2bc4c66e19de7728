/// Names of the files that an operation has in a pool's folder for a while.
package enum OperationFiles {
    /// What all of them start with.
    package static let prefix = ".kvm-clone-"

    /// Where `operation` moves the file `name` that it replaces.
    package static func setAside(_ name: String, operation: String) -> String {
        "\(prefix)\(operation)-replaced-\(name)"
    }
}

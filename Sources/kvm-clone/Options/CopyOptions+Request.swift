import Interface
import KVMClone
import Model

extension CopyOptions {
    /// The options with everything that the configuration adds. Reads the network file, if one is named.
    func cloneOptions(_ configuration: Configuration) throws(KVMCloneError) -> CloneOptions {
        if let newName { try Validation.vm(newName) }
        var options = try transfer.cloneOptions(configuration)
        options.newName = newName
        options.force = force
        options.preserveMAC = preserveMAC
        options.view = view
        options.flatten = flatten
        options.copyMedia = copyMedia
        return options
    }
}

extension TransferOptions {
    /// The options with everything that the configuration adds. Reads the network file, if one is named.
    func cloneOptions(_ configuration: Configuration) throws(KVMCloneError) -> CloneOptions {
        var options = CloneOptions()
        options.parallel = configuration.integer(.transferParallel) ?? options.parallel
        options.compression = configuration.compression
        options.verify = configuration.flag(.transferVerify)
        if let timeout { options.stallTimeout = try Rules.seconds(timeout, field: "timeout") }
        if let deadline {
            options.deadline = try Rules.whole(
                deadline, in: 1...31_536_000, code: .invalidTimeout, what: "a time in seconds", field: "deadline")
        }
        if let networkConfig { options.networkMap = try NetworkMap.read(networkConfig) }
        if let pool { options.pool = try Self.poolName(pool) }
        options.bandwidthLimit = configuration.bandwidthLimit
        options.consistency = consistency
        options.path = path
        options.fanOut = fanOut
        return options
    }

    private static func poolName(_ name: String) throws(KVMCloneError) -> String {
        guard (1...255).contains(name.utf8.count), !name.contains("/"), name.first != "-",
            name.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 })
        else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(name))' can't be a pool's name",
                whatToDo: "name one of those that `kvm-clone doctor` shows", field: "pool")
        }
        return name
    }
}

/// `SRC DST[,DST…] VM`, targets with commas or as words of their own.
struct CopyOperands: Equatable {
    var source: String
    var targets: [String]
    var vm: String

    init(_ words: [String]) throws(KVMCloneError) {
        guard words.count >= 3, let source = words.first, let vm = words.last else {
            let missing = ["SRC", "DST", "VM"].dropFirst(words.count).joined(separator: " and ")
            throw KVMCloneError(
                .validation, "\(missing) \(words.count == 2 ? "is" : "are") missing",
                whatToDo: "name the source host, the target hosts and the VM: SRC DST[,DST...] VM", field: "arguments")
        }
        self.source = source
        self.vm = vm
        targets = words[1..<(words.count - 1)].flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        try Self.checkHost(source, field: "source_host")
        var seen: Set<String> = []
        for target in targets {
            try Self.checkHost(target, field: "dest_host")
            guard target != source else {
                throw KVMCloneError(
                    .validation, "'\(target)' is both source and target", whatToDo: "name another target",
                    field: "dest_host")
            }
            guard seen.insert(target).inserted else {
                throw KVMCloneError(
                    .validation, "the target '\(target)' is named twice", whatToDo: "name it once", field: "dest_host")
            }
        }
        try Validation.vm(vm)
    }

    /// Names, `user@name`, libvirt URIs and ranges such as `kvm[2:4]`; what they stand for is the topology's matter.
    static func checkHost(_ host: String, field: String) throws(KVMCloneError) {
        if host.contains("://") || host.contains("[") {
            guard host.utf8.count <= 255, host.first != "-", host.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
                throw KVMCloneError(
                    .invalidHost, "'\(Validation.printable(host))' is not a host",
                    whatToDo: "use a host's name, an SSH name or a libvirt URI", field: field)
            }
            return
        }
        let name = host.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).last.map(String.init)
        do throws(KVMCloneError) {
            guard host.first != "@", host.first != "-" else {
                throw KVMCloneError(.invalidHost, "'\(Validation.printable(host))' is not a host name or address")
            }
            try Validation.host(name ?? "")
        } catch {
            var error = error
            error.field = field
            throw error
        }
    }
}

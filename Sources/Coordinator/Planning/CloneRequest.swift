import Model

/// What `clone`, `replicate`, `sync` or `migrate` is asked to do, or which copies `diff` or `verify` are to compare.
public struct CloneRequest: Sendable, Equatable {
    /// Which of them it is.
    public var kind: OperationKind
    /// The source VM's name.
    public var vm: String
    /// The host that it is copied from.
    public var source: String
    /// The hosts that it is copied to.
    public var targets: [String]
    /// How.
    public var options: CloneOptions

    /// Makes a request from its parts.
    public init(kind: OperationKind, vm: String, source: String, targets: [String], options: CloneOptions = .init()) {
        self.kind = kind
        self.vm = vm
        self.source = source
        self.targets = targets
        self.options = options
    }

    /// The copy's name: as asked, else `{VM}_clone` for a clone and the VM's own for a replication.
    public var newName: String {
        switch (options.newName, kind) {
        case (let name?, _): name
        case (nil, .clone): "\(vm)_clone"
        case (nil, .replicate), (nil, .sync), (nil, .promote), (nil, .diff), (nil, .verify), (nil, .migrate): vm
        }
    }

    /// True when both make the same copies of the same VM on the same hosts, however that comes about.
    package func doesTheSame(as other: CloneRequest) -> Bool {
        kind == other.kind && vm == other.vm && source == other.source && Set(targets) == Set(other.targets)
            && options.makesTheSame(as: other.options)
    }

    /// Throws for names that can't be, and for requests that make no sense.
    package func validate() throws(KVMCloneError) {
        try Validation.vm(newName)
        guard !targets.isEmpty else {
            throw KVMCloneError(.validation, "no target host", whatToDo: "name at least one", field: "DST")
        }
        for (index, target) in targets.enumerated() {
            guard target != source else {
                throw KVMCloneError(
                    .validation, "source and target are the same host, '\(target)'",
                    whatToDo: "name another target host", field: "DST")
            }
            guard !targets[..<index].contains(target) else {
                throw KVMCloneError(
                    .validation, "target '\(target)' is named twice", whatToDo: "name it once", field: "DST")
            }
        }
        guard (1...16).contains(options.parallel) else {
            throw KVMCloneError(
                .validation, "\(options.parallel) streams", whatToDo: "choose 1 to 16", field: "--parallel")
        }
        guard (1...86400).contains(options.stallTimeout) else {
            throw KVMCloneError(
                .invalidTimeout, "a time-out of \(options.stallTimeout) s", whatToDo: "choose 1 to 86400 seconds",
                field: "--timeout")
        }
    }
}

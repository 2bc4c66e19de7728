import Model

/// A step of an operation that was neither undone nor settled.
public struct OpenStep: Sendable, Codable, Equatable {
    /// The host that it acted on.
    public var host: String
    /// What it did.
    public var step: String
    /// What its undo does.
    public var undo: String
}

/// What cleaning up after one operation has come to.
public struct CleanUpReport: Sendable, Codable, Equatable {
    /// What became of one step.
    public struct Entry: Sendable, Codable, Equatable {
        /// The step.
        public var step: OpenStep
        /// Why it couldn't be undone; nil when it was.
        public var error: KVMCloneError?

        package init(step: OpenStep, error: KVMCloneError?) {
            self.step = step
            self.error = error
        }
    }

    /// The operation's id.
    public var id: OperationID
    /// What it did.
    public var kind: OperationKind
    /// The source VM.
    public var vm: String
    /// Its state afterwards.
    public var state: OperationState
    /// Its steps, in the order in which they were taken up; those of different hosts at the same time.
    public var entries: [Entry]

    package init(
        id: OperationID, kind: OperationKind, vm: String, state: OperationState, entries: [Entry]
    ) {
        self.id = id
        self.kind = kind
        self.vm = vm
        self.state = state
        self.entries = entries
    }

    /// True when nothing of the operation is left to undo.
    public var isClean: Bool { entries.allSatisfy { $0.error == nil } }
}

extension [CleanUpReport.Entry] {
    /// What couldn't be done, a sentence each.
    var complaints: [String] {
        compactMap { entry in
            entry.error.map { "\(entry.step.host): \(entry.step.step); not done: \(entry.step.undo): \($0)" }
        }
    }
}

extension OpenStep {
    /// Says for people what `step` did.
    package init(_ step: Step) {
        host = step.host
        switch step {
        case .claim: (self.step, undo) = ("names claimed", "release the claims")
        case .backup: (self.step, undo) = ("backup of the running VM begun", "end it, and thaw the guest")
        case .checkpoint(_, _, let name): (self.step, undo) = ("checkpoint \(name) made", "remove it")
        case .openSend: (self.step, undo) = ("source disks opened and locked", "close and unlock them")
        case .openReceive(_, _, let folders):
            (self.step, undo) = (
                "partial files made in \(folders.joined(separator: ", "))", "remove the partial files"
            )
        case .publish(_, _, _, let files):
            (self.step, undo) = (
                "disks published: \(files.map(\.path).joined(separator: ", "))",
                "remove them, and bring back the files that they replaced"
            )
        case .redefine(_, let uuid, _):
            (self.step, undo) = ("the VM \(uuid) defined with overlays", "define it with its own disks")
        case .undefine(_, let uuid, _):
            (self.step, undo) = ("the VM \(uuid) undefined, to be replaced", "define it again")
        case .define(_, let uuid): (self.step, undo) = ("the copy \(uuid) defined", "undefine it")
        case .switchReplica(_, _, let replica, let generation, let previous):
            self.step = "generation \(generation) of the replica \(replica) begun"
            undo = previous.map { "go back to generation \($0.generation)" } ?? "forget the replica"
        case .mergeReplica(_, _, let replica, _, _, _):
            (self.step, undo) = ("\(replica) has its new state", "merge that, and release the claims")
        case .removeReplica(_, _, let replica, _):
            (self.step, undo) = ("the replica \(replica) was promoted", "forget the replica, and release the claims")
        case .detach: (self.step, undo) = ("the VM's autostart and checkpoints noted", "give them back")
        case .shutDown(_, let uuid): (self.step, undo) = ("the VM \(uuid) shut down", "start it")
        case .depart(_, let uuid, _):
            (self.step, undo) = ("the VM \(uuid) undefined, to be moved", "define it again")
        case .arrive(_, let uuid): (self.step, undo) = ("the VM \(uuid) defined on its new host", "undefine it")
        case .handOver(let handOver):
            (self.step, undo) = ("the VM \(handOver.name) belongs to this host", "complete its move")
        case .tunnel: (self.step, undo) = ("a tunnel for memory and disks opened", "close it")
        case .seed(let seed):
            (self.step, undo) = (
                "overlays on the disks of \(seed.name)", "merge them into the disks, and remove them"
            )
        case .moveLive(let move):
            (self.step, undo) = (
                "the running VM \(move.name) moved", "find out where it is, and end what is left elsewhere"
            )
        case .tidy:
            (self.step, undo) = ("the copy is complete", "remove what it has replaced, and release the claims")
        }
    }
}

import AgentProtocol
import Model

/// Where operations and their steps are written down before they act.
package protocol Journal: Sendable {
    /// Writes down an operation that is about to begin; `request` is what was asked for, and `owner` says which
    /// process runs it.
    func begin(
        _ status: OperationStatus, request: CloneRequest?, owner: ProcessIdentity
    ) async throws(KVMCloneError)

    /// Replaces what is written of an operation.
    func update(_ status: OperationStatus) async throws(KVMCloneError)

    /// Writes a step down before it acts. Returns the record's number within the operation.
    func willDo(_ step: Step, operation: OperationID) async throws(KVMCloneError) -> Int

    /// Notes that the undo of some steps is no longer needed: they were undone, or what they did is to stay. All of
    /// them or none.
    func forget(_ records: [Int], operation: OperationID) async throws(KVMCloneError)

    /// Forgets steps as `forget` does, and notes in the same write that the target `host` has its copy and what is left to
    /// do there. Returns that step's number.
    func settle(
        _ records: [Int], host: String, leaving step: Step, operation: OperationID
    ) async throws(KVMCloneError) -> Int

    /// The targets that have their copy.
    func settledTargets(of operation: OperationID) async throws(KVMCloneError) -> Set<String>

    /// Gives an operation that is interrupted, or whose process is gone, to another process: it runs again, nobody asks
    /// it to stop any more, and `request` is what it is to do now. Answers which run of it this is, from 2. Throws, with
    /// exit code 75, when a process works on it, and when it has ended.
    func takeOver(
        _ id: OperationID, request: CloneRequest, owner: ProcessIdentity
    ) async throws(KVMCloneError) -> Int

    /// Steps of an operation that may still have to be undone, oldest first.
    func openSteps(of operation: OperationID) async throws(KVMCloneError) -> [StepRecord]

    /// An operation; nil when none has that id.
    func operation(_ id: OperationID) async throws(KVMCloneError) -> OperationStatus?

    /// Operations, newest first.
    func operations(includingEnded: Bool) async throws(KVMCloneError) -> [OperationStatus]

    /// Which process runs, or ran, an operation.
    func owner(of operation: OperationID) async throws(KVMCloneError) -> ProcessIdentity?

    /// What an operation was asked to do; nil where that wasn't written down.
    func request(of operation: OperationID) async throws(KVMCloneError) -> CloneRequest?

    /// Asks whichever process runs the operation to stop.
    func requestStop(_ id: OperationID, _ ending: StopEnding) async throws(KVMCloneError)

    /// How someone has asked the operation to stop; nil when nobody has.
    func requestedStop(of id: OperationID) async throws(KVMCloneError) -> StopEnding?

    /// Remembers what the network between two hosts was seen to carry, smoothed with what was seen before.
    func remember(_ rate: ObservedRate) async throws(KVMCloneError)

    /// Rates that are remembered and still count at a time, in seconds since 1970: one for each pair of hosts and
    /// direction.
    func observedRates(at time: Int) async throws(KVMCloneError) -> [ObservedRate]
}

extension Journal {
    /// Writes down an operation of which only its status is known.
    package func begin(_ status: OperationStatus, owner: ProcessIdentity) async throws(KVMCloneError) {
        try await begin(status, request: nil, owner: owner)
    }
}

/// One process in the life of a machine: the id alone is used again after a while.
package struct ProcessIdentity: Sendable, Codable, Equatable {
    package var processID: Int32
    /// When it started, in the kernel's clock ticks since boot.
    package var startTicks: UInt64
    /// The boot that it runs in.
    package var bootID: String

    package init(processID: Int32, startTicks: UInt64, bootID: String) {
        self.processID = processID
        self.startTicks = startTicks
        self.bootID = bootID
    }
}

/// What an operation does to a host, with all that its undo needs.
package enum Step: Sendable, Codable, Equatable {
    /// Names are claimed on the host.
    case claim(host: String)
    /// The source's disks are opened and locked.
    case openSend(host: String, job: HexBytes)
    /// A running VM's disks are shown as they were by a backup job, with a guard.
    case backup(host: String, backup: BackupIdentity)
    /// A checkpoint of a running VM is made.
    case checkpoint(host: String, domain: String, name: String)
    /// Partial files are made.
    case openReceive(host: String, job: HexBytes, folders: [String])
    /// Partial files get their final names.
    case publish(host: String, job: HexBytes, folders: [String], files: [Sweep.Published])
    /// A domain of the copy's name is undefined, because it is to be replaced.
    case undefine(host: String, uuid: String, xml: String)
    /// The copy is defined.
    case define(host: String, uuid: String)
    /// The copy stands. What was set aside or kept beside its files goes, and names are given back: this is done, and not
    /// undone, by whoever finds it.
    case tidy(host: String, folders: [String], files: [String])
    /// A replica's record is made, or replaced by that of a new generation.
    case switchReplica(
        host: String, folder: String, replica: String, generation: Int, previous: ReplicaRecord?)
    /// The replica has its new state. Overlays are merged, and names given back: this is done, and not undone, by whoever
    /// finds it. `jobs` have made them, and compared what lies below.
    /// `definition`: of the VM whose disks they are, which it gets back then; nil for a replica.
    case mergeReplica(
        host: String, folder: String, replica: String, jobs: [HexBytes], files: [String], definition: String?)
    /// A VM is defined with overlays on top of its disks; `xml` is without them.
    case redefine(host: String, uuid: String, xml: String)
    /// What libvirt keeps of a VM that moves away, beside its definition.
    case detach(host: String, uuid: String, attachments: DomainAttachments)
    /// A VM that moves away is shut down.
    case shutDown(host: String, uuid: String)
    /// A VM that moves away is undefined. It comes back only where it is known not to be on its new host.
    case depart(host: String, uuid: String, xml: String)
    /// A VM that moves is defined on its new host.
    case arrive(host: String, uuid: String)
    /// A VM belongs to its new host: this is completed, and not undone, by whoever finds it.
    case handOver(HandOver)
    /// A running VM gets overlays on its disks, so that what is below can be copied.
    case seed(Overlays)
    /// A tunnel for a VM's memory and disks is opened.
    case tunnel(host: String, job: HexBytes)
    /// A running VM moves. How that ended only the two hosts know.
    case moveLive(LiveMove)
    /// A replica that was promoted is one no more.
    case removeReplica(host: String, folder: String, replica: String, generation: Int)

    /// The host that the step acts on.
    package var host: String {
        switch self {
        case .claim(let host), .openSend(let host, _), .openReceive(let host, _, _), .publish(let host, _, _, _),
            .undefine(let host, _, _), .define(let host, _), .tidy(let host, _, _), .backup(let host, _),
            .switchReplica(let host, _, _, _, _), .mergeReplica(let host, _, _, _, _, _), .redefine(let host, _, _),
            .checkpoint(let host, _, _),
            .removeReplica(let host, _, _, _), .detach(let host, _, _), .shutDown(let host, _),
            .depart(let host, _, _), .arrive(let host, _), .tunnel(let host, _):
            host
        case .handOver(let handOver): handOver.host
        case .seed(let seed): seed.host
        case .moveLive(let move): move.target
        }
    }

    /// True for the steps of a migration that its copies don't take.
    var movesVM: Bool {
        switch self {
        case .detach, .shutDown, .depart, .arrive, .handOver, .seed, .moveLive: true
        default: false
        }
    }

    /// True when it changes which VMs or replicas there are.
    var isDefinition: Bool {
        switch self {
        case .undefine, .define, .redefine, .switchReplica: true
        case .claim, .openSend, .backup, .checkpoint, .openReceive, .publish, .tidy, .mergeReplica, .removeReplica,
            .detach, .shutDown, .depart, .arrive, .handOver, .tunnel, .seed, .moveLive:
            false
        }
    }
}

/// A step as it is written down.
package struct StepRecord: Sendable, Equatable {
    package var number: Int
    package var step: Step

    package init(number: Int, step: Step) {
        self.number = number
        self.step = step
    }
}

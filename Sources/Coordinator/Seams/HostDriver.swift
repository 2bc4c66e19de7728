import AgentProtocol
import Model

/// One machine, as the coordinator sees it. The real one is `actor Host`; tests have fakes. Both pass the same
/// conformance suite.
///
/// No call blocks the caller's thread. Every error names the host.
package protocol HostDriver: Sendable {
    /// The host's name in the topology, or as it was typed.
    var name: String { get }

    /// What the topology says of the host, with what was resolved since.
    func profile() async throws(KVMCloneError) -> HostProfile

    /// How the host is reached; `unknown` before it was.
    func connection() async -> ConnectionReport

    /// What the agent says of itself and its machine.
    func greet() async throws(KVMCloneError) -> Hello.Response

    /// Ends the agent and removes what was installed for it.
    func purge() async throws(KVMCloneError)

    /// Asks the agent, which is started (and installed) when none is running. The answer to a request about a job
    /// that a dead agent held is an error.
    func call<R: AgentRequest>(_ request: R) async throws(KVMCloneError) -> R.Response

    /// Asks the running agent whether it still answers, and returns when it does, or at once when none runs. Throws when
    /// it ends meanwhile.
    func ping() async throws(KVMCloneError)

    /// Gives the running agent up, which may hang: whoever waits for its answers gets `reason`. The next call starts
    /// another one.
    func abandon(_ reason: KVMCloneError) async

    /// What the agent tells by itself. Each call makes a stream of its own; it ends with `close`.
    func agentEvents() async -> AsyncStream<AgentEvent>

    /// What libvirt says of the machine, its pools and networks.
    func hypervisor() async throws(KVMCloneError) -> HypervisorFacts

    /// What libvirt says that domains of a kind can have on the machine; nil where the driver doesn't tell.
    func domainCapabilities(of kind: MachineKind) async throws(KVMCloneError) -> String?

    /// Compares a guest's CPU, a `<cpu>` element, with what the machine can give such a domain; nil where the driver doesn't
    /// tell.
    func compare(cpu: String, of kind: MachineKind) async throws(KVMCloneError) -> CPUFit?

    /// The largest CPU that hosts with all of these CPUs can give, as a `<cpu>` element; nil where the driver doesn't tell.
    func baseline(ofCPUs cpus: [String], of kind: MachineKind) async throws(KVMCloneError) -> String?

    /// All defined or running domains.
    func domains() async throws(KVMCloneError) -> [DomainRecord]

    /// The domain of that name; nil when there is none.
    func domain(named name: String) async throws(KVMCloneError) -> DomainRecord?

    /// Defines a domain, or changes the definition of the one with the same uuid.
    func define(_ xml: String) async throws(KVMCloneError)

    /// Undefines a domain; its disks and NVRAM file stay. libvirt forgets its checkpoints, whose bitmaps stay in the disks.
    func undefine(uuid: String) async throws(KVMCloneError)

    /// What libvirt keeps of a domain beside its definition.
    func attachments(ofDomain uuid: String) async throws(KVMCloneError) -> DomainAttachments

    /// Gives a domain that is defined and shut off what `attachments` has told of it.
    func attach(_ attachments: DomainAttachments, toDomain uuid: String) async throws(KVMCloneError)

    /// Starts a domain that is shut off.
    func start(domain uuid: String) async throws(KVMCloneError)

    /// Asks the guest to shut down; returns before it has.
    func shutDown(domain uuid: String) async throws(KVMCloneError)

    /// Ends a domain as if its power were cut.
    func powerOff(domain uuid: String) async throws(KVMCloneError)

    /// Lets a paused domain go on.
    func resume(domain uuid: String) async throws(KVMCloneError)

    /// The running configuration of a domain without what another host can't take.
    func migratableXML(ofDomain uuid: String) async throws(KVMCloneError) -> String

    /// Moves a running domain to another host of the same kind, whose libvirt this process is connected to as well. Returns
    /// when it is over. When it throws, only the two hosts know where the domain runs.
    func migrate(
        domain uuid: String, to target: any HostDriver, _ migration: LiveMigration
    ) async throws(KVMCloneError)

    /// Where the migration of a domain stands; nil when none runs.
    func migrationProgress(ofDomain uuid: String) async throws(KVMCloneError) -> LiveProgress?

    /// Measures for about a second how fast a running guest writes to its memory, in bytes per second; nil where that can't be
    /// told.
    func dirtyRate(ofDomain uuid: String) async throws(KVMCloneError) -> UInt64?

    /// Does something about the migration of a domain.
    func steer(migrationOf uuid: String, _ steering: LiveSteering) async throws(KVMCloneError)

    /// Puts overlays on disks of a running domain, on all or on none, as an `OverlayRequest` says. libvirt makes the files.
    func addOverlays(toDomain uuid: String, xml: String) async throws(KVMCloneError)

    /// Where a running domain has an overlay on the image `base`, what that has is merged into it, and the domain goes on
    /// without the overlay. Returns when it does; at once where it did already. May be asked for again after any break.
    func commit(disk: String, ofDomain uuid: String, into base: String) async throws(KVMCloneError)

    /// Freezes the file systems of a running guest through its agent, which has to answer within so many seconds; answers
    /// how many.
    func freeze(domain uuid: String, within seconds: Int) async throws(KVMCloneError) -> Int

    /// Thaws them.
    func thaw(domain uuid: String) async throws(KVMCloneError)

    /// Begins a backup of a running domain. It goes on until an agent is asked to end it.
    /// `checkpoint`: the XML of one that is made at the same instant.
    func beginBackup(ofDomain uuid: String, xml: String, checkpoint: String?) async throws(KVMCloneError)

    /// Removes a checkpoint of a domain, or forgets one whose bitmaps are broken. One that isn't there is no error.
    func deleteCheckpoint(ofDomain uuid: String, _ name: String) async throws(KVMCloneError)

    /// A value whenever the domain starts, until the consumer ends.
    func starts(ofDomain uuid: String) async throws(KVMCloneError) -> AsyncStream<Void>

    /// Joins the descriptor to a UNIX socket on the host, for the path through the coordinator. Takes the
    /// descriptor, and closes it in every case.
    func join(_ descriptor: Int32, toSocket path: String) async throws(KVMCloneError)

    /// Ends everything that was started on the host.
    func close() async
}

import AgentProtocol
import FoundationEssentials
import Model

/// Which request is answered by what.
struct RequestTable: Sendable {
    /// Takes a whole request, answers with a whole reply.
    typealias Handler = @Sendable (UInt64, Data) -> Data

    private(set) var handlers: [String: Handler] = [:]

    init(state: AgentState) {
        on(Hello.self) { try Introduction.hello($0) }
        on(MeasureFolders.self) { request in request.paths.map(Inspection.measure) }
        on(FilesExist.self) { request in request.paths.map(Inspection.exists) }
        on(InspectDisk.self) { try Inspection.inspect($0) }
        on(InspectImages.self) { Inspection.inspect($0) }
        on(Claim.self) { try state.claims.take($0) }
        on(ConfirmClaim.self) { try state.claims.confirm($0.subject, operation: $0.operation) }
        on(ReleaseClaims.self) { state.claims.release($0) }
        on(OpenSend.self) { try state.jobs.open($0, emit: state.emit) }
        on(OpenReceive.self) { try state.jobs.open($0, emit: state.emit) }
        on(Listen.self) { try state.jobs.joinable($0.job, as: $0.joint.part).listen($0) }
        on(ListenLocally.self) { try state.jobs.joinable($0.job, as: $0.joint.part).listenLocally($0) }
        on(Dial.self) { try state.jobs.joinable($0.job, as: $0.joint.part).dial($0) }
        on(SetRate.self) { try state.jobs.setRate($0) }
        on(DropPeer.self) { try state.jobs.drop($0) }
        on(AwaitPeer.self) { try state.jobs.joinable($0.job, as: $0.joint.part).awaitPeer($0) }
        on(CompareTail.self) { try state.jobs.sending($0.job).compare($0) }
        on(KeepTail.self) { try state.jobs.receiving($0.job).keep($0) }
        on(Send.self) { try state.jobs.sending($0.job).run($0) }
        on(ListDirty.self) { try state.jobs.sending($0.job).dirty($0) }
        on(RunDry.self) { try state.jobs.sending($0.job).runDry() }
        on(Receive.self) { try state.jobs.receiving($0.job).run() }
        on(Missing.self) { try state.jobs.receiving($0.job).missing() }
        on(OpenComparison.self) { try state.jobs.open($0) }
        on(HashUnits.self) { try state.jobs.comparing($0.job).hash($0) }
        on(HashLeaves.self) { try state.jobs.comparing($0.job).leaves($0) }
        on(ConfirmUnchanged.self) { try state.jobs.comparing($0.job).confirm() }
        on(OpenRepair.self) { try state.jobs.open($0) }
        on(RunRepair.self) { try state.jobs.repairing($0.repair).run() }
        on(ReadBack.self) { try state.jobs.receiving($0.job).readBack() }
        on(ReadBackRanges.self) { try state.jobs.receiving($0.job).readBack($0) }
        on(Publish.self) { try state.jobs.receiving($0.job).publish($0) }
        on(Settle.self) { try state.jobs.settle($0.job) }
        on(Close.self) { try state.jobs.close($0.job) }
        on(Suspend.self) { try state.jobs.suspend($0.job) }
        on(Sweep.self) { try Sweeper.sweep($0) }
        on(Tidy.self) { try Sweeper.tidy($0) }
        on(ListReplicas.self) { try ReplicaFolder.list($0) }
        on(SwitchReplica.self) { try ReplicaFolder($0.folder).change($0) }
        on(MergeReplica.self) { try ReplicaMerge.merge($0) }
        on(RemoveOverlays.self) { try OverlayRemoval.run($0) }
        on(OpenBackup.self) { try state.backups.open($0) }
        on(NoteFreeze.self) { try state.backups.note($0) }
        on(CloseBackup.self) { try state.backups.close($0) }
        on(OpenTunnel.self) { try state.jobs.open($0, home: state.socketHome) }
        on(RunTunnel.self) { try state.jobs.tunnel($0.job).run() }
        on(TunnelCounters.self) { try state.jobs.tunnel($0.job).totals }
        on(CloseTunnel.self) { try state.jobs.close($0, home: state.socketHome) }
        on(OfferPort.self) { try PortProbe.offer($0, threads: state.threads) }
        on(ProbePort.self) { PortProbe.probe($0) }
    }

    private mutating func on<R: AgentRequest>(
        _: R.Type, _ answer: @escaping @Sendable (R) throws -> R.Response
    ) {
        handlers[R.name] = { id, message in
            let reply: ReplyEnvelope<R.Response>
            do {
                let request = try JSONDecoder().decode(RequestEnvelope<R>.self, from: message)
                reply = ReplyEnvelope(id: id, ok: try answer(request.body))
            } catch {
                reply = ReplyEnvelope(id: id, error: KVMCloneError(agent: error))
            }
            // Replies are made of plain values, which always encode.
            return (try? JSONEncoder().encode(reply)) ?? Data("{\"id\":\(id)}".utf8)
        }
    }

    private mutating func on<R: AgentRequest>(
        _: R.Type, _ answer: @escaping @Sendable (R) throws -> Void
    ) where R.Response == Done {
        on(R.self) { (request: R) throws -> Done in
            try answer(request)
            return Done()
        }
    }
}

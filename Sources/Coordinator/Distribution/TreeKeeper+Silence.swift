import AgentProtocol
import Logging
import Model

/// Hosts that don't answer. Others get what they lack from somewhere else, before it is known whether the host comes back.
extension TreeKeeper {
    private static let patience = Duration.seconds(5)

    /// A host does not answer at the moment: nobody waits for it, and nobody is joined to it. A source that is quiet is
    /// waited for: there is no other.
    func isQuiet(_ host: String) async {
        guard host != operation.source.name, !finished.contains(host), quiet.insert(host).inserted else { return }
        operation.emit(.warning(host: host, message: "does not answer; the others go on without it"))
        guard operation.isInTrees else { return }
        await drop(host)
    }

    /// It answers again. Its links have been ended at their other ends, of which it may have heard nothing: it ends them as
    /// well, tells that, and gets new ones.
    func answersAgain(_ host: String) async {
        guard quiet.remove(host) != nil else { return }
        operation.logger.info("answers again", metadata: ["host": "\(host)"])
        guard operation.isInTrees, let end = ends[host] else { return }
        for peer in ends.keys where peer != host { await drop(peer, at: end) }
    }

    /// Everybody who may have links with the host ends them, as if they had broken.
    func drop(_ host: String) async {
        await withTaskGroup { group in
            for (name, end) in ends where name != host && !quiet.contains(name) {
                group.addTask { await self.drop(host, at: end) }
            }
        }
    }

    private nonisolated func drop(_ host: String, at end: JoinEnd) async {
        do throws(KVMCloneError) {
            _ = try await within(Self.patience, on: end.name) { [operation] () throws(KVMCloneError) in
                try await end.driver.call(DropPeer(job: operation.job, peer: host))
            }
        } catch {
            // Who has ended has no links, and whoever hangs as well is dropped by itself.
            operation.logger.info(
                "links not ended", metadata: ["host": "\(end.name)", "peer": "\(host)", "error": "\(error)"])
        }
    }

    /// An agent tells that it waits for a child no more.
    func lags(_ child: String, toldBy parent: String) {
        guard lagging.insert(child).inserted else { return }
        operation.emit(
            .warning(
                host: child,
                message: "takes less than 70 % of what was planned for it from \(parent); the others don't wait for it")
        )
    }
}

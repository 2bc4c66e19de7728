import AgentProtocol
import Glibc
import Model

/// One end of a connection between agents: a host's agent, and the salt of its part in the job.
struct JoinEnd: Sendable {
    let driver: any HostDriver
    let salt: HexBytes

    var name: String { driver.name }
}

/// Brings the links between two agents together: directly in either direction, else through the coordinator.
struct Joiner {
    let job: HexBytes
    /// The parent's job where it has one of its own for this; nil: the same as the child's.
    var parentJob: HexBytes?
    let parent: JoinEnd
    let child: JoinEnd
    /// Numbers of the links at the child.
    let links: [UInt16]
    var terms = LinkTerms()
    let choice: CloneOptions.PathChoice

    /// Seconds until a direct connection has to stand.
    static let dialTimeout = 4
    /// Joins the two, and answers with the way that was found and, when that isn't the direct one, why.
    func join() async throws(KVMCloneError) -> (path: DataPath, note: String?) {
        guard choice != .coordinator else {
            try await joinThroughCoordinator()
            return (.coordinator, nil)
        }
        let refused: KVMCloneError
        do {
            try await joinDirectly()
            return (.direct, nil)
        } catch {
            if Task.isCancelled { throw error }
            refused = error
        }
        guard choice == .auto else { throw refused }
        try await joinThroughCoordinator()
        return (.coordinator, "no direct connection: \(refused)")
    }

    private var asParent: Joint {
        Joint(
            .parent, links: links, mayLag: terms.mayLag, due: terms.due, patience: terms.patience, rate: terms.rate)
    }
    private var asChild: Joint { Joint(.child, links: links, isOrigin: parentJob != nil) }

    private func job(of end: JoinEnd) -> HexBytes { end.name == child.name ? job : parentJob ?? job }

    private func joinDirectly() async throws(KVMCloneError) {
        let there = try await child.driver.profile()
        var refusals: [String] = []
        for (listening, dialling) in [(child, parent), (parent, child)] {
            let profile = try await listening.driver.profile()
            guard let address = profile.transferAddress else { continue }
            do throws(KVMCloneError) {
                return try await dial(from: dialling, to: listening, address: address, ports: profile.dataPorts)
            } catch {
                if Task.isCancelled { throw error }
                refusals.append("\(error)")
            }
        }
        throw KVMCloneError(
            .connection, "\(parent.name) and \(child.name) can't reach each other's data ports", host: child.name,
            cause: refusals.isEmpty ? "neither has a transfer address" : refusals.joined(separator: "; "),
            whatToDo:
                "open TCP \(there.dataPorts.lowerBound)-\(there.dataPorts.upperBound) between them, or use --path auto")
    }

    private func dial(
        from dialling: JoinEnd, to listening: JoinEnd, address: String, ports: ClosedRange<UInt16>
    ) async throws(KVMCloneError) {
        let isChildListening = listening.name == child.name
        let near = isChildListening ? asChild : asParent
        let far = isChildListening ? asParent : asChild
        let port = try await listening.driver.call(
            Listen(job: job(of: listening), joint: near, peer: dialling.name, peerSalt: dialling.salt, ports: ports)
        ).port
        _ = try await dialling.driver.call(
            Dial(
                job: job(of: dialling), joint: far, peer: listening.name, peerSalt: listening.salt, address: address,
                port: port,
                timeout: Self.dialTimeout))
        _ = try await listening.driver.call(
            AwaitPeer(job: job(of: listening), joint: near, peer: dialling.name, timeout: Self.dialTimeout))
    }

    /// Joins a UNIX socket of each agent through an exec channel each; the channels share a socket pair here.
    private func joinThroughCoordinator() async throws(KVMCloneError) {
        let near = try await parent.driver.call(
            ListenLocally(job: job(of: parent), joint: asParent, peer: child.name, peerSalt: child.salt)
        ).path
        let far = try await child.driver.call(
            ListenLocally(job: job, joint: asChild, peer: parent.name, peerSalt: parent.salt)
        ).path
        for _ in links {
            var ends: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
                throw KVMCloneError(.connection, "no socket pair", cause: String(cString: strerror(errno)))
            }
            do {
                try await parent.driver.join(ends[0], toSocket: near)
            } catch {
                Glibc.close(ends[1])
                throw error
            }
            try await child.driver.join(ends[1], toSocket: far)
        }
        _ = try await parent.driver.call(
            AwaitPeer(job: job(of: parent), joint: asParent, peer: child.name, timeout: 30))
        _ = try await child.driver.call(AwaitPeer(job: job, joint: asChild, peer: parent.name, timeout: 30))
    }
}

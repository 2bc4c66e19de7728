import AgentProtocol
import Coordinator
import Logging
import Model
import SSH
import Topology

/// One machine: its SSH connections, its agent and its libvirt connection, each opened when it is first needed and
/// again when it was lost. Nobody else talks to the machine.
package actor Host: HostDriver {
    package nonisolated let name: String
    let description: ResolvedHost
    let settings: HostSettings
    let connections: ConnectionPool
    nonisolated let hub = EventHub()

    private var linking: Task<Result<AgentLink, KVMCloneError>, Never>?
    private var libvirt: Task<Result<LibvirtSession, KVMCloneError>, Never>?
    private var resolved: HostProfile?
    private var greeting: Hello.Response?
    private var isClosed = false

    package init(_ description: ResolvedHost, settings: HostSettings) {
        name = description.name
        self.description = description
        self.settings = settings
        connections = ConnectionPool(to: description, settings: settings)
    }

    // MARK: The agent

    package func call<R: AgentRequest>(_ request: R) async throws(KVMCloneError) -> R.Response {
        try await agent().call(request)
    }

    package func greet() async throws(KVMCloneError) -> Hello.Response {
        _ = try await agent()
        guard let greeting else { throw KVMCloneError(.connection, "the agent hasn't said hello", host: name) }
        return greeting
    }

    package func ping() async throws(KVMCloneError) {
        guard case .success(let link)? = await linking?.valueUnlessCancelled(), link.isAlive else { return }
        _ = try await link.call(Ping())
    }

    package func abandon(_ reason: KVMCloneError) async {
        guard case .success(let link)? = await linking?.valueUnlessCancelled() else { return }
        link.abandon(reason)
        linking = nil
    }

    package nonisolated func agentEvents() -> AsyncStream<AgentEvent> {
        hub.stream()
    }

    /// The running agent, started when there is none.
    private func agent() async throws(KVMCloneError) -> AgentLink {
        guard !isClosed else { throw KVMCloneError(.connection, "the host was closed", host: name) }
        if let linking {
            if case .success(let link)? = await linking.valueUnlessCancelled(), link.isAlive { return link }
            if self.linking == linking, !Task.isCancelled { self.linking = nil }
        }
        let starting = linking ?? Task { await startAgent() }
        linking = starting
        return try await starting.patientValue(host: name)
    }

    private func startAgent() async -> Result<AgentLink, KVMCloneError> {
        do throws(KVMCloneError) {
            let process = try await installer.start(on: connections)
            let link = try AgentLink(host: name, process: process) { [hub] in hub.send($0) }
            let hello: Hello.Response
            do throws(KVMCloneError) {
                hello = try await greeted(by: link)
            } catch {
                process.terminate()
                throw error
            }
            greeting = hello
            settings.logger.debug("agent started", metadata: ["host": "\(name)", "pid": "\(hello.processID)"])
            return .success(link)
        } catch {
            return .failure(error)
        }
    }

    private func greeted(by link: AgentLink) async throws(KVMCloneError) -> Hello.Response {
        let hello = try await link.greet(within: settings.connectTimeout)
        guard AgentProtocolVersion.supported.contains(hello.version) else {
            throw KVMCloneError(
                .connection, "the agent speaks protocol version \(hello.version)", host: name,
                whatToDo: "install the same version of kvm-clone and its agent")
        }
        return hello
    }

    var installer: AgentInstaller {
        AgentInstaller(
            host: name, binary: settings.binary, usesSudo: description.become == .sudo, isLocal: isLocal,
            agentFolder: description.agentDirectory, stateFolder: claimsFolder)
    }

    /// Hosts that are this machine's own libvirt share its claims with every other coordinator. Several hosts on one
    /// machine, as the test driver allows, have claims of their own.
    private var claimsFolder: String? {
        guard isLocal, !description.uri.hasPrefix("qemu:") else { return nil }
        let word = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") ? $0 : "_" }
        return settings.stateFolder + "/hosts/" + String(word)
    }

    private var isLocal: Bool { description.connection == .local }

    // MARK: Libvirt

    /// The libvirt connection, opened when there is none or the last one is lost.
    func session() async throws(KVMCloneError) -> LibvirtSession {
        guard !isClosed else { throw KVMCloneError(.connection, "the host was closed", host: name) }
        if let libvirt {
            let last = await libvirt.valueUnlessCancelled()
            if case .success(let session)? = last, session.isAlive { return session }
            if self.libvirt == libvirt, !Task.isCancelled {
                self.libvirt = nil
                // Nobody waits for the goodbye of a connection that is lost.
                if case .success(let session)? = last { Task { await session.close() } }
            }
        }
        let opening = libvirt ?? Task { await openLibvirt() }
        libvirt = opening
        return try await opening.patientValue(host: name)
    }

    private func openLibvirt() async -> Result<LibvirtSession, KVMCloneError> {
        do throws(KVMCloneError) {
            guard !isLocal else { return .success(try await .open(uri: description.uri, host: name)) }
            let hello = try await greet()
            guard let socket = hello.libvirtSockets.first else {
                throw KVMCloneError(
                    .connection, "no libvirt daemon has a socket there", host: name,
                    whatToDo: "apt-get install libvirt-daemon-system, or start it: systemctl start libvirtd")
            }
            let tunnel = try LibvirtTunnel { [weak self, name] descriptor throws(KVMCloneError) in
                guard let self else { throw KVMCloneError(.connection, "the host was closed", host: name) }
                return try await self.pipe(descriptor, to: socket)
            }
            return .success(
                try await .open(uri: description.uri, host: name, tunnel: tunnel, timeout: settings.libvirtTimeout))
        } catch {
            return .failure(error)
        }
    }

    private func pipe(_ descriptor: Int32, to socket: String) async throws(KVMCloneError) -> RemoteProcess {
        let descriptor = OwnedDescriptor(owning: descriptor)
        return try await installer.pipe(to: socket, descriptor: descriptor, on: connections, lane: .control)
    }

    // MARK: Everything else

    package func profile() async throws(KVMCloneError) -> HostProfile {
        if let resolved { return resolved }
        let ports = description.dataPorts
        let address: String?
        if let named = description.transferAddress {
            address = await AddressLookup.numeric(named)
        } else if isLocal {
            address = "127.0.0.1"
        } else {
            address = await AddressLookup.numeric(await sshHostName())
        }
        let profile = HostProfile(
            pools: description.pools, defaultPool: description.pool, transferAddress: address,
            dataPorts: ports.first...max(ports.first, ports.last))
        resolved = profile
        return profile
    }

    /// The name behind an alias of the user's ssh configuration.
    private func sshHostName() async -> String {
        guard let found = try? await SSHConfiguration.resolve(SSHTarget(host: description.address)) else {
            return description.address
        }
        return found.hostName
    }

    package func connection() async -> ConnectionReport {
        guard let kind = try? await connections.connect() else {
            return ConnectionReport(kind: "unknown", note: nil)
        }
        return ConnectionReport(kind: kind.rawValue, note: await connections.why)
    }

    package func join(_ descriptor: Int32, toSocket path: String) async throws(KVMCloneError) {
        let descriptor = OwnedDescriptor(owning: descriptor)
        _ = try await installer.pipe(to: path, descriptor: descriptor, on: connections, lane: .bulk)
    }

    package func purge() async throws(KVMCloneError) {
        guard !isLocal else { return }
        if case .success(let link)? = await linking?.value { await link.close() }
        linking = nil
        try await installer.purge(on: connections)
    }

    package func close() async {
        isClosed = true
        linking?.cancel()
        libvirt?.cancel()
        if case .success(let session)? = await libvirt?.value { await session.close() }
        if case .success(let link)? = await linking?.value { await link.close() }
        hub.finish()
        await connections.close()
    }
}

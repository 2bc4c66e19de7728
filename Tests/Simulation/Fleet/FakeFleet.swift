import AgentProtocol
import Coordinator
import DomainXML
import Foundation
import Logging
import Model
import Topology

/// A source with one machine, and targets, under one coordinator.
package struct FakeFleet: Sendable {
    package let machine: MachineRecipe
    package let source: FakeHost
    package let targets: [FakeHost]
    package let journal: any Journal

    /// Hosts `source`, `target1`, `target2`, …
    package init(
        targets count: Int = 1, machine: MachineRecipe = MachineRecipe(), journal: any Journal = MemoryJournal()
    ) throws {
        self.machine = machine
        self.journal = journal
        source = try FakeHost("source")
        targets = try (1...count).map { try FakeHost("target\($0)") }
        try source.add(machine)
    }

    package var hosts: [FakeHost] { [source] + targets }

    package var coordinator: Coordinator { coordinator(fleet: nil) }

    /// A coordinator that knows the network between the hosts.
    package func coordinator(fleet: Fleet?, patience: Pulse.Patience = Pulse.Patience()) -> Coordinator {
        Coordinator(journal: journal, logger: .silent, fleet: fleet, patience: patience, hosts: lookup)
    }

    package var recovery: Recovery {
        Recovery(journal: journal, logger: .silent, hosts: lookup)
    }

    private var lookup: Coordinator.Hosts {
        let hosts = hosts
        return { name throws(KVMCloneError) in
            guard let host = hosts.first(where: { $0.name == name }) else {
                throw KVMCloneError(.invalidHost, "no host '\(name)'")
            }
            return host
        }
    }

    /// Replication to all targets.
    package func request(_ options: CloneOptions = CloneOptions()) -> CloneRequest {
        CloneRequest(
            kind: .replicate, vm: machine.name, source: source.name, targets: targets.map(\.name), options: options)
    }

    /// Runs a replication to all targets.
    package func run(
        _ options: CloneOptions = CloneOptions(), id: OperationID = OperationID(), stop: StopSignal = StopSignal(),
        emit: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await coordinator.run(request(options), id: id, stop: stop, emit: emit)
    }

    /// Goes on with an interrupted operation. Throws unless every target has its copy in the end, and nothing else is left.
    @discardableResult
    package func finish(
        _ id: OperationID, emit: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws -> OperationResult {
        let result = try await coordinator.resume(id, stop: StopSignal(), emit: emit)
        if let error = result.targets.compactMap(\.error).first { throw error }
        var defects: [String] = []
        for target in targets { defects += try self.defects(of: target) }
        defects += try await journal.openSteps(of: id).map { "open: \($0.step)" }
        guard defects.isEmpty else { throw KVMCloneError(.general, defects.joined(separator: "; ")) }
        return result
    }

    /// What is wrong with the copy on a target; empty when it stands, bit for bit, as a VM of its own.
    package func defects(of target: FakeHost, name: String? = nil) throws -> [String] {
        let name = name ?? machine.name
        let original = try source.snapshot()
        let copy = try target.snapshot()
        var defects: [String] = []
        for disk in machine.disks {
            let file = disk.fileName(machine: name)
            if copy.files[file] == nil {
                defects.append("\(file) is missing")
            } else if copy.files[file] != original.files[disk.fileName(machine: machine.name)] {
                defects.append("\(file) differs")
            }
        }
        for file in copy.files.keys where file.hasPrefix(".") { defects.append("\(file) was left") }
        guard let xml = copy.domains[name] else { return defects + ["\(name) isn't defined"] }
        let domain = try DomainDescription(parsing: xml)
        if domain.uuid?.uuidString.lowercased() == machine.uuid { defects.append("the uuid is the original's") }
        let macs = try DomainDescription(parsing: machine.xml(folder: source.pool)).interfaces.map(\.mac)
        if !macs.isEmpty, domain.interfaces.map(\.mac) == macs { defects.append("the MAC is the original's") }
        let paths = machine.disks.map { target.pool + "/" + $0.fileName(machine: name) }
        if domain.disks.map(\.image.source.path) != paths { defects.append("its disks aren't \(paths)") }
        return defects
    }

    /// What an operation that has ended still holds anywhere.
    package func heldThings(by id: OperationID, name: String? = nil) async throws -> [String] {
        var held = try await source.heldThings(operation: id, subjects: [.source(uuid: machine.uuid)])
        for target in targets {
            held += try await target.heldThings(operation: id, subjects: [.target(name: name ?? machine.name)])
        }
        return held
    }

    package func close() async {
        for host in hosts { await host.close() }
    }
}

extension Logger {
    /// A logger that says nothing.
    package static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

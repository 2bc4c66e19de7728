import Coordinator
import Foundation
import Model
import Simulation
import Testing

extension Behaviour {
    static let libvirt = [
        Behaviour("tells what the machine has") { subject in
            let facts = try await subject.driver.hypervisor()
            #expect(!facts.driver.isEmpty && !facts.libvirtVersion.isEmpty)
            #expect(facts.cpus > 0 && facts.memory > 0)
            #expect(facts.pools.contains { $0.name == "default" })
            #expect(facts.networks["default"] != nil)
        },
        Behaviour("tells what a machine may have, or that it doesn't know, or why not") { subject in
            let kind = MachineKind(type: "no-such-type", architecture: "x86_64", machine: nil)
            let error = await failure { () throws(KVMCloneError) in
                try await subject.driver.domainCapabilities(of: kind)
            }
            #expect(error == nil || error?.code == .libvirt)
        },
        Behaviour("has no domain that nobody defined") { subject in
            let found = try await subject.driver.domain(named: "conformance-\(OperationID())")
            #expect(found == nil)
        },
        Behaviour("defines, changes and undefines a domain") { subject in
            let machine = machine(subject)
            let xml = xml(machine, subject)
            try await subject.driver.define(xml)
            let record = try #require(try await subject.driver.domain(named: machine.name))
            #expect(record.uuid == machine.uuid)
            #expect(record.state == .stopped)
            #expect(record.isPersistent)
            #expect(!record.hasManagedSave && record.snapshots.isEmpty && record.checkpoints.isEmpty)
            #expect(record.inactiveXML.contains(machine.uuid))
            #expect(try await subject.driver.domains().contains { $0.uuid == machine.uuid })

            var more = machine
            more.vcpus = 3
            try await subject.driver.define(Self.xml(more, subject))
            let changed = try #require(try await subject.driver.domain(named: machine.name))
            #expect(changed.inactiveXML.contains(">3</vcpu>"))
            #expect(try await subject.driver.domains().filter { $0.name == machine.name }.count == 1)

            try await subject.driver.undefine(uuid: machine.uuid)
            #expect(try await subject.driver.domain(named: machine.name) == nil)
            #expect(try await !subject.driver.domains().contains { $0.uuid == machine.uuid })
        },
        Behaviour("refuses a second domain of one name, and keeps the first") { subject in
            let machine = machine(subject)
            try await subject.driver.define(xml(machine, subject))
            var second = machine
            second.uuid = UUID().uuidString.lowercased()
            let error = await failure { () throws(KVMCloneError) in
                try await subject.driver.define(xml(second, subject))
            }
            #expect(error != nil)
            #expect(error?.host == subject.driver.name)
            #expect(try await subject.driver.domain(named: machine.name)?.uuid == machine.uuid)
            try await subject.driver.undefine(uuid: machine.uuid)
        },
        Behaviour("refuses to undefine what isn't there") { subject in
            let error = await failure { () throws(KVMCloneError) in
                try await subject.driver.undefine(uuid: UUID().uuidString.lowercased())
            }
            #expect(error?.code == .vmNotFound)
            #expect(error?.host == subject.driver.name)
        },
        Behaviour("refuses XML that isn't a domain") { subject in
            for xml in ["", "<domain", "<network/>", "<domain type='\(subject.domainType)'/>"] {
                let error = await failure { () throws(KVMCloneError) in try await subject.driver.define(xml) }
                #expect(error?.host == subject.driver.name)
            }
        },
        Behaviour(
            "starts a domain, asks it to shut down, powers it off, and keeps what libvirt has beside its definition"
        ) {
            subject in
            // Only a real one has to have a disk that boots.
            guard subject.domainType == "test" else { return }
            let machine = machine(subject)
            let driver = subject.driver
            @Sendable func state() async throws -> VMState? {
                let record = try await driver.domain(named: machine.name)
                return record?.state
            }
            try await driver.define(xml(machine, subject))
            #expect(try await driver.attachments(ofDomain: machine.uuid) == DomainAttachments())
            try await driver.attach(DomainAttachments(startsWithHost: true), toDomain: machine.uuid)
            #expect(try await driver.attachments(ofDomain: machine.uuid).startsWithHost)
            try await driver.start(domain: machine.uuid)
            #expect(try await state() == .running)
            let twice = await failure { () throws(KVMCloneError) in try await driver.start(domain: machine.uuid) }
            #expect(twice?.host == driver.name && twice?.code == .libvirt, "\(String(describing: twice))")
            try await driver.shutDown(domain: machine.uuid)
            #expect(try await state() == .stopped)
            try await driver.start(domain: machine.uuid)
            try await driver.powerOff(domain: machine.uuid)
            #expect(try await state() == .stopped)
            try await driver.undefine(uuid: machine.uuid)
        },
        Behaviour("tells when a domain starts") { subject in
            guard let start = subject.start else { return }
            let machine = machine(subject)
            try await subject.driver.define(xml(machine, subject))
            let starts = try await subject.driver.starts(ofDomain: machine.uuid)
            let first = Task { () -> Bool in
                for await _ in starts { return true }
                return false
            }
            try await start(machine.name)
            #expect(await first.value)
            #expect(try await subject.driver.domain(named: machine.name)?.state == .running)
            try await subject.driver.undefine(uuid: machine.uuid)
        },
    ]

    private static func machine(_ subject: Subject) -> MachineRecipe {
        MachineRecipe(
            name: "conformance-\(OperationID())", uuid: UUID().uuidString.lowercased(), disks: [], networks: [])
    }

    private static func xml(_ machine: MachineRecipe, _ subject: Subject) -> String {
        machine.xml(folder: "/").replacingOccurrences(of: "type='test'", with: "type='\(subject.domainType)'")
    }
}

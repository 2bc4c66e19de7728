import AgentProtocol
import Coordinator
import Foundation
import Model

/// All that an operation can leave on a host, as a value that can be compared.
package struct HostSnapshot: Sendable, Equatable, CustomStringConvertible {
    /// Bytes of every file in the pool, hidden ones included.
    package var files: [String: Data]
    /// Definitions by the domains' names.
    package var domains: [String: String]

    package init(files: [String: Data], domains: [String: String]) {
        self.files = files
        self.domains = domains
    }

    package var description: String {
        "files \(files.mapValues(\.count).sorted { $0.key < $1.key }), domains \(domains.keys.sorted())"
    }
}

extension FakeHost {
    /// What is on the host now. Blocks for as long as it takes to read its files.
    package func snapshot() throws -> HostSnapshot {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: pool) {
            files[name] = try Data(contentsOf: URL(fileURLWithPath: pool + "/" + name))
        }
        var domains: [String: String] = [:]
        changeLibvirt { libvirt in
            for domain in libvirt.domains { domains[domain.name] = domain.inactiveXML }
        }
        return HostSnapshot(files: files, domains: domains)
    }

    /// What an operation still holds on the host: a job in the agent, or claims on these subjects.
    package func heldThings(operation: OperationID, subjects: [Claim.Subject]) async throws -> [String] {
        while isAgentEnding { try await Task.sleep(for: .milliseconds(5)) }
        var held: [String] = []
        var comparison = HexBytes.job(of: operation)
        comparison.bytes.replaceSubrange(14..<16, with: [0xff, 0xff])
        for job in [HexBytes.job(of: operation), comparison] {
            do throws(KVMCloneError) {
                _ = try await ask(Close(job: job))
                held.append("a job on \(name)")
            } catch {
                if error.code != .operationNotFound { throw error }
            }
        }
        for subject in subjects {
            let onlooker = OperationID().description
            do throws(KVMCloneError) {
                _ = try await ask(Claim(subject, operation: onlooker))
            } catch {
                held.append("a claim on \(name): \(error)")
            }
            _ = try await ask(ReleaseClaims(operation: onlooker))
        }
        return held
    }
}

extension HexBytes {
    /// The id of an operation's job.
    package static func job(of operation: OperationID) -> HexBytes {
        let text = Array(operation.description.utf8)
        return HexBytes(text + [UInt8](repeating: 0, count: 16 - text.count))
    }
}

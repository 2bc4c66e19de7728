import Foundation
import Testing

extension Integration.Lab {
    /// Hosts that fall silent without breaking a connection.
    @Suite struct SilenceTests {
        /// What makes a host silent, and what takes it back.
        enum Silence: String, CaseIterable, Sendable {
            case stopped
            case unplugged

            func begin(_ hosts: LabHosts, _ host: Int) async throws {
                switch self {
                case .stopped: try await Self.signal("-STOP", hosts, host)
                case .unplugged: try await hosts.lab("unplug", "kvm\(host)").succeeded()
                }
            }

            func end(_ hosts: LabHosts, _ host: Int) async throws {
                switch self {
                case .stopped: try await Self.signal("-CONT", hosts, host)
                case .unplugged: try await hosts.lab("heal").succeeded()
                }
            }

            private static func signal(_ signal: String, _ hosts: LabHosts, _ host: Int) async throws {
                for agent in try await hosts.agents(host) { try await hosts.exec(host, "kill", signal, agent) }
            }
        }

        private func halfway(_ hosts: LabHosts) async throws -> RunningCopy {
            let copy = try RunningCopy(
                hosts.tool(),
                [
                    "replicate", "kvm1", "kvm2,kvm3,kvm4", "raw", "-n", "half", "--no-compress", "--bwlimit", "40M",
                    "--fanout", "chain",
                ])
            try await copy.waitForShare(0.4)
            return copy
        }

        private func sum(_ hosts: LabHosts, _ host: Int, _ file: String) async throws -> String {
            try await String(hosts.exec(host, "sha256sum", "\(LabHosts.images)/\(file)").succeeded().output.prefix(64))
        }

        @Test(
            "A target in the middle of a chain that hangs is given up after 20 s; the others get everything, and it can go on later",
            arguments: [(Silence.stopped, 2), (.unplugged, 3)])
        func relay(_ silence: Silence, _ victim: Int) async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            try await silence.begin(hosts, victim)
            let outcome = try await copy.end(within: 90)
            try await silence.end(hosts, victim)
            #expect(outcome.code == 3, "\(outcome)")
            let warning = "kvm\(victim): warning: does not answer; the others go on without it"
            #expect(outcome.error.contains(warning), "\(outcome)")
            #expect(outcome.error.contains("has not answered for 20 s"), "\(outcome)")
            let original = try await sum(hosts, 1, "raw.raw")
            for host in 2...4 where host != victim {
                #expect(try await sum(hosts, host, "half-vda.img") == original)
            }
            let again = try await copy.tool("op", "resume", try copy.operation())
            #expect(again.code == 0, "\(again)")
            #expect(try await sum(hosts, victim, "half-vda.img") == original)
            for host in 2...4 { try await hosts.remove("half", from: host) }
            try await hosts.settles(to: before, within: 60)
        }

        @Test("A target that hangs for 8 s and comes back gets its copy like the others", arguments: Silence.allCases)
        func comesBack(_ silence: Silence) async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            try await silence.begin(hosts, 3)
            try await Task.sleep(for: .seconds(8))
            try await silence.end(hosts, 3)
            let outcome = try await copy.end(within: 120)
            #expect(outcome.code == 0, "\(outcome)")
            let original = try await sum(hosts, 1, "raw.raw")
            for host in 2...4 {
                #expect(try await sum(hosts, host, "half-vda.img") == original)
                try await hosts.remove("half", from: host)
            }
            try await hosts.settles(to: before, within: 60)
        }

        @Test("A source that hangs ends the copy, and it can be gone on with", arguments: Silence.allCases)
        func source(_ silence: Silence) async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            try await silence.begin(hosts, 1)
            let outcome = try await copy.end(within: 120)
            try await silence.end(hosts, 1)
            #expect(![0, 3].contains(outcome.code) && !outcome.wasKilled, "\(outcome)")
            #expect(outcome.error.contains("kvm1: the host has not answered for 20 s"), "\(outcome)")
            let again = try await copy.tool("op", "resume", try copy.operation())
            #expect(again.code == 0 && again.error.contains("are there already"), "\(again)")
            for host in 2...4 { try await hosts.remove("half", from: host) }
            try await hosts.settles(to: before, within: 60)
        }
    }
}

import Foundation
import Testing

extension Integration.Lab {
    @Suite struct FailureTests {
        /// A slow copy of a guest, once it has moved half of its bytes.
        private func halfway(
            _ hosts: LabHosts, _ format: String = "raw", to targets: String = "kvm2,kvm3", share: Double = 0.5,
            limit: String = "24M", fanOut: String = "auto"
        ) async throws -> RunningCopy {
            let copy = try RunningCopy(
                hosts.tool(),
                [
                    "replicate", "kvm1", targets, format, "-n", "half", "--no-compress", "--bwlimit", limit, "--fanout",
                    fanOut,
                ])
            try await copy.waitForShare(share)
            return copy
        }

        /// Goes on with a copy that was interrupted on its way to two targets, and removes both copies.
        private func goOn(with copy: RunningCopy, _ hosts: LabHosts, _ before: Set<String>) async throws {
            let again = try await copy.tool("op", "resume", try copy.operation())
            #expect(again.code == 0 && again.error.contains("are there already"), "\(again)")
            for host in [2, 3] { try await hosts.remove("half", from: host) }
            try await hosts.settles(to: before)
        }

        private func killAgent(_ hosts: LabHosts, _ host: Int) async throws {
            let agents = try await hosts.agents(host)
            try #require(!agents.isEmpty)
            for agent in agents { try await hosts.exec(host, "kill", "-KILL", agent) }
        }

        @Test("a start of the source in the middle is refused, or the job fails cleanly", arguments: ["raw", "qcow2"])
        func start(_ format: String) async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts, format)
            let started = try await hosts.virsh(1, "start", format)
            let outcome = try await copy.end()
            if started.code == 0 {
                #expect(outcome.code == 13 || outcome.code == 17, "\(outcome)")
                try await hosts.virsh(1, "destroy", format).succeeded()
            } else {
                #expect(started.error.contains("lock"), "\(started)")
                // libvirt tells a start even when QEMU is refused the disk; then the job may fail, but cleanly.
                #expect([0, 13, 17].contains(outcome.code), "\(outcome)")
            }
            for host in [2, 3] where outcome.code == 0 { try await hosts.remove("half", from: host) }
            try await hosts.settles(to: before)
        }

        @Test("a source file that changes in the middle fails the copy", arguments: ["raw", "qcow2"])
        func changed(_ format: String) async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts, format)
            try await hosts.shell(1, "touch \(LabHosts.images)/\(format).\(format)").succeeded()
            let outcome = try await copy.end()
            #expect(outcome.code == 13, "\(outcome)")
            #expect(outcome.error.contains("\(format).\(format): its contents were written"), "\(outcome)")
            try await hosts.settles(to: before)
        }

        @Test(
            "a target in the middle of a chain dies: those behind it get theirs from another, verified",
            arguments: [2, 3, 4])
        func relayDies(_ victim: Int) async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts, to: "kvm2,kvm3,kvm4", limit: "60M", fanOut: "chain")
            try await killAgent(hosts, victim)
            let outcome = try await copy.end()
            #expect(outcome.code == 3, "\(outcome)")
            let original = try await sum(hosts, 1, "raw.raw")
            for host in 2...4 where host != victim {
                let line = outcome.lines.first { $0.hasPrefix("kvm\(host)") }
                #expect(line?.contains("complete") == true && line?.contains("yes") == true, "\(outcome)")
                #expect(try await sum(hosts, host, "half-vda.img") == original)
            }
            let again = try await copy.tool("op", "resume", try copy.operation())
            #expect(again.code == 0, "\(again)")
            #expect(try await sum(hosts, victim, "half-vda.img") == original)
            for host in 2...4 { try await hosts.remove("half", from: host) }
            try await hosts.settles(to: before)
        }

        private func sum(_ hosts: LabHosts, _ host: Int, _ file: String) async throws -> String {
            try await String(hosts.exec(host, "sha256sum", "\(LabHosts.images)/\(file)").succeeded().output.prefix(64))
        }

        @Test("a pool that is too small is found before the copy begins, and the others get theirs")
        func tooSmall() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            try await hosts.lab("tmpfs", "kvm3", LabHosts.images, "64m").succeeded()
            let outcome = try await hosts.tool()("replicate", "kvm1", "kvm2,kvm3,kvm4", "raw", "-o", "json")
            let left = try await hosts.exec(3, "ls", "-A", LabHosts.images).trimmed
            try await hosts.exec(3, "umount", LabHosts.images).succeeded()
            #expect(outcome.code == 3, "\(outcome)")
            let responses = try outcome.decoded(as: [CloneResponse].self)
            #expect(responses.map(\.success) == [true, false, true])
            #expect(responses[1].errorCode == 1204)
            #expect(left.isEmpty)
            for host in [2, 4] { try await hosts.remove("raw", from: host) }
            try await hosts.settles(to: before)
        }

        @Test("a pool that fills up in the middle fails its target only, and nothing is left there")
        func fillsUp() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            try await hosts.lab("tmpfs", "kvm3", LabHosts.images, "300m").succeeded()
            let copy = try await halfway(hosts, to: "kvm2,kvm3,kvm4")
            // Until it is full.
            try await hosts.shell(3, "dd if=/dev/zero of=\(LabHosts.images)/filler bs=1M; true").succeeded()
            let outcome = try await copy.end()
            let left = try await hosts.exec(3, "ls", "-A", LabHosts.images).trimmed
            try await hosts.exec(3, "umount", LabHosts.images).succeeded()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(outcome.error.contains("[1204]") || outcome.error.contains("space"), "\(outcome)")
            #expect(left == "filler")
            for host in [2, 4] {
                #expect(try await hosts.names(host).contains("half"))
                try await hosts.remove("half", from: host)
            }
            try await hosts.settles(to: before)
        }

        @Test("a target whose agent is killed in the middle fails alone: exit 3; another run sends it only the rest")
        func targetAgent() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            try await killAgent(hosts, 3)
            let outcome = try await copy.end()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(outcome.error.contains("kvm3"))
            #expect(try await hosts.names(2).contains("half"))
            let again = try await copy.tool("op", "resume", try copy.operation(), "-o", "json")
            #expect(again.code == 0, "\(again)")
            let response = try #require(try again.decoded(as: [CloneResponse].self).first { $0.destHost == "kvm3" })
            #expect(response.success && response.bytesTransferred < 192 << 20, "\(again)")
            for host in [2, 3] { try await hosts.remove("half", from: host) }
            try await hosts.settles(to: before)
        }

        @Test("a source whose agent is killed in the middle fails the copy with a clear message")
        func sourceAgent() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            try await killAgent(hosts, 1)
            let outcome = try await copy.end()
            #expect(![0, 3].contains(outcome.code) && !outcome.wasKilled, "\(outcome)")
            #expect(outcome.error.contains("kvm1"), "\(outcome)")
            try await goOn(with: copy, hosts, before)
        }

        @Test(
            "a coordinator that is killed in the middle leaves no agent and nothing under a final name; another run goes on"
        )
        func coordinator() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            copy.process.signal(SIGKILL)
            #expect(try await copy.end(within: 60).wasKilled)
            try await waitUntil("the agents end", within: 60) {
                try await hosts.contents().subtracting(before).allSatisfy { $0.contains("/.kvm-clone-") }
            }
            try await goOn(with: copy, hosts, before)
        }

        @Test("Ctrl-C in the middle keeps what is copied: exit 75; a clean-up leaves nothing")
        func interrupted() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            copy.process.signal(SIGINT)
            let outcome = try await copy.end(within: 60)
            #expect(outcome.code == 75, "\(outcome)")
            try await copy.tool("op", "cleanup", try copy.operation()).succeeded()
            try await hosts.settles(to: before, within: 60)
        }

        @Test("a second coordinator with a state of its own leaves with 75 while the first copies the VM")
        func twoCoordinators() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            // Slow enough to last for as long as the second takes.
            let copy = try await halfway(hosts, to: "kvm2", share: 0.1, limit: "4M")
            let second = try await hosts.tool()("clone", "kvm1", "kvm3", "raw")
            #expect(second.code == 75, "\(second)")
            #expect(!copy.process.hasEnded)
            copy.process.signal(SIGINT)
            copy.process.signal(SIGTERM)
            // Whichever of the two the process took first.
            #expect([130, 143].contains(try await copy.end().code))
            try await hosts.settles(to: before)
        }

        @Test(
            "a libvirtd that dies on the target in the middle fails that target; once it runs again the copy is gone on with"
        )
        func targetLibvirt() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let copy = try await halfway(hosts)
            try await hosts.lab("kill", "kvm3", "libvirtd").succeeded()
            let outcome = try await copy.end()
            try await hosts.lab("start", "kvm3", "libvirtd").succeeded()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(try await hosts.names(2).contains("half"))
            try await goOn(with: copy, hosts, before)
        }
    }
}

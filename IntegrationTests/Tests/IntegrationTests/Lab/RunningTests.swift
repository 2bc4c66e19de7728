import Foundation
import Testing

extension Integration.Lab {
    /// Sources that run: guests which number their writes, so that a copy shows which instant it is of.
    @Suite struct RunningTests {
        /// A guest on the first host, started anew, which has written something already.
        func start(
            _ name: String, _ hosts: LabHosts, format: String, agent: String? = nil, dirties: Bool = false
        ) async throws {
            // What a test that failed has left would fail the others.
            try await end(hosts, name)
            var words = ["guest", "kvm1", name, "--disk-format", format, "--size", "256M", "--writes"]
            if let agent { words += ["--agent", agent] }
            if dirties { words.append("--dirties") }
            try await run(["\(Setting.folder)/lab"] + words, environment: hosts.environment).succeeded()
            try await hosts.lab("wait-boot", "kvm1", name, "--timeout", "200").succeeded()
            try await hosts.lab("wait-console", "kvm1", name, "^write [1-9][0-9]").succeeded()
            guard agent != nil else { return }
            try await waitUntil("its agent listens", within: 60) {
                try await hosts.virsh(1, "dumpxml", name).output.contains("state='connected'")
            }
        }

        func console(_ hosts: LabHosts, _ name: String, on host: Int = 1) async throws -> [String] {
            let output = try await hosts.lab("console", "kvm\(host)", name).succeeded().output
            // Its lines end as a terminal's do; the last is whole only once it has ended.
            return output[..<(output.lastIndex(where: \.isNewline) ?? output.startIndex)].split(
                whereSeparator: \.isNewline
            ).map(String.init)
        }

        /// The last write that the guest has told of.
        func lastWrite(_ hosts: LabHosts, _ name: String, on host: Int = 1) async throws -> Int {
            let line = try await console(hosts, name, on: host).last { $0.hasPrefix("write ") }
            return try #require(line.flatMap { Int($0.dropFirst(6).filter(\.isNumber)) })
        }

        /// The numbers of the writes that a copy's disk has, in order.
        func writes(_ hosts: LabHosts, _ host: Int, _ file: String, format: String) async throws -> [Int] {
            let path = "\(LabHosts.images)/\(file)"
            // The area is the disk's last 2 MiB.
            let line = """
                qemu-img convert -f \(format) -O raw \(path) /tmp/writes.raw \
                && tail -c 2097152 /tmp/writes.raw | tr -d '\\0 ' | grep . | sort -n; rm -f /tmp/writes.raw
                """
            return try await hosts.shell(host, line).succeeded().lines.compactMap { Int($0) }
        }

        /// Nothing of a backup is left on the first host, and its guest goes on.
        func settles(_ hosts: LabHosts, _ name: String, _ before: Set<String>) async throws {
            try await waitUntil("the backup is gone", within: 60) {
                let job = try await hosts.virsh(1, "domjobinfo", name)
                let left = try await hosts.shell(
                    1, "ls -d /var/lib/libvirt/qemu/kvm-clone-* 2>/dev/null; pgrep -f '[k]vm-clone-agent guard'")
                return (job.code != 0 || job.output.contains("None")) && left.trimmed.isEmpty
            }
            try await hosts.settles(to: before, within: 60)
        }

        func goesOn(_ hosts: LabHosts, _ name: String, on host: Int = 1) async throws {
            let before = try await lastWrite(hosts, name, on: host)
            try await waitUntil("\(name) goes on writing", within: 30) {
                try await lastWrite(hosts, name, on: host) > before + 2
            }
        }

        func end(_ hosts: LabHosts, _ name: String) async throws {
            try await hosts.remove(name, from: 1)
            try await hosts.shell(1, "rm -f \(LabHosts.images)/\(name).*").succeeded()
        }

        @Test(
            "a copy of a running guest is a state that it was in, and boots",
            arguments: [("qcow2", "answers"), ("raw", nil), ("qcow2", "hangs")])
        func copy(_ kind: (format: String, agent: String?)) async throws {
            let hosts = try await Integration.Lab.guests()
            try await start("live", hosts, format: kind.format, agent: kind.agent)
            let before = try await hosts.contents()
            let plan = try await hosts.tool()("clone", "kvm1", "kvm2", "live", "--dry-run")
            let words = kind.agent == nil ? "as after a power cut" : "frozen by the guest's agent"
            #expect(plan.output.contains(words), "\(plan)")
            let first = try await lastWrite(hosts, "live")
            let outcome = try await hosts.tool()("replicate", "kvm1", "kvm2,kvm3", "live", "-n", "copy")
            let last = try await lastWrite(hosts, "live")
            #expect(outcome.code == 0, "\(outcome)")
            let frozen = try await console(hosts, "live").filter { $0.hasPrefix("agent ") }.map { $0.prefix(11) }
            #expect(frozen == (kind.agent == nil ? [] : ["agent froze", "agent thawe"]))
            #expect(outcome.error.contains("power cut") == (kind.agent != "answers"), "\(outcome)")
            for host in [2, 3] {
                let file = "copy-vda.\(kind.format == "raw" ? "img" : kind.format)"
                let numbers = try await writes(hosts, host, file, format: kind.format)
                // No write is torn or lost, and none came later than another that is missing.
                #expect(numbers == Array(1...numbers.count), "\(numbers)")
                #expect(numbers.count >= first && numbers.count <= last + 1, "\(first) \(numbers.count) \(last)")
            }
            try await hosts.lab("wait-boot", "kvm2", "copy", "--timeout", "200").succeeded()
            try await goesOn(hosts, "live")
            for host in [2, 3] { try await hosts.remove("copy", from: host) }
            try await settles(hosts, "live", before)
            try await end(hosts, "live")
        }

        /// A slow copy of a running guest, in the middle.
        func halfway(_ hosts: LabHosts, _ name: String) async throws -> RunningCopy {
            let copy = try RunningCopy(
                hosts.tool(),
                ["clone", "kvm1", "kvm2", name, "-n", "half", "--no-compress", "--bwlimit", "16M"])
            try await copy.waitForShare(0.3)
            return copy
        }

        @Test(
            "whoever is killed in the middle, the backup ends, nothing is left on the source, and the guest goes on",
            arguments: ["coordinator", "source agent", "target agent"])
        func killed(_ victim: String) async throws {
            let hosts = try await Integration.Lab.guests()
            try await start("live", hosts, format: "qcow2", agent: "answers")
            let before = try await hosts.contents()
            let copy = try await halfway(hosts, "live")
            switch victim {
            case "coordinator": copy.process.signal(SIGKILL)
            case "source agent": try await hosts.exec(1, "pkill", "-KILL", "-f", "agents/.* serve")
            default: try await hosts.exec(2, "pkill", "-KILL", "-f", "agents/.* serve")
            }
            let outcome = try await copy.end(within: 90)
            #expect(outcome.code != 0, "\(outcome)")
            try await copy.tool("op", "cleanup", try copy.operation()).succeeded()
            try await settles(hosts, "live", before)
            try await goesOn(hosts, "live")
            try await end(hosts, "live")
        }

        @Test("a coordinator that is killed between freeze and thaw: the guard thaws the guest")
        func killedWhileFrozen() async throws {
            let hosts = try await Integration.Lab.guests()
            // Its agent freezes, and doesn't answer: that takes a while.
            try await start("live", hosts, format: "qcow2", agent: "hangs")
            let before = try await hosts.contents()
            let copy = try RunningCopy(hosts.tool(), ["clone", "kvm1", "kvm2", "live", "-n", "half"])
            try await hosts.lab("wait-console", "kvm1", "live", "^agent froze").succeeded()
            copy.process.signal(SIGKILL)
            _ = try await copy.end(within: 60)
            try await hosts.lab("wait-console", "kvm1", "live", "^agent thawed", "--timeout", "30").succeeded()
            try await goesOn(hosts, "live")
            try await copy.tool("op", "cleanup", try copy.operation()).succeeded()
            try await settles(hosts, "live", before)
            try await end(hosts, "live")
        }

        @Test("a running guest is compared with a copy at one instant; it goes on, and nothing is left")
        func compared() async throws {
            let hosts = try await Integration.Lab.guests()
            try await start("live", hosts, format: "qcow2")
            let before = try await hosts.contents()
            try await hosts.tool()("clone", "kvm1", "kvm2", "live", "-n", "half").succeeded()
            try await goesOn(hosts, "live")
            let outcome = try await hosts.tool()("diff", "kvm1", "kvm2", "live", "--target-name", "half")
            #expect(outcome.code == 1 && outcome.output.contains("differed"), "\(outcome)")
            try await hosts.remove("half", from: 2)
            try await settles(hosts, "live", before)
            try await goesOn(hosts, "live")
            try await end(hosts, "live")
        }

        @Test("a guest that ends in the middle fails its copy, with nothing left")
        func ends() async throws {
            let hosts = try await Integration.Lab.guests()
            try await start("live", hosts, format: "raw")
            let before = try await hosts.contents()
            let copy = try await halfway(hosts, "live")
            try await hosts.virsh(1, "destroy", "live").succeeded()
            let outcome = try await copy.end(within: 90)
            #expect(outcome.code != 0 && !outcome.wasKilled, "\(outcome)")
            #expect(outcome.error.contains("kvm1"), "\(outcome)")
            try await settles(hosts, "live", before)
            try await end(hosts, "live")
        }

        @Test(
            "a guest that somebody else backs up is refused, and that backup goes on; with consistency off any is refused"
        )
        func refused() async throws {
            let hosts = try await Integration.Lab.guests()
            try await start("live", hosts, format: "qcow2")
            try await hosts.shell(
                1,
                "printf \"<domainbackup mode='pull'><server transport='unix' socket='/var/lib/libvirt/qemu/other'/></domainbackup>\" >/tmp/other.xml"
            ).succeeded()
            let off = try await hosts.tool()("clone", "kvm1", "kvm2", "live", "--consistency", "off")
            #expect(off.code == 17 && off.error.contains("virsh shutdown live"), "\(off)")
            try await hosts.shell(1, "virsh -c qemu:///system backup-begin live /tmp/other.xml").succeeded()
            let outcome = try await hosts.tool()("clone", "kvm1", "kvm2", "live")
            #expect(outcome.code == 17 && outcome.error.contains("a job of libvirt's holds it"), "\(outcome)")
            #expect(try await hosts.virsh(1, "backup-dumpxml", "live").output.contains("qemu/other"))
            try await hosts.virsh(1, "domjobabort", "live").succeeded()
            try await end(hosts, "live")
        }
    }
}

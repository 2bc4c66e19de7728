import Foundation
import Testing

extension Integration.Lab {
    @Suite struct HostTests {
        @Test("doctor finds four hosts in order and says how they are reached")
        func doctor() async throws {
            let outcome = try await Integration.Lab.guests().tool()("doctor")
            #expect(outcome.code == 0, "\(outcome)")
            for fact in ["kvm4\n", "libssh2", "QEMU", "pool default", "data port from kvm2", "clock"] {
                #expect(outcome.output.contains(fact), "\(fact) is missing: \(outcome.output)")
            }
        }

        @Test("list shows the guests with their disks as they are")
        func list() async throws {
            let hosts = try await Integration.Lab.guests()
            let list = try await hosts.tool()("list", "-o", "json").decoded(as: [String: [VMDocument]].self)
            #expect(list.count == 4)
            let raw = try #require(list["kvm1"]?.first { $0.name == "raw" })
            #expect(raw.disks.first?.size == 256 << 20 && raw.disks.first?.format == "raw")
            #expect(list["kvm1"]?.first { $0.name == "qcow2" }?.disks.first?.format == "qcow2")
        }

        @Test("a host that doesn't answer is an error in its row, the others are listed: exit 3")
        func unplugged() async throws {
            let hosts = try await Integration.Lab.guests()
            try await hosts.lab("unplug", "kvm4").succeeded()
            let outcome = try await hosts.tool()("list")
            try await hosts.lab("heal").succeeded()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(outcome.lines.contains { $0.hasPrefix("kvm4") && $0.contains("error [1002]") }, "\(outcome)")
            #expect(outcome.lines.contains { $0.hasPrefix("kvm1") && $0.contains("qcow2") })
        }

        @Test("doctor --purge removes the agent; the next command puts it there again")
        func purge() async throws {
            let hosts = try LabHosts.current()
            let tool = try hosts.tool()
            let find = "find /root/.cache/kvm-clone -type f 2>/dev/null; true"
            #expect(try await tool("doctor", "kvm2").code == 0)
            #expect(try await !hosts.shell(2, find).lines.isEmpty)
            #expect(try await tool("doctor", "kvm2", "--purge").code == 0)
            #expect(try await hosts.shell(2, find).lines.isEmpty)
            #expect(try await tool("doctor", "kvm2").code == 0)
        }

        @Test("an agent's executable that was damaged on the host is installed anew")
        func damaged() async throws {
            let hosts = try LabHosts.current()
            let tool = try hosts.tool()
            #expect(try await tool("doctor", "kvm2").code == 0)
            let damage =
                "for f in $(find /root/.cache/kvm-clone/agents -type f); do printf x | dd of=$f bs=1 seek=100 conv=notrunc; done"
            try await hosts.shell(2, damage).succeeded()
            let outcome = try await tool("doctor", "kvm2")
            #expect(outcome.code == 0 && outcome.output.contains("agent"), "\(outcome)")
        }

        @Test("a host key that has changed stops hard with 15, before anything is done")
        func hostKey() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let file = try await hosts.setting("KVM_CLONE_LAB_KNOWN_HOSTS")
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
            let other = try #require(lines.first { $0.contains("kvm3 ") }?.split(separator: " ").last)
            let swapped = lines.map { line -> String in
                guard line.contains("kvm2 ") else { return line }
                return line.split(separator: " ").dropLast().joined(separator: " ") + " " + other
            }
            var tool = try hosts.tool()
            let known = try tool.scratch.write("known_hosts", swapped.joined(separator: "\n") + "\n")
            tool.environment["KVM_CLONE_TOPOLOGY"] = try tool.scratch.write(
                "swapped.yaml", hosts.topology.replacingOccurrences(of: file, with: known))
            let outcome = try await tool("clone", "kvm1", "kvm2", "raw", "-o", "json")
            #expect(outcome.code == 15, "\(outcome)")
            #expect(try outcome.errorDocument().error.code == 1103)
            try await hosts.settles(to: before)
        }

        @Test("an RSA key, which libssh2 1.10 can't use here, falls to ssh(1) by itself, and doctor says so")
        func rsa() async throws {
            let hosts = try await Integration.Lab.guests()
            var tool = try hosts.tool()
            let key = tool.scratch.path("rsa")
            try await run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key]).succeeded()
            let publicKey = tool.scratch.text("rsa.pub").trimmingCharacters(in: .whitespacesAndNewlines)
            for host in [1, 2] {
                try await hosts.shell(host, "echo '\(publicKey)' >> /root/.ssh/authorized_keys").succeeded()
            }
            let own = try await hosts.setting("KVM_CLONE_LAB_KEY")
            tool.environment["KVM_CLONE_TOPOLOGY"] = try tool.scratch.write(
                "rsa.yaml", hosts.topology.replacingOccurrences(of: "\"\(own)\"", with: "\"\(key)\""))
            let doctor = try await tool("doctor", "kvm1", "kvm2")
            #expect(doctor.code == 0, "\(doctor)")
            let line = try #require(doctor.lines.first { $0.contains("connection") })
            // Newer versions of libssh2 can.
            let kind = line.replacingOccurrences(of: "connection", with: "").trimmingCharacters(in: .whitespaces)
            #expect(kind == "libssh2" || kind.hasPrefix("ssh (") && kind.contains("RSA"), "\(line)")
            let outcome = try await tool("clone", "kvm1", "kvm2", "raw", "-n", "by-rsa")
            #expect(outcome.code == 0, "\(outcome)")
            try await hosts.remove("by-rsa", from: 2)
        }

        @Test("a host behind a jump host is reached through ssh(1) and the user's configuration")
        func proxyJump() async throws {
            let hosts = try await Integration.Lab.guests()
            let tool = try hosts.tool()
            let key = try await hosts.setting("KVM_CLONE_LAB_KEY")
            let known = try await hosts.setting("KVM_CLONE_LAB_KNOWN_HOSTS")
            let folder = tool.scratch.path("ssh")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let common = "  User root\n  IdentityFile \(key)\n  UserKnownHostsFile \(known)\n"
            try await tool.scratch.write(
                "ssh/config",
                "Host jump\n  HostName \(hosts.address(3))\n\(common)Host hidden\n  HostName \(hosts.address(4))\n"
                    + "  ProxyJump jump\n\(common)Host plain\n  HostName \(hosts.address(1))\n\(common)")
            try await run(["chmod", "-R", "go=", folder]).succeeded()
            var environment = tool.environment
            environment["KVM_CLONE_TOPOLOGY"] = nil
            // ssh(1) looks for the configuration in the home folder of the user database, whatever HOME says.
            func copy(_ words: String...) async throws -> Outcome {
                try await run(
                    [
                        "unshare", "--mount", "sh", "-c",
                        "mkdir -p ~root/.ssh && mount --bind \"$0\" ~root/.ssh && exec \"$@\"", folder, Setting.binary,
                    ] + words, environment: environment)
            }
            let doctor = try await copy("doctor", "hidden")
            #expect(doctor.code == 0, "\(doctor)")
            #expect(doctor.output.contains("ssh (the configuration says ProxyJump jump)"), "\(doctor)")
            let outcome = try await copy("clone", "plain", "hidden", "raw", "-n", "jumped")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(try await hosts.names(4).contains("jumped"))
            try await hosts.remove("jumped", from: 4)
        }

        @Test(
            "a user who isn't root works through sudo",
            .enabled("sudo is installed") { try await run(["sh", "-c", "command -v sudo visudo"]).code == 0 })
        func sudo() async throws {
            let hosts = try await Integration.Lab.guests()
            for host in [1, 2] {
                try await hosts.shell(
                    host,
                    "id ops >/dev/null 2>&1 || useradd -M -d /var/tmp/ops -s /bin/bash -p '*' ops; mkdir -p /var/tmp/ops/.ssh; "
                        + "cp /root/.ssh/authorized_keys /var/tmp/ops/.ssh/; chown -R ops /var/tmp/ops; "
                        + "mkdir -p /etc/sudoers.d; echo 'ops ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/ops; "
                        + "chmod 0440 /etc/sudoers.d/ops"
                ).succeeded()
            }
            var tool = try hosts.tool()
            let text = hosts.topology.replacingOccurrences(of: "ssh_user: root", with: "ssh_user: ops\n  become: sudo")
            tool.environment["KVM_CLONE_TOPOLOGY"] = try tool.scratch.write("ops.yaml", text)
            let outcome = try await tool("clone", "kvm1", "kvm2", "raw", "-n", "by-ops")
            #expect(outcome.code == 0, "\(outcome)")
            try await hosts.remove("by-ops", from: 2)
        }
    }
}

import Foundation
import Testing

extension Integration.Lab {
    @Suite struct ReplicateTests {
        /// Starts a guest, returns the sum of its disk that it prints, and shuts it down.
        private func sum(_ hosts: LabHosts, _ host: Int, _ name: String) async throws -> String {
            let line = try await hosts.lab("wait-boot", "kvm\(host)", name, "--timeout", "280").succeeded().trimmed
            try await hosts.lab("shutdown", "kvm\(host)", name, "--timeout", "60").succeeded()
            return String(try #require(line.split(separator: " ").last))
        }

        @Test(
            "one guest stands on three hosts, and all boot from their copies and read the same disk",
            .timeLimit(.minutes(15)))
        func boots() async throws {
            let hosts = try await Integration.Lab.guests()
            let outcome = try await hosts.tool()("replicate", "kvm1", "kvm2,kvm3,kvm4", "qcow2", "-o", "json")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(try outcome.decoded(as: [CloneResponse].self).map(\.success) == [true, true, true])
            let raw = try await hosts.tool()("clone", "kvm1", "kvm2", "raw")
            #expect(raw.code == 0, "\(raw)")
            // All at once: under emulation a boot is mostly computing.
            let guests = [(1, "qcow2"), (2, "qcow2"), (3, "qcow2"), (4, "qcow2"), (2, "raw_clone")]
            let sums = try await withThrowingTaskGroup(of: String.self) { group in
                for (host, name) in guests { group.addTask { try await sum(hosts, host, name) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sums.count == guests.count && Set(sums).count == 1, "\(sums)")
            for (host, name) in guests.dropFirst() { try await hosts.remove(name, from: host) }
        }

        @Test("a target that can't be reached doesn't keep the copy from the two others: exit 3")
        func unreachable() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let address = try await hosts.address(3)
            let nobody = address.split(separator: ".").dropLast().joined(separator: ".") + ".99"
            let tool = try Tool(topology: hosts.topology.replacingOccurrences(of: address, with: nobody))
            let outcome = try await tool("replicate", "kvm1", "kvm2,kvm3,kvm4", "raw", "-o", "json")
            #expect(outcome.code == 3, "\(outcome)")
            let responses = try outcome.decoded(as: [CloneResponse].self)
            #expect(responses.map(\.success) == [true, false, true])
            #expect(responses[1].errorCode == 1002)
            for host in [2, 4] { try await hosts.remove("raw", from: host) }
            try await hosts.settles(to: before)
        }

        @Test("hosts that can't reach each other copy through the coordinator, and the answer says so")
        func isolated() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            try await hosts.lab("isolate", "kvm1", "kvm2").succeeded()
            let direct = try await hosts.tool()("clone", "kvm1", "kvm2", "raw", "--path", "direct")
            let outcome = try await hosts.tool()("replicate", "kvm1", "kvm2,kvm3", "raw")
            try await hosts.lab("heal").succeeded()
            #expect(![0, 3].contains(direct.code), "\(direct)")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.lines.first { $0.hasPrefix("kvm2") }?.hasSuffix("coordinator") == true, "\(outcome)")
            #expect(outcome.lines.first { $0.hasPrefix("kvm3") }?.hasSuffix("direct") == true, "\(outcome)")
            for host in [2, 3] { try await hosts.remove("raw", from: host) }
            try await hosts.settles(to: before)
        }

        @Test("a block device is copied")
        func blockDevice() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            let scratch = try Scratch(under: "/var/tmp")
            let file = scratch.path("disk")
            try DiskFile.raw(file, size: 64, data: 8)
            let device = try await run(["losetup", "--find", "--show", file]).succeeded().trimmed
            let result = await Result {
                let machine = try await hosts.lab("guest", "kvm1", "block", "--print-xml").succeeded().output
                    .replacingOccurrences(of: "disk type='file'", with: "disk type='block'")
                    .replacingOccurrences(of: "type='qcow2' discard", with: "type='raw' discard")
                    .replacingOccurrences(of: "file='\(LabHosts.images)/block.qcow2'", with: "dev='\(device)'")
                try await hosts.virsh(1, "define", scratch.write("block.xml", machine)).succeeded()
                let outcome = try await hosts.tool()("clone", "kvm1", "kvm2", "block", "-n", "blockcopy")
                #expect(outcome.code == 0, "\(outcome)")
                let sum = try await hosts.exec(2, "sha256sum", "\(LabHosts.images)/blockcopy-vda.img").succeeded()
                let own = try await run(["sha256sum", file]).succeeded()
                #expect(sum.output.prefix(64) == own.output.prefix(64))
            }
            try await hosts.remove("blockcopy", from: 2)
            try await hosts.virsh(1, "undefine", "block")
            try await run(["losetup", "--detach", device]).succeeded()
            try result.get()
            try await hosts.settles(to: before)
        }

        @Test("a UEFI machine's NVRAM file is copied with it")
        func nvram() async throws {
            let hosts = try await Integration.Lab.guests()
            let before = try await hosts.contents()
            // No guest is started: any bytes will do for firmware and variables.
            let code = "/var/lib/libvirt/boot/CODE.fd"
            for host in [1, 2] { try await hosts.shell(host, "head -c 65536 /dev/zero > \(code)").succeeded() }
            let variables = "\(LabHosts.images)/uefi_VARS.fd"
            try await hosts.shell(1, "head -c 65536 /dev/urandom > \(variables)").succeeded()
            try await hosts.shell(1, "cp --sparse=always \(LabHosts.images)/raw.raw \(LabHosts.images)/uefi.qcow2")
                .succeeded()
            let scratch = try Scratch()
            let machine = try await hosts.lab("guest", "kvm1", "uefi", "--print-xml").succeeded().output
                .replacingOccurrences(of: "type='qcow2' discard", with: "type='raw' discard")
                .replacingOccurrences(
                    of: "<boot dev='hd'/>",
                    with: "<loader readonly='yes' type='pflash'>\(code)</loader><nvram>\(variables)</nvram>")
            try await hosts.virsh(1, "define", scratch.write("uefi.xml", machine)).succeeded()
            let outcome = try await hosts.tool()("clone", "kvm1", "kvm2", "uefi")
            #expect(outcome.code == 0, "\(outcome)")
            let xml = try await hosts.virsh(2, "dumpxml", "uefi_clone", "--xpath", "//nvram/text()").trimmed
            #expect(!xml.isEmpty && xml != variables)
            let sums = try await [hosts.exec(1, "sha256sum", variables), hosts.exec(2, "sha256sum", xml)]
            #expect(
                sums.allSatisfy { $0.code == 0 } && sums[0].output.prefix(64) == sums[1].output.prefix(64), "\(sums)")
            try await hosts.virsh(2, "undefine", "uefi_clone", "--nvram")
            try await hosts.virsh(1, "undefine", "uefi", "--nvram")
            try await hosts.shell(2, "rm -f \(LabHosts.images)/uefi_clone* '\(xml)'")
            try await hosts.shell(1, "rm -f \(LabHosts.images)/uefi*")
            try await hosts.settles(to: before)
        }
    }
}

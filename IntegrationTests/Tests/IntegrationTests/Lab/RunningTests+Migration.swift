import Foundation
import Testing

extension Integration.Lab.RunningTests {
    @Test("a guest that moves live goes on writing, loses none of it, and its way back uses the disks that it left")
    func live() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2", agent: "answers")
        let plan = try await hosts.tool()("migrate", "kvm1", "kvm2", "live", "--dry-run")
        #expect(plan.output.contains("It moves live: it runs"), "\(plan)")
        let before = try await lastWrite(hosts, "live")
        let outcome = try await hosts.tool()("migrate", "kvm1", "kvm2", "live")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        try await waitUntil("it writes there", within: 20) {
            try await console(hosts, "live", on: 2).contains { $0.hasPrefix("write ") }
        }
        try await goesOn(hosts, "live", on: 2)
        let there = try await console(hosts, "live", on: 2)
        #expect(!there.contains { $0.contains("is up") }, "it has started anew")
        #expect(try await lastWrite(hosts, "live", on: 2) > before)
        let listed = try await hosts.tool()("list", "kvm1", "kvm2").succeeded().output
        #expect(listed.contains("REPLICA"), "\(listed)")
        // Back by way of the disks that are still there: only what it has written since is sent.
        let back = try await hosts.tool()("migrate", "kvm2", "kvm1", "live", "--warm", "-o", "json")
        #expect(back.code == 0, "\(back)")
        let sent = try back.decoded(as: [CloneResponse].self).map(\.bytesTransferred)
        #expect(sent.allSatisfy { $0 < 32 << 20 }, "\(sent)")
        #expect(try await whereabouts(hosts, "live") == ["1 running"])
        try await hosts.lab("wait-console", "kvm1", "live", "^write [1-9]", "--timeout", "200").succeeded()
        try await isWhole(hosts, "live", on: 1)
        try await moveAway(hosts)
    }

    @Test("checkpoints come along with a guest that moves live: the next sync from there reads only what was written")
    func chain() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2")
        try await hosts.tool()("sync", "kvm1", "kvm3", "live", "--checkpoint").succeeded()
        try await hosts.tool()("migrate", "kvm1", "kvm2", "live").succeeded()
        let kept = try await hosts.virsh(2, "checkpoint-list", "live", "--name").succeeded().lines
        #expect(kept.count == 1 && kept.allSatisfy { $0.hasPrefix("kvm-clone-") }, "\(kept)")
        let next = try await hosts.tool()("sync", "kvm2", "kvm3", "live", "--checkpoint")
        #expect(next.code == 0 && !next.error.contains("compared"), "\(next)")
        // All of it is as it is there: what the bitmaps told was enough.
        try await hosts.virsh(2, "suspend", "live").succeeded()
        try await hosts.tool()("sync", "kvm2", "kvm3", "live").succeeded()
        try await hosts.tool()("verify", "kvm2", "kvm3", "live").succeeded()
        try await hosts.virsh(2, "resume", "live").succeeded()
        try await hosts.virsh(2, "destroy", "live").succeeded()
        try await hosts.virsh(2, "undefine", "live", "--checkpoints-metadata").succeeded()
        try await hosts.shell(3, "rm -f \(LabHosts.images)/live-* \(LabHosts.images)/live.*").succeeded()
        try await moveAway(hosts)
    }

    @Test("a guest moves to and fro live, through this machine where the hosts don't reach each other")
    func aroundTheCorner() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "raw")
        try await hosts.lab("isolate", "kvm1", "kvm2", "--reject").succeeded()
        let outcome = try await hosts.tool()("migrate", "kvm1", "kvm2", "live")
        try await hosts.lab("heal").succeeded()
        #expect(outcome.code == 0 && outcome.output.contains("coordinator"), "\(outcome)")
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        let back = try await hosts.tool()("migrate", "kvm2", "kvm1", "live")
        #expect(back.code == 0, "\(back)")
        #expect(try await whereabouts(hosts, "live") == ["1 running"])
        try await goesOn(hosts, "live")
        try await isWhole(hosts, "live", on: 1)
        try await moveAway(hosts)
    }

    @Test("a guest moves warm in spite of a snapshot that libvirt knows nothing of; a snapshot that it knows stops it")
    func snapshots() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2")
        try await hosts.virsh(1, "snapshot-create-as", "live", "before", "--disk-only").succeeded()
        let refused = try await hosts.tool()("migrate", "kvm1", "kvm2", "live")
        #expect(refused.code == 17 && refused.error.contains("1 snapshots, which would not come along"), "\(refused)")
        #expect(try await whereabouts(hosts, "live") == ["1 running"])
        try await hosts.virsh(1, "snapshot-delete", "live", "before", "--metadata").succeeded()
        let outcome = try await hosts.tool()("migrate", "kvm1", "kvm2", "live", "--warm")
        #expect(outcome.code == 0, "\(outcome)")
        try await hosts.lab("wait-console", "kvm2", "live", "^write [1-9]", "--timeout", "200").succeeded()
        try await isWhole(hosts, "live", on: 2)
        try await moveAway(hosts)
    }

    @Test("a guest that moves warm is shut down once, and finds all that it has written", arguments: ["qcow2", "raw"])
    func warm(_ format: String) async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: format)
        let outcome = try await hosts.tool()("migrate", "kvm1", "kvm2", "live", "--warm")
        #expect(outcome.code == 0, "\(outcome)")
        // It isn't defined there any more, but its console's file is.
        let told = try await hosts.shell(1, "cat /var/log/libvirt/qemu/live-console.log").succeeded().output
        let last = told.split(whereSeparator: \.isNewline).last { $0.hasPrefix("write ") }
        let written = try #require(last.flatMap { Int($0.dropFirst(6)) })
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        try await hosts.lab("wait-console", "kvm2", "live", "found write [1-9]", "--timeout", "200").succeeded()
        let line = try await console(hosts, "live", on: 2).first { $0.contains("found write") }
        let found = try #require(line.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) })
        #expect(found == written || found == written + 1, "\(written) \(found)")
        try await goesOn(hosts, "live", on: 2)
        try await isWhole(hosts, "live", on: 2)
        try await moveAway(hosts)
    }

    @Test(
        "whatever is killed while a guest moves live, it runs on one host and goes on, nothing is left, and the next try succeeds",
        arguments: ["coordinator", "source agent", "target agent", "target QEMU", "target libvirtd", "source libvirtd"])
    func killedWhileMoving(_ victim: String) async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2")
        let before = try await hosts.contents()
        let move = try RunningCopy(
            hosts.tool(), ["migrate", "kvm1", "kvm2", "live", "--no-compress", "--bwlimit", "8M"])
        try await move.waitForShare(0.2)
        switch victim {
        case "coordinator": move.process.signal(SIGKILL)
        case "source agent": try await hosts.exec(1, "pkill", "-KILL", "-f", "agents/.* serve")
        case "target agent": try await hosts.exec(2, "pkill", "-KILL", "-f", "agents/.* serve")
        case "target QEMU": try await hosts.shell(2, "pkill -KILL -f 'guest=[l]ive,'").succeeded()
        default:
            let host = victim == "source libvirtd" ? "kvm1" : "kvm2"
            try await hosts.lab("kill", host, "libvirtd").succeeded()
            try await Task.sleep(for: .seconds(1))
            try await hosts.lab("start", host, "libvirtd").succeeded()
        }
        let outcome = try await move.end(within: 120)
        #expect(outcome.code != 0, "\(outcome)")
        _ = try await move.tool("op", "cleanup", try move.operation())
        try await waitUntil("it runs on one host", within: 60) {
            try await whereabouts(hosts, "live") == ["1 running"]
        }
        try await settles(hosts, "live", before)
        try await goesOn(hosts, "live")
        let again = try await hosts.tool()("migrate", "kvm1", "kvm2", "live")
        #expect(again.code == 0, "\(again)")
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        try await waitUntil("it writes there", within: 20) {
            try await console(hosts, "live", on: 2).contains { $0.hasPrefix("write ") }
        }
        try await goesOn(hosts, "live", on: 2)
        try await isWhole(hosts, "live", on: 2)
        try await moveAway(hosts)
    }

    @Test(
        "a guest that writes to its memory as fast as that moves: this is said, and a pause after some seconds ends it")
    func notConverging() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2", dirties: true)
        let words = ["migrate", "kvm1", "kvm2", "live", "--no-compress", "--bwlimit", "12M"]
        let endless = try await hosts.tool()(words + ["--deadline", "45"])
        #expect(endless.code == 124 && endless.error.contains("it does not converge: the guest writes"), "\(endless)")
        #expect(try await whereabouts(hosts, "live") == ["1 running"])
        try await goesOn(hosts, "live")
        let paused = try await hosts.tool()(words + ["--pause-after", "5"])
        #expect(paused.code == 0 && paused.error.contains("paused until it has moved, after 5 s"), "\(paused)")
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        try await waitUntil("it writes there", within: 20) {
            try await console(hosts, "live", on: 2).contains { $0.hasPrefix("write ") }
        }
        try await goesOn(hosts, "live", on: 2)
        try await isWhole(hosts, "live", on: 2)
        try await moveAway(hosts)
    }

    @Test("op cancel ends a live migration, and the guest stays")
    func cancelled() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2")
        let before = try await hosts.contents()
        let move = try RunningCopy(
            hosts.tool(), ["migrate", "kvm1", "kvm2", "live", "--no-compress", "--bwlimit", "8M"])
        try await move.waitForShare(0.1)
        try await move.tool("op", "cancel", try move.operation()).succeeded()
        let outcome = try await move.end(within: 60)
        #expect(outcome.code == 130, "\(outcome)")
        #expect(try await whereabouts(hosts, "live") == ["1 running"])
        try await settles(hosts, "live", before)
        try await goesOn(hosts, "live")
        try await moveAway(hosts)
    }

    /// Where the guest is: `1 running`, for instance.
    func whereabouts(_ hosts: LabHosts, _ name: String) async throws -> [String] {
        var found: [String] = []
        for host in 1...2 {
            let state = try await hosts.virsh(host, "domstate", name)
            if state.code == 0 { found.append("\(host) \(state.trimmed)") }
        }
        return found
    }

    /// Shuts the guest down, and looks at its disk: every write that it has told of is there, in order.
    func isWhole(_ hosts: LabHosts, _ name: String, on host: Int, isDown: Bool = false) async throws {
        if !isDown { try await hosts.lab("shutdown", "kvm\(host)", name, "--timeout", "60").succeeded() }
        let last = try await lastWrite(hosts, name, on: host)
        let xml = try await hosts.virsh(host, "domblklist", name, "--details").succeeded().lines
        let words = try #require(xml.first { $0.contains("vda") }).split(separator: " ").map(String.init)
        let file = try #require(words.last?.split(separator: "/").last.map(String.init))
        let numbers = try await writes(hosts, host, file, format: file.hasSuffix(".qcow2") ? "qcow2" : "raw")
        #expect(numbers == Array(1...numbers.count), "\(numbers)")
        #expect(numbers.count >= last && numbers.count <= last + 1, "\(numbers.count) \(last)")
    }

    /// Nothing of the guest is left on the hosts that it moves between.
    func moveAway(_ hosts: LabHosts) async throws {
        for host in 1...2 {
            try await hosts.remove("live", from: host)
            try await hosts.shell(
                host,
                "rm -f \(LabHosts.images)/live-* \(LabHosts.images)/live.* /var/log/libvirt/qemu/live-console.log"
            ).succeeded()
        }
    }
}

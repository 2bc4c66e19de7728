import Foundation
import Testing

extension Integration.Lab.RunningTests {
    @Test(
        "a guest whose disks are copied first goes on all the time, loses nothing, and leaves no overlay anywhere",
        arguments: ["qcow2", "raw"])
    func seeded(_ format: String) async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: format)
        let before = try await lastWrite(hosts, "live")
        let outcome = try await hosts.tool()("migrate", "kvm1", "kvm2", "live", "--seeded")
        #expect(outcome.code == 0 && outcome.error.contains("live moves live"), "\(outcome)")
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        try await waitUntil("it writes there", within: 20) {
            try await console(hosts, "live", on: 2).contains { $0.hasPrefix("write ") }
        }
        try await goesOn(hosts, "live", on: 2)
        let there = try await console(hosts, "live", on: 2)
        #expect(!there.contains { $0.contains("is up") }, "it has started anew")
        #expect(try await lastWrite(hosts, "live", on: 2) > before)
        for host in [1, 2] {
            let files = try await hosts.shell(host, "ls \(LabHosts.images)").succeeded().lines
            #expect(!files.contains { $0.contains("kvm-clone-") && !$0.hasSuffix("-replica") }, "\(files)")
        }
        let xml = try await hosts.virsh(2, "dumpxml", "live").succeeded().output
        #expect(!xml.contains("<backingStore type"), "\(xml)")
        // Back: what it has left is used.
        let back = try await hosts.tool()("migrate", "kvm2", "kvm1", "live", "--seeded")
        #expect(back.code == 0, "\(back)")
        #expect(try await whereabouts(hosts, "live") == ["1 running"])
        try await goesOn(hosts, "live")
        try await isWhole(hosts, "live", on: 1)
        try await moveAway(hosts)
    }

    @Test(
        "whoever is killed while disks are copied, the guest goes on; another run sends the rest of them only",
        arguments: ["coordinator", "source agent", "target agent"])
    func killedWhileSeeding(_ victim: String) async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2")
        let move = try RunningCopy(
            hosts.tool(),
            ["migrate", "kvm1", "kvm2", "live", "--seeded", "--no-compress", "--bwlimit", "20M", "--parallel", "2"])
        try await move.waitForShare(0.6)
        switch victim {
        case "coordinator": move.process.signal(SIGKILL)
        case "source agent": try await hosts.exec(1, "pkill", "-KILL", "-f", "agents/.* serve")
        default: try await hosts.exec(2, "pkill", "-KILL", "-f", "agents/.* serve")
        }
        let outcome = try await move.end(within: 120)
        #expect(outcome.code != 0, "\(outcome)")
        try await goesOn(hosts, "live")
        #expect(try await hosts.virsh(1, "domstate", "live", "--reason").succeeded().output.contains("running"))
        let blocks = try await hosts.virsh(1, "domblklist", "live").succeeded().output
        #expect(blocks.contains("live-vda.kvm-clone-"), "\(blocks)")
        let id = try move.operation()
        let again = try RunningCopy(move.tool, ["op", "resume", id])
        let resumed = try await again.end(within: 200)
        #expect(resumed.code == 0, "\(resumed)")
        // Of the first part, the copy.
        let events = try again.eventsSoFar().prefix { !$0.message.contains("moves live") }
        let progress = try #require(events.last { $0.type == "progress" }?.targets?.first)
        let total = progress.disks.reduce(0) { $0 + $1.total }
        #expect(total > 0 && Double(progress.wireBytes) < 0.55 * Double(total), "\(progress)")
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        try await waitUntil("it writes there", within: 20) {
            try await console(hosts, "live", on: 2).contains { $0.hasPrefix("write ") }
        }
        try await goesOn(hosts, "live", on: 2)
        try await isWhole(hosts, "live", on: 2)
        try await moveAway(hosts)
    }

    @Test("a seeded move that is given up puts the disks back as they were, and bitmaps still say what was written")
    func seedGivenUp() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2")
        try await hosts.tool()("sync", "kvm1", "kvm3", "live", "--checkpoint").succeeded()
        let before = try await hosts.contents()
        let definition = try await hosts.virsh(1, "dumpxml", "live", "--inactive").succeeded().output
        let move = try RunningCopy(
            hosts.tool(), ["migrate", "kvm1", "kvm2", "live", "--seeded", "--no-compress", "--bwlimit", "20M"])
        try await move.waitForShare(0.2)
        try await goesOn(hosts, "live")
        try await move.tool("op", "cancel", try move.operation()).succeeded()
        let outcome = try await move.end(within: 60)
        #expect(outcome.code == 130, "\(outcome)")
        try await settles(hosts, "live", before)
        #expect(try await hosts.virsh(1, "dumpxml", "live", "--inactive").succeeded().output == definition)
        try await goesOn(hosts, "live")
        let next = try await hosts.tool()("sync", "kvm1", "kvm3", "live", "--checkpoint")
        #expect(next.code == 0 && !next.error.contains("compared"), "\(next)")
        try await hosts.virsh(1, "suspend", "live").succeeded()
        try await hosts.tool()("sync", "kvm1", "kvm3", "live", "--checkpoint").succeeded()
        try await hosts.tool()("verify", "kvm1", "kvm3", "live", "--consistency", "crash").succeeded()
        try await hosts.virsh(1, "resume", "live").succeeded()
        // One that is shut off meanwhile gets its disks back as well.
        let second = try RunningCopy(
            hosts.tool(), ["migrate", "kvm1", "kvm2", "live", "--seeded", "--no-compress", "--bwlimit", "20M"])
        try await second.waitForShare(0.2)
        try await goesOn(hosts, "live")
        second.process.signal(SIGKILL)
        _ = try await second.end(within: 60)
        try await hosts.lab("shutdown", "kvm1", "live", "--timeout", "60").succeeded()
        try await second.tool("op", "cleanup", try second.operation()).succeeded()
        #expect(try await hosts.virsh(1, "dumpxml", "live", "--inactive").succeeded().output == definition)
        try await isWhole(hosts, "live", on: 1, isDown: true)
        try await hosts.shell(3, "rm -f \(LabHosts.images)/live-* \(LabHosts.images)/live.*").succeeded()
        try await moveAway(hosts)
    }

    @Test(
        "a coordinator that is killed while a seeded guest moves: it runs on one host, and a clean-up leaves no overlay"
    )
    func killedWhileLanding() async throws {
        let hosts = try await Integration.Lab.guests()
        try await moveAway(hosts)
        try await start("live", hosts, format: "qcow2")
        let move = try RunningCopy(
            hosts.tool(), ["migrate", "kvm1", "kvm2", "live", "--seeded", "--no-compress", "--bwlimit", "20M"])
        try await waitUntil("it moves", within: 90) {
            try move.eventsSoFar().contains { $0.message.contains("kvm2: moving") }
        }
        move.process.signal(SIGKILL)
        _ = try await move.end(within: 60)
        _ = try await move.tool("op", "cleanup", try move.operation())
        try await waitUntil("it runs on one host", within: 60) {
            try await whereabouts(hosts, "live") == ["1 running"]
        }
        try await waitUntil("nothing is left of it", within: 60) {
            _ = try await move.tool("op", "cleanup", try move.operation())
            let files = try await hosts.shell(1, "ls \(LabHosts.images)").succeeded().lines
            return !files.contains { $0.contains("kvm-clone-") }
        }
        try await goesOn(hosts, "live")
        let again = try await hosts.tool()("migrate", "kvm1", "kvm2", "live", "--seeded")
        #expect(again.code == 0, "\(again)")
        #expect(try await whereabouts(hosts, "live") == ["2 running"])
        try await isWhole(hosts, "live", on: 2)
        try await moveAway(hosts)
    }
}

import Foundation
import Testing

extension Integration.Lab.RunningTests {
    @Test("each sync of a running guest makes its replicas a state that it was in; promoted, one boots")
    func synced() async throws {
        let hosts = try await Integration.Lab.guests()
        try await start("live", hosts, format: "qcow2", agent: "answers")
        let before = try await hosts.contents()
        var counts: [Int] = []
        for generation in 1...3 {
            let first = try await lastWrite(hosts, "live")
            let outcome = try await hosts.tool()("sync", "kvm1", "kvm2,kvm3", "live", "-o", "json")
            let last = try await lastWrite(hosts, "live")
            #expect(outcome.code == 0, "\(outcome)")
            if generation > 1 {
                // What it writes in the meantime is small.
                let sent = try outcome.decoded(as: [CloneResponse].self).map(\.bytesTransferred)
                #expect(sent.allSatisfy { $0 < 32 << 20 }, "\(sent)")
            }
            for host in [2, 3] {
                let numbers = try await writes(hosts, host, "live-vda.qcow2", format: "qcow2")
                #expect(numbers == Array(1...numbers.count), "\(numbers)")
                #expect(numbers.count >= first && numbers.count <= last + 1, "\(first) \(numbers.count) \(last)")
                counts.append(numbers.count)
                #expect(try await !hosts.names(host).contains("live"))
            }
            try await goesOn(hosts, "live")
        }
        #expect(counts[0] < counts[2] && counts[2] < counts[4])
        let refusal = try await hosts.tool()("promote", "kvm2", "live")
        #expect(refusal.code == 17 && refusal.error.contains("still defined on kvm1"), "\(refusal)")
        try await hosts.tool()("promote", "kvm2", "live", "--new-identity", "-n", "live2").succeeded()
        try await hosts.virsh(2, "start", "live2").succeeded()
        try await hosts.lab("wait-boot", "kvm2", "live2", "--timeout", "200").succeeded()
        try await goesOn(hosts, "live")
        try await hosts.remove("live2", from: 2)
        for host in [2, 3] {
            try await hosts.shell(host, "rm -f \(LabHosts.images)/live-* \(LabHosts.images)/live.kvm*").succeeded()
        }
        try await settles(hosts, "live", before)
        try await end(hosts, "live")
    }

    @Test(
        "whoever is killed while a running guest's replica is synced, the replica is as before or as after, and the guest goes on",
        arguments: ["coordinator", "source agent", "target agent"])
    func killedWhileSyncing(_ victim: String) async throws {
        let hosts = try await Integration.Lab.guests()
        try await start("live", hosts, format: "qcow2", agent: "answers")
        try await forget(hosts)
        try await hosts.tool()("sync", "kvm1", "kvm2", "live").succeeded()
        let old = try await writes(hosts, 2, "live-vda.qcow2", format: "qcow2")
        let before = try await hosts.contents()
        try await goesOn(hosts, "live")
        let copy = try RunningCopy(
            hosts.tool(), ["sync", "kvm1", "kvm2", "live", "--no-compress", "--bwlimit", "4K"])
        try await copy.waitForWire(0)
        switch victim {
        case "coordinator": copy.process.signal(SIGKILL)
        case "source agent": try await hosts.exec(1, "pkill", "-KILL", "-f", "agents/.* serve")
        default: try await hosts.exec(2, "pkill", "-KILL", "-f", "agents/.* serve")
        }
        let outcome = try await copy.end(within: 90)
        #expect(outcome.code != 0, "\(outcome)")
        #expect(try await writes(hosts, 2, "live-vda.qcow2", format: "qcow2") == old)
        _ = try await copy.tool("op", "cleanup", try copy.operation())
        try await settles(hosts, "live", before)
        try await hosts.tool()("sync", "kvm1", "kvm2", "live").succeeded()
        let numbers = try await writes(hosts, 2, "live-vda.qcow2", format: "qcow2")
        #expect(numbers.count > old.count && numbers == Array(1...numbers.count))
        try await goesOn(hosts, "live")
        try await forget(hosts)
        try await end(hosts, "live")
    }

    @Test(
        "with a checkpoint only what was written is read and sent; after QEMU was killed its bitmap is refused, and the disks are compared"
    )
    func checkpoints() async throws {
        let hosts = try await Integration.Lab.guests()
        try await start("live", hosts, format: "qcow2", agent: "answers")
        try await forget(hosts)
        var seen = 0
        func sync(_ words: String...) async throws -> Outcome {
            let outcome = try await hosts.tool()(["sync", "kvm1", "kvm2", "live", "--checkpoint"] + words)
            #expect(outcome.code == 0, "\(outcome)")
            let numbers = try await writes(hosts, 2, "live-vda.qcow2", format: "qcow2")
            #expect(numbers == Array(1...numbers.count) && numbers.count > seen, "\(numbers)")
            seen = numbers.count
            try await goesOn(hosts, "live")
            return outcome
        }
        _ = try await sync()
        for _ in 1...2 {
            let outcome = try await sync()
            #expect(!outcome.error.contains("compared"), "\(outcome)")
        }
        let kept = try await hosts.virsh(1, "checkpoint-list", "live", "--name").succeeded().lines
        #expect(kept.count == 3 && kept.allSatisfy { $0.hasPrefix("kvm-clone-") }, "\(kept)")
        // All of it is as it is on the source: what bitmaps told was enough.
        try await hosts.virsh(1, "suspend", "live").succeeded()
        try await hosts.tool()("sync", "kvm1", "kvm2", "live", "--consistency", "crash").succeeded()
        try await hosts.tool()("verify", "kvm1", "kvm2", "live", "--consistency", "crash").succeeded()
        try await hosts.virsh(1, "resume", "live").succeeded()
        try await goesOn(hosts, "live")
        // A SIGKILL of QEMU leaves the bitmaps inconsistent.
        try await hosts.shell(1, "pkill -KILL -f 'guest=[l]ive,'").succeeded()
        try await waitUntil("libvirt has seen it", within: 30) {
            try await hosts.virsh(1, "domstate", "live").output.contains("shut off")
        }
        try await hosts.virsh(1, "start", "live").succeeded()
        try await hosts.lab("wait-boot", "kvm1", "live", "--timeout", "200").succeeded()
        let broken = try await hosts.tool()("sync", "kvm1", "kvm2", "live", "--checkpoint", "-v")
        #expect(broken.code == 0 && broken.error.contains("compared"), "\(broken)")
        try await forget(hosts)
        try await hosts.virsh(1, "destroy", "live")
        for name in try await hosts.virsh(1, "checkpoint-list", "live", "--name").lines {
            try await hosts.virsh(1, "checkpoint-delete", "live", name, "--metadata")
        }
        try await end(hosts, "live")
    }

    /// Removes the replicas.
    private func forget(_ hosts: LabHosts) async throws {
        for host in [2, 3] {
            try await hosts.shell(host, "rm -f \(LabHosts.images)/live-* \(LabHosts.images)/live.kvm*").succeeded()
        }
    }
}

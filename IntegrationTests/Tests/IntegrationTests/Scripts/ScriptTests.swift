import Foundation
import Testing

extension Integration {
    @Suite(.serialized) struct Scripts {
        @Test("this machine can run a lab, or the reason is told; in CI it must")
        func possible() async throws {
            guard let obstacle = try await LabHosts.obstacle() else { return }
            if Setting.isCI {
                Issue.record("the lab suites are skipped: \(obstacle)")
            } else {
                print("the lab suites are skipped: \(obstacle)")
            }
        }

        @Test(
            "the lab does what it says", .enabled("a lab can run here") { try await LabHosts.obstacle() == nil },
            .timeLimit(.minutes(10)))
        func selftest() async throws {
            let outcome = try await run(["\(Setting.folder)/lab.d/selftest", "--quick"], timeout: 500)
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.lines.last?.hasSuffix(" 0 failed") == true)
        }

        @Test("embedded hosts keep what is defined, refuse a folder in use, and leave nothing")
        func embedded() async throws {
            let scratch = try Scratch()
            let (script, folder) = ("\(Setting.folder)/embedded", scratch.path("e"))
            try await run([script, "up", "2", folder]).succeeded()
            let again = try await run([script, "up", "2", folder])
            #expect(again.code == 1 && again.error.contains("in use"), "\(again)")
            let uri = "test+unix:///default?socket=\(folder)/host2/state/run/libvirt-sock"
            let xml = try scratch.write("vm.xml", Machine(name: "kept").xml)
            try await run(["virsh", "-c", uri, "define", xml]).succeeded()
            let names = try await run(["virsh", "-c", uri, "list", "--all", "--name"]).succeeded()
            #expect(names.trimmed == "kept")
            let processes = ["host1", "host2"].flatMap { host in
                scratch.text("e/\(host)/processes").split(separator: "\n").compactMap {
                    pid_t($0.split(separator: " ")[1]).flatMap(ProcessIdentity.init)
                }
            }
            #expect(processes.count == 4)
            try await run([script, "down", folder]).succeeded()
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(!processes.contains { $0.isAlive })
        }
    }
}

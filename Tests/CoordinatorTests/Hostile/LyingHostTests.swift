import Coordinator
import Logging
import Model
import Simulation
import Testing

/// Agents whose answers are well formed and false.
@Suite struct LyingHostTests {
    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var request: String
        var answer: String
        var isSource: Bool
        /// True where the operation can't even begin.
        var stopsPlan = false
    }

    static let layer = #"{"path":"/x","format":"raw","isBlockDevice":false,"modified":0,"#
    static let salt = String(repeating: "09", count: 32)
    static let huge = UInt64.max

    @Test(
        "A false answer ends in an error that names the host; nothing is left on the target",
        arguments: [
            Lie(
                testDescription: "a disk of no image", request: "disk.inspect", answer: "[]", isSource: true,
                stopsPlan: true),
            Lie(
                testDescription: "sizes whose sum has no place in 64 bits", request: "disk.inspect",
                answer: "[\(layer)\"virtualSize\":\(huge),\"fileSize\":\(huge),\"allocated\":\(huge)}]", isSource: true,
                stopsPlan: true),
            Lie(
                testDescription: "fewer sizes than disks", request: "send.open",
                answer: #"{"salt":"\#(salt)","sizes":[],"generations":[]}"#, isSource: true),
            Lie(
                testDescription: "more sizes than disks", request: "send.open",
                answer: #"{"salt":"\#(salt)","sizes":[1,2,3],"generations":[]}"#, isSource: true),
            Lie(
                testDescription: "a size that no file has", request: "send.open",
                answer: #"{"salt":"\#(salt)","sizes":[\#(huge)],"generations":[]}"#, isSource: true),
            Lie(
                testDescription: "no salt", request: "send.open",
                answer: #"{"salt":"","sizes":[1048576],"generations":[]}"#,
                isSource: true),
            Lie(
                testDescription: "digests of nothing", request: "send.run",
                answer: #"{"roots":[],"targets":[],"stages":{},"dataBytes":0,"hashedBytes":0,"knownBytes":0}"#,
                isSource: true),
            Lie(
                testDescription: "no digests", request: "send.run",
                answer: #"{"targets":[],"stages":{},"dataBytes":0,"hashedBytes":0,"knownBytes":0}"#, isSource: true),
            Lie(
                testDescription: "a false digest", request: "send.run",
                answer:
                    #"{"roots":["\#(salt)"],"targets":[],"stages":{},"dataBytes":0,"hashedBytes":0,"knownBytes":0}"#,
                isSource: true),
            Lie(
                testDescription: "no file", request: "receive.open",
                answer: #"{"salt":"\#(salt)","files":[],"kept":[]}"#,
                isSource: false),
            Lie(
                testDescription: "more files than asked for", request: "receive.open",
                answer: #"{"salt":"\#(salt)","files":[{"device":1,"inode":1},{"device":1,"inode":2}],"kept":[]}"#,
                isSource: false
            ),
            Lie(
                testDescription: "a false read-back", request: "receive.readback",
                answer: #"{"roots":["\#(salt)"],"fromMedium":true,"stages":{}}"#, isSource: false),
            Lie(
                testDescription: "an empty read-back", request: "receive.readback",
                answer: #"{"roots":[],"fromMedium":true,"stages":{}}"#, isSource: false),
            Lie(
                testDescription: "folders of nothing", request: "folders.measure", answer: "[]", isSource: false,
                stopsPlan: true),
        ])
    func lie(_ lie: Lie) async throws {
        let fleet = try FakeFleet()
        let liar = LyingHost(truth: lie.isSource ? fleet.source : fleet.targets[0], lies: [lie.request: lie.answer])
        let coordinator = Coordinator(journal: fleet.journal, logger: .silent) { name throws(KVMCloneError) in
            guard let host = fleet.hosts.first(where: { $0.name == name }) else {
                throw KVMCloneError(.invalidHost, "no host '\(name)'")
            }
            return name == liar.name ? liar : host
        }
        var options = CloneOptions()
        options.stallTimeout = 5
        let id = OperationID()
        var errors: [KVMCloneError] = []
        do throws(KVMCloneError) {
            let result = try await coordinator.run(fleet.request(options), id: id, stop: StopSignal()) { _ in }
            errors = result.targets.compactMap(\.error)
            #expect(!lie.stopsPlan)
        } catch {
            errors = [error]
            #expect(lie.stopsPlan)
        }
        #expect(errors.count == 1)
        #expect(errors.first?.host != nil)
        #expect(try fleet.targets[0].snapshot() == HostSnapshot(files: [:], domains: [:]))
        // The liar's own agent may keep what it hides; the other's holds nothing.
        await fleet.close()
    }
}

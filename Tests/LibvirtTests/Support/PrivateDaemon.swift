import Foundation
import Testing

@testable import Libvirt

/// A private libvirtd with the test driver, run by `IntegrationTests/embedded`.
final class PrivateDaemon: Sendable {
    let uri: String
    let folder: URL
    let processID: pid_t

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../IntegrationTests/embedded").standardized.path()

    init() async throws {
        let folder = URL(filePath: "/tmp/kvm-clone-\(UUID().uuidString.prefix(8))")
        self.folder = folder
        try await onThread { try Self.run(["up", "1", folder.path()]) }
        uri = "test+unix:///default?socket=\(folder.path())/host1/state/run/libvirt-sock"
        let pidFile = folder.appending(path: "host1/state/libvirtd.pid")
        let text = try String(contentsOf: pidFile, encoding: .utf8)
        processID = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    func signal(_ number: Int32) {
        kill(processID, number)
    }

    func end() async throws {
        let folder = folder
        try await onThread { try Self.run(["down", folder.path()]) }
    }

    /// Runs `body` with a daemon that is ended in any case.
    static func with(_ body: (PrivateDaemon) async throws -> Void) async throws {
        let daemon = try await PrivateDaemon()
        do {
            try await body(daemon)
        } catch {
            try await daemon.end()
            throw error
        }
        try await daemon.end()
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: script)
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        try? errors.fileHandleForWriting.close()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments): \(String(decoding: text, as: UTF8.self))")
    }
}

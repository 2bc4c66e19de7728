import Foundation
import Glibc

/// A copy that runs, followed through its events.
struct RunningCopy: Sendable {
    let process: RunningProcess
    let events: String
    private let scratch: Scratch
    /// With the state that the copy is written down in.
    let tool: Tool

    init(_ tool: Tool, _ arguments: [String]) throws {
        self.tool = tool
        scratch = try Scratch()
        events = scratch.path("events.jsonl")
        process = try tool.start(arguments + ["--events-file", events, "--no-input"])
    }

    /// The operation's id.
    func operation() throws -> String {
        guard let id = try eventsSoFar().first?.operation else { throw Failure("the copy has told nothing yet") }
        return id
    }

    func eventsSoFar() throws -> [EventDocument] { try EventDocument.lines(scratch.text("events.jsonl")) }

    /// Waits until every target that copies has got at least `bytes` over the wire.
    func waitForWire(_ bytes: UInt64) async throws {
        try await waitForProgress("\(bytes) bytes on the wire") { $0.wireBytes >= bytes }
    }

    /// Waits until every target that copies has got this share of its disks.
    func waitForShare(_ share: Double) async throws {
        try await waitForProgress("a share of \(share)") { target in
            let (done, total) = target.disks.reduce((0.0, 0.0)) { ($0.0 + Double($1.done), $0.1 + Double($1.total)) }
            return total > 0 && done >= share * total
        }
    }

    private func waitForProgress(_ what: String, _ isEnough: (EventDocument.Target) -> Bool) async throws {
        try await waitUntil("\(what): \(process.description)", within: 90) {
            if process.hasEnded { throw Failure("it has ended: \(try await process.end())") }
            guard let targets = try eventsSoFar().last(where: { $0.type == "progress" })?.targets else { return false }
            let copying = targets.filter { ["copying", "syncing", "moving"].contains($0.phase) }
            return !copying.isEmpty && copying.allSatisfy(isEnough)
        }
    }

    func end(within seconds: Double = 120) async throws -> Outcome { try await process.end(within: seconds) }
}

/// One process for good: an id is used again, but not with the same start time.
struct ProcessIdentity: Hashable {
    var id: pid_t
    var started: String

    init?(_ id: pid_t) {
        guard let fields = Self.fields(id), fields.count > 19 else { return nil }
        self.id = id
        started = fields[19]
    }

    var isAlive: Bool {
        // A zombie has ended; it only wasn't collected yet.
        guard let fields = Self.fields(id) else { return false }
        return fields[19] == started && fields[0] != "Z"
    }

    /// The direct children of a process.
    static func children(of parent: pid_t) -> [ProcessIdentity] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { pid_t($0) }.filter { fields($0)?[1] == "\(parent)" }.compactMap(Self.init)
    }

    /// The fields of the stat file from the state on; the name before may hold spaces and brackets.
    private static func fields(_ id: pid_t) -> [String]? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ").map(String.init)
        return fields.count > 19 ? fields : nil
    }
}

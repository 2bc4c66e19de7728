import Coordinator
import Model
import Testing

/// Requests that make no sense are refused before any host is asked.
@Suite struct RequestTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var what: String
        var code: ErrorCode
        var field: String
        var targets = ["b"]
        var change: @Sendable (inout CloneOptions) -> Void = { _ in }
        var testDescription: String { what }
    }

    @Test(
        "A senseless request names the wrong field",
        arguments: [
            Row(what: "no target", code: .validation, field: "DST", targets: []),
            Row(what: "the source as target", code: .validation, field: "DST", targets: ["a"]),
            Row(what: "a target twice", code: .validation, field: "DST", targets: ["b", "c", "b"]),
            Row(what: "no stream", code: .validation, field: "--parallel", change: { $0.parallel = 0 }),
            Row(what: "17 streams", code: .validation, field: "--parallel", change: { $0.parallel = 17 }),
            Row(what: "no time", code: .invalidTimeout, field: "--timeout", change: { $0.stallTimeout = 0 }),
            Row(what: "over a day", code: .invalidTimeout, field: "--timeout", change: { $0.stallTimeout = 86_401 }),
            Row(what: "a path as name", code: .invalidVMName, field: "vm_name", change: { $0.newName = "../x" }),
            Row(what: "a reserved name", code: .invalidVMName, field: "vm_name", change: { $0.newName = "all" }),
        ])
    func refused(_ row: Row) {
        var options = CloneOptions()
        row.change(&options)
        let request = CloneRequest(kind: .clone, vm: "web01", source: "a", targets: row.targets, options: options)
        let error = #expect(throws: KVMCloneError.self) { try request.validate() }
        #expect(error?.code == row.code)
        #expect(error?.field == row.field)
        #expect(error?.exitCode == .usage)
    }

    @Test("The copy's name is the one asked for, else the command's default")
    func names() {
        var options = CloneOptions()
        #expect(CloneRequest(kind: .clone, vm: "w", source: "a", targets: ["b"], options: options).newName == "w_clone")
        #expect(CloneRequest(kind: .replicate, vm: "w", source: "a", targets: ["b"], options: options).newName == "w")
        options.newName = "x"
        #expect(CloneRequest(kind: .clone, vm: "w", source: "a", targets: ["b"], options: options).newName == "x")
    }
}

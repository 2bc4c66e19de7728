import Model
import Testing
import YAML

@testable import Interface

@Suite struct OperationLogTextTests {
    private let entries: [OperationLogEntry] = [
        .init(
            number: 1, time: 1_700_000_000_123,
            content: .record(level: "debug", message: "sent\nall", metadata: ["host": "kvm1", "a": "x y"])),
        .init(number: 2, time: 1_700_000_001_000, content: .event(.warning(host: "kvm2", message: "little memory"))),
        .init(number: 3, time: 1_700_000_002_000, content: .event(.ended(state: .completed))),
    ]

    @Test("text is as in a log file, one line for each entry, without details")
    func text() throws {
        var text = OperationLogText(format: .text)
        #expect(
            try text.render(entries) == """
                2023-11-14T22:13:21.000Z WARNING little memory host=kvm2
                2023-11-14T22:13:22.000Z INFO operation completed

                """)
    }

    @Test("details come when they are asked for, and can't pretend to be two lines")
    func details() throws {
        var text = OperationLogText(format: .wide, level: .debug)
        #expect(
            try text.render([entries[0]]) == "2023-11-14T22:13:20.123Z DEBUG sent\\nall host=kvm1 a=\"x y\"\n")
    }

    @Test("JSON is one object a line, YAML one list whatever the pieces")
    func documents() throws {
        var json = OperationLogText(format: .json, level: .debug)
        let lines = try json.render(entries).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("\"level\":\"warning\"") && lines[1].contains("\"number\":2"))
        var yaml = OperationLogText(format: .yaml)
        let list = try YAMLLoader.load(yaml.render([entries[1]]) + yaml.render([entries[2]]))
        #expect(try list.sequence().count == 2)
    }
}

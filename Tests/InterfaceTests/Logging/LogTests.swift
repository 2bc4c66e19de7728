import Foundation
import Logging
import Model
import Testing
import YAML

@testable import Interface

@Suite struct LogTests {
    private let now = Date(timeIntervalSince1970: 1_764_079_331.042)

    @Test(
        "records are one line in every format",
        arguments: [
            (LogFormat.text, "2025-11-25T14:02:11.042Z WARNING two\\nlines host=kvm1 path=\"a b\"\n"),
            (.journald, "<4>two\\nlines host=kvm1 path=\"a b\"\n"),
            (
                .json,
                #"{"timestamp":"2025-11-25T14:02:11.042Z","level":"warning","logger":"l","message":"two\nlines","#
                    + #""host":"kvm1","path":"a b"}"# + "\n"
            ),
        ])
    func formats(format: LogFormat, expected: String) {
        let line = format.line(
            .warning, "two\nlines", [("host", "kvm1"), ("path", "a b")], label: "l", now: now)
        #expect(line == expected)
    }

    @Test("metadata can't take the place of a record's own words, nor bring escapes to a terminal")
    func hostile() {
        let line = LogFormat.json.line(.info, "m", [("message", "forged"), ("level", "x")], label: "l", now: now)
        #expect(!line.contains("forged"))
        #expect(!LogFormat.text.line(.info, "\u{1b}[2J\u{9b}", [], label: "l", now: now).contains("\u{1b}"))
    }

    @Test(
        "levels have the journal's priorities",
        arguments: [
            (Logger.Level.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3), (.critical, 2),
        ])
    func priorities(level: Logger.Level, priority: Int) { #expect(level.priority == priority) }

    @Test(
        "level names are read in any case",
        arguments: [("WARN", Logger.Level.warning), ("Warning", .warning), ("debug", .debug)])
    func names(name: String, level: Logger.Level) { #expect(Logger.Level(name: name) == level) }

    @Test("a logger writes its level and above, with operation, host and vm first")
    func handler() async throws {
        let pipe = try TestPipe()
        let console = Console(descriptor: pipe.writing)
        let sink = LogSink(console: console, format: .journald)
        var logger = Logger(label: "t") { ConsoleLogHandler(label: $0, level: .info, sink: sink) }
        logger[metadataKey: "vm"] = "web01"
        logger[metadataKey: "a"] = "1"
        logger.debug("hidden")
        logger.info("shown", metadata: ["operation": "7K3", "host": "kvm1"])
        await console.flushed()
        #expect(pipe.text() == "<6>shown operation=7K3 host=kvm1 vm=web01 a=1\n")
    }

    @Test("a full log file is moved on, and only so many are kept")
    func rotation() async throws {
        let folder = try TemporaryFolder()
        let file = try RotatingFile(path: "\(folder.path)/logs/k.log", limit: 4096, backups: 2)
        let line = String(repeating: "x", count: 1023) + "\n"
        for number in 0..<20 { #expect(file.append("\(number)" + line) == nil) }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/logs").sorted()
        #expect(names == ["k.log", "k.log.1", "k.log.2"])
        for name in names { #expect(try folder.read("logs/\(name)").utf8.count <= 4096) }
        #expect(try folder.read("logs/k.log").contains("19x"))
    }

    @Test("records go to the file as well, as text where the console has the journal's format")
    func both() async throws {
        let folder = try TemporaryFolder()
        let pipe = try TestPipe()
        let console = Console(descriptor: pipe.writing)
        let file = try RotatingFile(path: "\(folder.path)/k.log", limit: 1 << 20, backups: 1)
        let sink = LogSink(console: console, format: .journald, file: file)
        Logger(label: "t") { ConsoleLogHandler(label: $0, level: .info, sink: sink) }.error("bad")
        await console.flushed()
        #expect(pipe.text() == "<3>bad\n")
        #expect(try folder.read("k.log").hasSuffix("Z ERROR bad\n"))
    }

    @Test("a log file that can't be opened is a configuration error")
    func unwritable() {
        let error = #expect(throws: KVMCloneError.self) {
            try RotatingFile(path: "/proc/nowhere/k.log", limit: 4096, backups: 1)
        }
        #expect(error?.code == .configuration)
        #expect(error?.field == "logging.file")
    }
}

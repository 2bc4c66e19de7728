import Logging
import Model
import Testing

@testable import Interface

@Suite struct ConsoleTests {
    @Test("a line printed over a live view takes the view away first")
    func printOverView() async throws {
        let pipe = try TestPipe()
        let console = Console(descriptor: pipe.writing)
        console.draw(["one", "two"])
        await console.flushed()
        console.print("log\n")
        console.draw(["one", "two"])
        await console.flushed()
        console.draw(["1", "2"])
        await console.flushed()
        console.finish(["done"])
        console.print("after\n")
        await console.flushed()
        #expect(
            pipe.text() == "one\ntwo\n" + "\u{1b}[2A\r\u{1b}[J" + "log\n" + "one\ntwo\n"
                + "\u{1b}[2A\r1\u{1b}[K\n2\u{1b}[K\n\u{1b}[J" + "\u{1b}[2A\rdone\u{1b}[K\n\u{1b}[J" + "after\n")
    }

    @Test("lines for a reader that doesn't read are dropped beyond a bound, and counted")
    func bounded() async throws {
        let pipe = try TestPipe()
        let console = Console(descriptor: pipe.writing)
        let line = String(repeating: "x", count: 1 << 16) + "\n"
        for _ in 0..<64 { console.print(line) }
        var size = 0
        var isTold = false
        var isEnded = false
        while !isEnded {
            console.print("#\n")
            let chunk = pipe.text().utf8
            size += chunk.count
            // The lines hold nothing but x, so a word with w is the console's own.
            isTold = isTold || chunk.contains(UInt8(ascii: "w"))
            isEnded = chunk.contains(UInt8(ascii: "#"))
            try await Task.sleep(for: .milliseconds(1))
        }
        await console.flushed()
        #expect(isTold)
        #expect(size < Console.mostWaitingBytes + (2 << 16))
        withExtendedLifetime(pipe) {}
    }

    @Test("a reporter without a terminal writes lines only", arguments: [true, false])
    func reporter(isJSON: Bool) async throws {
        let pipe = try TestPipe()
        let console = Console(descriptor: pipe.writing)
        let reporter = ProgressReporter(
            id: Sample.id, mode: isJSON ? .jsonLines : .plain, console: console,
            terminal: { Terminal(isTerminal: false) })
        reporter.receive(.started(Sample.start()))
        reporter.receive(.targetEnded(Sample.outcome("kvm2")))
        reporter.receive(.ended(state: .completed))
        reporter.finish()
        await console.flushed()
        let text = pipe.text()
        #expect(text.split(separator: "\n").count == (isJSON ? 4 : 3))
        #expect(!text.contains("\r") && !text.contains("\u{1b}"))
        #expect(text.hasPrefix(isJSON ? #"{"type":"version""# : "7K3ABCDEFG replicate"))
    }

    @Test("a live view leaves its last lines, and events go to their file beside it")
    func live() async throws {
        let folder = try TemporaryFolder()
        let pipe = try TestPipe()
        let console = Console(descriptor: pipe.writing)
        let file = try EventsFile(path: "\(folder.path)/events.jsonl") { Issue.record("\($0)") }
        let reporter = ProgressReporter(
            id: Sample.id, mode: .live(Paint(isOn: false)), console: console, eventsFile: file,
            terminal: { Terminal(isTerminal: true) })
        reporter.receive(.started(Sample.start(targets: ["kvm2"])))
        reporter.receive(.targetEnded(Sample.outcome("kvm2")))
        reporter.receive(.ended(state: .completed))
        reporter.finish()
        await console.flushed()
        #expect(pipe.text().contains("✓ web01→kvm2 vda 12.0 GiB 58s verified"))
        #expect(try folder.read("events.jsonl").split(separator: "\n").count == 4)
    }

    @Test(
        "the locale's character set decides between UTF-8 and ASCII",
        arguments: [
            (["LANG": "en_US.UTF-8"], true), (["LANG": "C.utf8"], true), ([:], false), (["LANG": "C"], false),
            (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false), (["LC_ALL": "", "LC_CTYPE": "de_DE.UTF-8"], true),
        ])
    func locale(environment: [String: String], expected: Bool) {
        #expect(Terminal.isUTF8(environment) == expected)
    }
}

import Foundation
import Model
import Testing
import YAML

@testable import Interface

@Suite struct EventLinesTests {
    private let now = Date(timeIntervalSince1970: 1_764_079_331.042)

    private func value(_ line: String) throws -> YAMLValue {
        #expect(line.hasSuffix("\n"))
        #expect(!line.dropLast().contains("\n"))
        return YAMLValue(try YAMLLoader.load(line))
    }

    private func field(_ name: String, of value: YAMLValue) -> YAMLValue? {
        value.fields.first { $0.key == name }?.value
    }

    @Test("the first line tells the version")
    func version() throws {
        let line = EventLines(operation: Sample.id).first(now: now)
        #expect(
            try value(line) == [
                "type": "version", "timestamp": "2025-11-25T14:02:11.042Z", "operation": "7K3ABCDEFG",
                "message": "kvm-clone events, version 1", "version": 1,
            ])
    }

    @Test("every event has type, time, operation and a message, and its own fields")
    func fields() throws {
        var lines = EventLines(operation: Sample.id)
        let events: [(OperationEvent, String, String, String)] = [
            (.started(Sample.start()), "started", "replicate of web01 from kvm1 to kvm2, kvm3, kvm4", "newNames"),
            (.phase(host: "kvm2", phase: .verifying, detail: "d"), "phase", "kvm2: verifying, d", "detail"),
            (
                .progress(.init(elapsed: 1, targets: [Sample.target("kvm2", done: 6 * Sample.gigabyte)])), "progress",
                "kvm2: 50% 6.00/12.0G 91M/s", "targets"
            ),
            (.warning(host: nil, message: "w"), "warning", "warning: w", "host"),
            (
                .targetEnded(Sample.outcome("kvm4", error: Sample.full)), "target_ended",
                "kvm4: failed: [1204] needs 11.2 GiB, 4.0 free in \"default\"", "error"
            ),
            (.ended(state: .completed), "ended", "replicate completed", "state"),
        ]
        for (index, (event, type, message, own)) in events.enumerated() {
            let value = try value(lines.lines(for: event, now: now, seconds: Double(index)))
            #expect(value.fields.prefix(4).map(\.key) == ["type", "timestamp", "operation", "message"])
            #expect(field("type", of: value) == .string(type))
            #expect(field("message", of: value) == .string(message))
            #expect(field(own, of: value) != nil)
        }
    }

    @Test("at most ten lines of progress a second, and the last one is never lost")
    func throttle() {
        var lines = EventLines(operation: Sample.id)
        var count = 0
        for step in 0..<1000 {
            let event = OperationEvent.progress(.init(elapsed: Double(step) / 100, targets: []))
            count += lines.lines(for: event, now: now, seconds: Double(step) / 100).isEmpty ? 0 : 1
        }
        #expect((90...101).contains(count))
        let end = lines.lines(for: .ended(state: .completed), now: now, seconds: 9.995)
        #expect(end.split(separator: "\n").count == 2)
        #expect(end.contains(#""elapsed":9.99"#))
    }

    @Test("a target's line counts data where that is known, and says when it reads back")
    func share() {
        let gigabyte = Sample.gigabyte
        let copying = Sample.target("kvm2", done: 2 * gigabyte, data: gigabyte)
        #expect(EventMessage.target(copying) == "kvm2: 9% 1.00/11.0G 91M/s")
        let verifying = Sample.target("kvm2", done: 2 * gigabyte, data: gigabyte, phase: .verifying)
        #expect(EventMessage.target(verifying) == "kvm2: verifying 9% 1.00/11.0G 91M/s")
    }
}

@Suite struct PlainProgressTests {
    @Test("of an operation that is under way, the first line comes at once, and the next an interval later")
    func underWay() {
        var plain = PlainProgress(interval: 10, firstAfter: 0)
        _ = plain.lines(for: .started(Sample.start(targets: ["kvm2"])), seconds: 100)
        let lines = [100.1, 105, 110, 110.2].map { seconds in
            let progress = Sample.target("kvm2", done: Sample.gigabyte)
            return plain.lines(for: .progress(.init(elapsed: seconds, targets: [progress])), seconds: seconds)
        }
        #expect(lines.map(\.isEmpty) == [false, true, true, false])
    }

    @Test("lines are whole, without carriage returns or escapes, and one interval apart")
    func interval() {
        var plain = PlainProgress(interval: 10)
        var text = plain.lines(for: .started(Sample.start(targets: ["kvm2"])), seconds: 0)
        for step in 1...250 {
            let done = UInt64(step) * (12 * Sample.gigabyte) / 300
            let event = OperationEvent.progress(
                .init(
                    elapsed: Double(step) / 10, targets: [Sample.target("kvm2", done: done, left: 300 - Double(step))]))
            text += plain.lines(for: event, seconds: Double(step) / 10)
        }
        text += plain.lines(for: .targetEnded(Sample.outcome("kvm2")), seconds: 26)
        #expect(
            text == """
                7K3ABCDEFG replicate of web01 from kvm1 to kvm2
                7K3ABCDEFG kvm2: 33% 4.00/12.0G 91M/s, 3m20s left
                7K3ABCDEFG kvm2: 66% 8.00/12.0G 91M/s, 1m40s left
                7K3ABCDEFG kvm2: web01 is complete, 12.0 GiB in 58s, verified, direct

                """)
    }
}

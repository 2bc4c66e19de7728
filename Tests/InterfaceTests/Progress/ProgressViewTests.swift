import Model
import Testing

@testable import Interface

@Suite struct ProgressViewTests {
    @Test("at 80 columns everything is shown")
    func standard() {
        #expect(
            Sample.view().running(Sample.midway()) == [
                "replicate 7K3ABCDEFG  3 targets · 91.0 MiB/s · ETA 13s",
                "✓ web01→kvm2 vda 12.0 GiB 58s verified",
                "⠹ web01→kvm3 vda ██████▎     63% 7.57/12.0G  91M/s 0:13",
                "✗ web01→kvm4 [1204] needs 11.2 GiB, 4.0 free in \"default\"",
            ])
    }

    @Test(
        "a narrower terminal drops what matters least",
        arguments: [
            (120, "⠹ web01→kvm3 vda ████████████▌         63% 7.57/12.0G  91M/s 0:13"),
            (50, "⠹ web01→kvm3 vda ██▌   63% 7.57/12.0G  91M/s 0:13"), (42, "⠹ web01→kvm3 vda ██▌   63%  91M/s 0:13"),
            (34, "⠹ web01→kvm3 vda ██▌   63% 0:13"), (26, "⠹ web01→kvm3 vda  63%"), (20, "⠹ →kvm3 vda  63%"),
            (10, "⠹ →kvm3 …"),
        ])
    func widths(columns: Int, expected: String) {
        let line = Sample.view(columns: columns).running(Sample.midway())[2]
        #expect(line.prefix(while: { $0 != "\n" }) == expected)
    }

    @Test("no line is as wide as the terminal", arguments: [1, 2, 5, 10, 13, 20, 33, 40, 57, 80, 99, 100, 101, 200])
    func neverWraps(columns: Int) {
        for isUTF8 in [true, false] {
            let view = Sample.view(columns: columns, isUTF8: isUTF8, colour: true)
            for line in view.running(Sample.midway()) + view.finished(Sample.midway()) {
                #expect(DisplayWidth.of(line) <= max(1, columns - 1))
            }
        }
    }

    @Test("without UTF-8 the signs are ASCII")
    func ascii() {
        let lines = Sample.view(isUTF8: false).running(Sample.midway())
        #expect(
            lines == [
                "replicate 7K3ABCDEFG  3 targets - 91.0 MiB/s - ETA 13s",
                "+ web01->kvm2 vda 12.0 GiB 58s verified",
                "- web01->kvm3 vda [#####   ]  63% 7.57/12.0G  91M/s 0:13",
                "x web01->kvm4 [1204] needs 11.2 GiB, 4.0 free in \"default\"",
            ])
        #expect(lines.allSatisfy { $0.utf8.allSatisfy { $0 < 128 } })
    }

    @Test("colours change no width")
    func colours() {
        let plain = Sample.view().running(Sample.midway())
        let coloured = Sample.view(colour: true).running(Sample.midway())
        #expect(coloured.map(DisplayWidth.of) == plain.map(DisplayWidth.of))
        #expect(coloured.allSatisfy { $0.contains("\u{1b}[") })
    }

    @Test(
        "phases other than copying are named",
        arguments: [TargetPhase.preparing, .connecting, .syncing, .verifying, .publishing])
    func phases(phase: TargetPhase) {
        var state = ProgressState()
        state.apply(.started(Sample.start(targets: ["kvm2"])))
        state.apply(.phase(host: "kvm2", phase: phase, detail: nil))
        let lines = Sample.view().running(state)
        #expect(lines.count == 2)
        #expect(lines[1].hasSuffix(phase == .verifying ? "verifying 0%" : phase.rawValue))
    }

    @Test("holes don't count: the bar follows the data, and is full while it is read back and published")
    func sparse() {
        var state = ProgressState()
        state.apply(.started(Sample.start(targets: ["kvm2"])))
        var lines: [String] = []
        let steps: [(TargetPhase, UInt64, UInt64)] = [
            (.copying, 6, 1), (.verifying, 3, 2), (.copying, 9, 9), (.publishing, 12, 11),
        ]
        for (phase, done, data) in steps {
            let target = Sample.target(
                "kvm2", done: done * Sample.gigabyte, data: data * Sample.gigabyte, phase: phase)
            state.apply(.progress(.init(elapsed: 1, targets: [target])))
            lines.append(Sample.view().running(state)[1])
        }
        #expect(
            lines == [
                "⠹ web01→kvm2 vda █▍          14% 1.00/7.00G  91M/s 0:13",
                "⠹ web01→kvm2 vda ██████████ 100% 2.00/11.0G verifying 18%",
                // Taken before the phase changed and told after: it changes nothing.
                "⠹ web01→kvm2 vda ██████████ 100% 2.00/11.0G verifying 18%",
                "⠹ web01→kvm2 vda ██████████ 100% 11.0/11.0G publishing",
            ])
    }

    @Test("a way through the coordinator is told")
    func path() {
        var state = ProgressState()
        state.apply(.started(Sample.start(targets: ["kvm2"])))
        state.apply(.progress(.init(elapsed: 1, targets: [Sample.target("kvm2", done: 0, path: .coordinator)])))
        #expect(Sample.view().running(state)[1].hasSuffix("0:13 via coordinator"))
    }

    @Test("more targets than lines: those at work come first, the rest is counted")
    func manyTargets() {
        let hosts = (1...40).map { "kvm\($0)" }
        var state = ProgressState()
        state.apply(.started(Sample.start(targets: hosts)))
        for host in hosts.prefix(30) { state.apply(.targetEnded(Sample.outcome(host))) }
        state.apply(.progress(.init(elapsed: 1, targets: [Sample.target("kvm40", done: Sample.gigabyte)])))
        let lines = Sample.view(lines: 15).running(state)
        #expect(lines.count == 14)
        #expect(lines.contains { $0.contains("→kvm40 vda") })
        #expect(lines.last == "  … 28 more")
    }

    @Test("before the start the view says what it waits for, and the last lines name every target")
    func ends() {
        #expect(Sample.view().running(ProgressState()).first?.hasSuffix("looking at the hosts") == true)
        #expect(Sample.view().finished(ProgressState()).isEmpty)
        var state = Sample.midway()
        state.apply(.targetEnded(Sample.outcome("kvm3")))
        state.apply(.ended(state: .failed))
        #expect(
            Sample.view().finished(state) == [
                "replicate 7K3ABCDEFG  3 targets failed in 1m00s",
                "✓ web01→kvm2 vda 12.0 GiB 58s verified",
                "✓ web01→kvm3 vda 12.0 GiB 58s verified",
                "✗ web01→kvm4 [1204] needs 11.2 GiB, 4.0 free in \"default\"",
            ])
    }

    @Test(
        "of a comparison only the heading stays: what was found is in its table",
        arguments: [OperationKind.diff, .verify])
    func comparison(_ kind: OperationKind) {
        var start = Sample.start()
        start.kind = kind
        var state = ProgressState()
        state.apply(.started(start))
        state.apply(.ended(state: .completed))
        let lines = Sample.view().finished(state)
        #expect(
            lines.count == 1 && lines[0].hasPrefix("\(kind.rawValue) 7K3ABCDEFG  3 targets completed in"), "\(lines)")
    }

    @Test("a bar is full only when all is done")
    func bars() {
        #expect(Symbols.unicode.bar(0, width: 4) == "    ")
        #expect(Symbols.unicode.bar(0.99, width: 4) == "███▉")
        #expect(Symbols.unicode.bar(1, width: 4) == "████")
        #expect(Symbols.ascii.bar(0.5, width: 6) == "[##  ]")
    }

    @Test(
        "numbers fit their little space",
        arguments: [
            (Figures.fraction(7_570_000_000, of: 12 << 30), "7.05/12.0G"), (Figures.fraction(0, of: 512), "0/512"),
            (Figures.fraction(1023 << 10, of: 1 << 20), "1.00/1.00M"), (Figures.rate(95_420_416), "91M/s"),
            (Figures.rate(1.5 * 1_073_741_824), "1.5G/s"), (Figures.rate(-.infinity), "0/s"),
            (Figures.clock(13), "0:13"), (Figures.clock(7500), "2:05:00"), (Figures.span(79), "1m19s"),
            (Figures.span(7500), "2h05m"), (Figures.span(.nan), "0s"),
            ("\(Figures.percent(WorkShare(done: 999, total: 1000, data: nil, used: 0)))", "99"),
            ("\(Figures.percent(WorkShare(done: 0, total: 0, data: nil, used: 0)))", "100"),
        ])
    func figures(text: String, expected: String) { #expect(text == expected) }
}

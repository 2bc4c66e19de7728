import Model
import Testing

@testable import Interface

/// A small generator with a seed, so that a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

@Suite struct CountdownTests {
    @Test("whatever the predictions, what is shown never grows", arguments: 0..<50)
    func monotone(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed))
        var countdown = Countdown()
        var last = Double.infinity
        var now = 0.0
        for _ in 0..<300 {
            now += Double.random(in: 0.05...3, using: &generator)
            let choices = [nil, Double.infinity, -1, .nan, Double.random(in: 0...500, using: &generator)]
            let weight = Int.random(in: 0..<12, using: &generator)
            let prediction = weight < 4 ? choices[weight] : choices[4]
            guard let shown = countdown.update(prediction: prediction, now: now) else { continue }
            #expect(shown <= last)
            #expect(shown >= 0)
            last = shown
        }
    }

    @Test("a slightly worse prediction is waited out, a broken promise withdrawn and taken up again")
    func withdrawn() {
        var countdown = Countdown()
        #expect(countdown.update(prediction: 60, now: 0) == 60)
        #expect(countdown.update(prediction: 65, now: 1) == 60)
        #expect(countdown.update(prediction: 300, now: 2) == 60)
        #expect(countdown.update(prediction: 300, now: 11) == 60)
        #expect(countdown.update(prediction: 300, now: 12) == nil)
        #expect(countdown.update(prediction: nil, now: 13) == nil)
        #expect(countdown.update(prediction: 100, now: 200) == nil)
        #expect(countdown.update(prediction: 59, now: 240) == 59)
    }

    @Test("a rate is known after two seconds and follows the bytes")
    func rate() {
        var rate = SmoothedRate()
        rate.update(bytes: 0, now: 0)
        rate.update(bytes: 100, now: 1)
        #expect(rate.value == nil)
        for second in 2...60 { rate.update(bytes: UInt64(second) * 100, now: Double(second)) }
        #expect(rate.value == 100)
        rate.update(bytes: 6000, now: 60)
        #expect(rate.value == 100)
        for second in 61...120 { rate.update(bytes: 6000, now: Double(second)) }
        #expect((rate.value ?? 100) < 0.1)
    }

    @Test("the whole operation's time left never grows either, whatever its targets do", arguments: 0..<20)
    func operation(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed))
        var state = ProgressState()
        state.apply(.started(Sample.start()))
        var done: [UInt64] = [0, 0, 0]
        var last = Double.infinity
        for step in 1...200 {
            for index in done.indices {
                let part = UInt64.random(in: 0...(100 << 20), using: &generator)
                done[index] = min(12 * Sample.gigabyte, done[index] + part)
            }
            let targets = zip(["kvm2", "kvm3", "kvm4"], done).map { host, done in
                let left = Bool.random(using: &generator) ? nil : Double.random(in: 0...400, using: &generator)
                return Sample.target(host, done: done, left: left)
            }
            state.apply(.progress(.init(elapsed: Double(step), targets: targets)))
            guard let left = state.secondsLeft else { continue }
            #expect(left <= last)
            last = left
        }
    }
}

import Testing

@testable import DataPlane

@Suite struct CompressionTests {
    /// A policy that has seen a link of that many nanoseconds per byte.
    static func policy(linkCost: Double, _ mode: CompressionMode = .auto) -> CompressionPolicy {
        var policy = CompressionPolicy(mode: mode)
        for _ in 0..<40 { policy.sent(bytes: 1 << 20, nanoseconds: UInt64(linkCost * Double(1 << 20))) }
        return policy
    }

    static func sample(saving: Double, cost: Double = 2) -> CompressionPolicy.Sample {
        let size = CompressionPolicy.sampleSize
        return .init(input: size, output: Int(Double(size) * (1 - saving)), nanoseconds: UInt64(cost * Double(size)))
    }

    /// Whether the next frame would be compressed; nil when it isn't even sampled.
    static func next(_ policy: inout CompressionPolicy, saving: Double) -> Bool? {
        guard policy.wantsSample() else { return nil }
        return policy.shouldCompress(after: sample(saving: saving))
    }

    @Test("compresses when the link is slow, not when it is fast", arguments: [(100.0, true), (10, true), (1, false)])
    func link(cost: Double, wanted: Bool) {
        var policy = Self.policy(linkCost: cost)
        let answer = Self.next(&policy, saving: 0.5)
        #expect(answer == wanted)
    }

    @Test("sends raw what would save less than 8 percent", arguments: [(0.0, false), (0.07, false), (0.09, true)])
    func saving(saving: Double, wanted: Bool) {
        var policy = Self.policy(linkCost: 1000)
        let answer = Self.next(&policy, saving: saving)
        #expect(answer == wanted)
        #expect(policy.keeps(compressed: Int(1000 * (1 - saving)), of: 1000) == wanted)
    }

    @Test("nothing is tried before the link's rate is known")
    func warmUp() {
        var policy = CompressionPolicy(mode: .auto)
        let before = policy.wantsSample()
        policy.sent(bytes: 4 << 20, nanoseconds: 1)
        let after = policy.wantsSample()
        #expect(!before && after)
    }

    @Test("after eight failures one frame in sixteen is tried, after a success all")
    func probing() {
        var policy = Self.policy(linkCost: 1000)
        let answers = (0..<40).map { _ in Self.next(&policy, saving: 0) }
        let tried = answers.indices.filter { answers[$0] != nil }
        #expect(tried == [0, 1, 2, 3, 4, 5, 6, 7, 23, 39])
        let later = (0..<16).map { _ in Self.next(&policy, saving: 0.5) }
        #expect(later == [Bool?](repeating: nil, count: 15) + [true])
        let after = Self.next(&policy, saving: 0.5)
        #expect(after == true)
    }

    @Test("the level rises on a slow link and falls when the compressor is the slower")
    func level() {
        var policy = Self.policy(linkCost: 1000)
        let start = policy.level
        for _ in 0..<10 { policy.compressed(input: 1 << 20, output: 1 << 19, nanoseconds: 3 << 20) }
        #expect(policy.level == 3)
        for _ in 0..<60 { policy.sent(bytes: 1 << 20, nanoseconds: 2 << 20) }
        for _ in 0..<10 { policy.compressed(input: 1 << 20, output: 1 << 19, nanoseconds: 10 << 20) }
        #expect(policy.level < start)
    }

    @Test("a fixed level stays")
    func fixed() {
        var policy = Self.policy(linkCost: 0.01, .zstd(level: 7))
        let answer = Self.next(&policy, saving: 0.5)
        #expect(answer == true)
        policy.compressed(input: 1 << 20, output: 1 << 19, nanoseconds: 1 << 40)
        #expect(policy.level == 7)
    }

    @Test("decompresses to exactly the stated length or not at all", arguments: [-1, 0, 1, -99_999])
    func exact(difference: Int) throws {
        let plain = [UInt8](repeating: 7, count: 100_000)
        var packed = [UInt8](repeating: 0, count: 1000)
        let size = try #require(
            try plain.withUnsafeBytes { input in
                try packed.withUnsafeMutableBytes { try ZstdCompressor().compress(input, into: $0, level: 1) }
            })
        var output = [UInt8](repeating: 0, count: plain.count + difference)
        let decompress = {
            try packed.withUnsafeBytes { bytes in
                try output.withUnsafeMutableBytes {
                    try ZstdDecompressor().decompress(UnsafeRawBufferPointer(rebasing: bytes[0..<size]), into: $0)
                }
            }
        }
        if difference == 0 {
            try decompress()
            #expect(output == plain)
        } else {
            #expect(throws: FrameError.badCompression) { try decompress() }
        }
    }
}

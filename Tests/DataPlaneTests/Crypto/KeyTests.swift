import CCrypto
import Testing

@testable import DataPlane

@Suite struct KeyTests {
    struct Vector: Sendable {
        let key, salt, info, output: String
    }

    /// RFC 5869, appendix A.1 to A.3.
    static let vectors = [
        Vector(
            key: "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", salt: "000102030405060708090a0b0c",
            info: "f0f1f2f3f4f5f6f7f8f9",
            output: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
        Vector(
            key: (0..<80).map { hexByte($0) }.joined(), salt: (0x60..<0xb0).map { hexByte($0) }.joined(),
            info: (0xb0...0xff).map { hexByte($0) }.joined(),
            output: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
        Vector(
            key: "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", salt: "", info: "",
            output: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
    ]

    static func hexByte(_ n: Int) -> String { (n < 16 ? "0" : "") + String(n, radix: 16) }

    @Test("HKDF gives the outputs of RFC 5869", arguments: vectors)
    func hkdf(_ vector: Vector) throws {
        let key = hex(vector.key)
        let secret = SecretBytes(count: key.count) { p in for (i, byte) in key.enumerated() { p[i] = byte } }
        let wanted = hex(vector.output)
        let got = try HKDF.deriveKey(from: secret, salt: hex(vector.salt), info: hex(vector.info), count: wanted.count)
        #expect(got.withPointer { p in (0..<got.count).map { p[$0] } } == wanted)
    }

    @Test("each stream, direction, salt, generation, and use has a key of its own")
    func separation() throws {
        let key = try #require(JobKey(Array(0..<32)))
        let (a, b) = (try #require(Salt(Array(0..<32))), try #require(Salt(Array(1..<33))))
        let keys = [
            try StreamKey.stream(key, salt: a, stream: 0, direction: .forward, epoch: 0),
            try StreamKey.stream(key, salt: a, stream: 1, direction: .forward, epoch: 0),
            try StreamKey.stream(key, salt: a, stream: 0, direction: .backward, epoch: 0),
            try StreamKey.stream(key, salt: b, stream: 0, direction: .forward, epoch: 0),
            try StreamKey.stream(key, salt: a, stream: 0, direction: .forward, epoch: 1),
            try StreamKey.hello(key, sender: a, receiver: b, stream: 0, direction: .forward, epoch: 0),
            try StreamKey.hello(key, sender: b, receiver: a, stream: 0, direction: .forward, epoch: 0),
            try StreamKey.hello(key, sender: a, receiver: b, stream: 0, direction: .backward, epoch: 0),
        ].map { key in key.bytes.withPointer { p in (0..<16).map { p[$0] } } }
        #expect(Set(keys).count == keys.count)
    }

    @Test("a job key shows itself nowhere")
    func hidden() throws {
        let key = try #require(JobKey([UInt8](repeating: 0x41, count: 32)))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(text.contains("hidden"))
            #expect(!text.contains("41") && !text.contains("65"))
        }
        #expect(key.withUnsafeBytes { Array($0) } == [UInt8](repeating: 0x41, count: 32))
    }

    @Test("keys and salts of another length are refused", arguments: [0, 16, 31, 33])
    func lengths(count: Int) {
        #expect(JobKey([UInt8](repeating: 1, count: count)) == nil)
        #expect(Salt([UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("random keys and salts differ")
    func random() throws {
        #expect(try Salt.random() != Salt.random())
        let (a, b) = (try JobKey.random(), try JobKey.random())
        #expect(a.withUnsafeBytes { Array($0) } != b.withUnsafeBytes { Array($0) })
    }
}

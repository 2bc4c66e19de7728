import CCrypto
import FoundationEssentials
import Testing

@testable import DataPlane

@Suite struct SealTests {
    struct Vector: Sendable {
        let key, nonce, aad, plain, sealed, tag: String
    }

    /// Test cases 1 to 4 of "The Galois/Counter Mode of Operation" (McGrew, Viega), which NIST validates with.
    static let vectors = [
        Vector(
            key: "00000000000000000000000000000000", nonce: "000000000000000000000000", aad: "", plain: "", sealed: "",
            tag: "58e2fccefa7e3061367f1d57a4e7455a"),
        Vector(
            key: "00000000000000000000000000000000", nonce: "000000000000000000000000", aad: "",
            plain: "00000000000000000000000000000000", sealed: "0388dace60b6a392f328c2b971b2fe78",
            tag: "ab6e47d42cec13bdf53a67b21257bddf"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888", aad: "",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
            sealed: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
            tag: "4d5c2af327cd64a62cf35abd2ba6fab4"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
            aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            sealed: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            tag: "5bc94fbc3221a5db94fae95ae7121a47"),
    ]

    @Test("AES-128-GCM gives the published outputs, in place, both ways", arguments: vectors)
    func published(_ vector: Vector) throws {
        let (key, nonce, aad) = (hex(vector.key), hex(vector.nonce), hex(vector.aad))
        var data = hex(vector.plain)
        var tag = [UInt8](repeating: 0, count: 16)
        let sealer = try #require(kc_gcm_new(key, 1))
        let opener = try #require(kc_gcm_new(key, 0))
        defer {
            EVP_CIPHER_CTX_free(sealer)
            EVP_CIPHER_CTX_free(opener)
        }
        let sealed = kc_gcm_seal(sealer, nonce, aad, Int32(aad.count), &data, Int32(data.count), &tag)
        #expect(sealed == 1)
        #expect(data == hex(vector.sealed) && tag == hex(vector.tag))
        var elsewhere = [UInt8](repeating: 0, count: data.count)
        let apart = kc_gcm_open(opener, nonce, aad, Int32(aad.count), data, &elsewhere, Int32(data.count), tag)
        #expect(apart == 1)
        #expect(elsewhere == hex(vector.plain))
        let count = Int32(data.count)
        let opened = data.withUnsafeMutableBytes { bytes in
            kc_gcm_open(opener, nonce, aad, Int32(aad.count), bytes.baseAddress, bytes.baseAddress, count, tag)
        }
        #expect(opened == 1)
        #expect(data == hex(vector.plain))
    }

    static let payload = Array("the bytes of a disk".utf8)

    static func key(_ n: UInt8 = 0) throws -> StreamKey {
        let bytes = [UInt8](repeating: n, count: 16)
        return StreamKey(bytes: SecretBytes(count: 16) { p in for (i, byte) in bytes.enumerated() { p[i] = byte } })
    }

    static func header() -> FrameHeader {
        var header = FrameHeader(.data, job: FrameHeaderTests.job)
        header.logicalLength = UInt64(payload.count)
        header.wireLength = UInt32(payload.count)
        return header
    }

    static func seal(_ sealer: FrameSealer) throws -> [UInt8] {
        var frame = [UInt8](repeating: 0, count: 64) + payload + [UInt8](repeating: 0, count: 16)
        let size = try frame.withUnsafeMutableBytes { bytes in
            try bytes.baseAddress.map { try sealer.seal(header(), at: $0) }
        }
        #expect(size == frame.count)
        return frame
    }

    static func open(_ opener: FrameOpener, _ frame: [UInt8]) throws -> [UInt8] {
        var frame = frame
        let header = try FrameHeaderTests.decoded(frame)
        try frame.withUnsafeMutableBytes { bytes in
            guard let p = bytes.baseAddress else { return }
            try opener.open(header, at: p)
        }
        return Array(frame[64..<(64 + Int(header.wireLength))])
    }

    @Test("frames open in order, and the nonce is the frame's number")
    func order() throws {
        let (sealer, opener) = (try FrameSealer(key: Self.key()), try FrameOpener(key: Self.key()))
        for n in 0..<3 {
            let frame = try Self.seal(sealer)
            #expect(try FrameHeaderTests.decoded(frame).sequence == UInt64(n))
            var plain = Self.payload
            var tag = [UInt8](repeating: 0, count: 16)
            let context = try #require(kc_gcm_new([UInt8](repeating: 0, count: 16), 1))
            defer { EVP_CIPHER_CTX_free(context) }
            let nonce = [UInt8](repeating: 0, count: 11) + [UInt8(n)]
            let sealed = kc_gcm_seal(context, nonce, Array(frame[0..<64]), 64, &plain, Int32(plain.count), &tag)
            #expect(sealed == 1)
            #expect(Array(frame[64...]) == plain + tag)
            #expect(try Self.open(opener, frame) == Self.payload)
        }
    }

    @Test("a flipped bit anywhere is noticed")
    func flips() throws {
        let frame = try Self.seal(FrameSealer(key: Self.key()))
        for i in frame.indices {
            for bit in 0..<8 {
                var bad = frame
                bad[i] ^= 1 << UInt8(bit)
                #expect(throws: FrameError.self, "byte \(i)") {
                    try Self.open(FrameOpener(key: Self.key()), bad)
                }
            }
        }
    }

    @Test("repeated, left-out and moved frames, and those of another key, are refused")
    func sequence() throws {
        let sealer = try FrameSealer(key: Self.key())
        let frames = [try Self.seal(sealer), try Self.seal(sealer), try Self.seal(sealer)]
        let opener = try FrameOpener(key: Self.key())
        #expect(throws: FrameError.outOfSequence(expected: 0, got: 1)) { try Self.open(opener, frames[1]) }
        #expect(try Self.open(opener, frames[0]) == Self.payload)
        #expect(throws: FrameError.outOfSequence(expected: 1, got: 0)) { try Self.open(opener, frames[0]) }
        #expect(throws: FrameError.outOfSequence(expected: 1, got: 2)) { try Self.open(opener, frames[2]) }
        #expect(throws: FrameError.badTag) { try Self.open(FrameOpener(key: Self.key(1)), frames[0]) }
    }
}

import CLinux
import Testing

@testable import DataPlane

@Suite struct DigestTests {
    @Test("SHA-256 gives the published digest, again and again")
    func vector() throws {
        let wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let hasher = try SHA256()
        for _ in 0..<3 {
            try hasher.update(Array("abc".utf8))
            #expect(try hasher.finish().description == wanted)
        }
        #expect(Digest256(hex: wanted)?.description == wanted)
    }

    @Test(
        "sixteen messages at once give what each gives alone",
        .enabled(if: kc_has_sha256_x16(), "this CPU lacks AVX-512; leaves are hashed one by one"),
        arguments: [0, 64, 128, 4096])
    func wide(count: Int) throws {
        var generator = Seeded(UInt64(count))
        let bytes = (0..<(16 * count + 16)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var digests = [kc_digest](repeating: kc_digest(), count: 16)
        bytes.withUnsafeBytes { raw in
            let lanes = (0..<16).map { i in raw.baseAddress.map { $0 + i * count } }
            kc_sha256_x16(lanes, count, &digests)
        }
        let hasher = try SHA256()
        for (i, digest) in digests.enumerated() {
            try hasher.update(Array(bytes[(i * count)..<((i + 1) * count)]))
            #expect(try hasher.finish().bytes == withUnsafeBytes(of: digest) { Array($0) })
        }
    }

    @Test("leaves are hashed alike side by side, alone, partial, and as zeros", arguments: 0..<16)
    func leaves(seed: UInt64) throws {
        var generator = Seeded(seed)
        let length = Int.random(in: 1...(1 << 20), using: &generator)
        var bytes = [UInt8](repeating: 0, count: length)
        var nonZero: UInt32 = 0
        for leaf in 0..<Geometry.leaves(in: length) where Bool.random(using: &generator) {
            nonZero |= 1 << UInt32(leaf)
            bytes[leaf << 16] = UInt8.random(in: 1...255, using: &generator)
        }
        let single = try SHA256()
        var wanted: [UInt8] = []
        for start in stride(from: 0, to: length, by: 65536) {
            try single.update(Array(bytes[start..<min(start + 65536, length)]))
            wanted += try single.finish().bytes
        }
        for isWide in kc_has_sha256_x16() ? [false, true] : [false] {
            let hasher = try LeafHasher(zeros: ZeroDigests(), isWide: isWide)
            let digests = try bytes.withUnsafeBytes { raw in
                try raw.baseAddress.map { Array(try hasher.digests(of: $0, length: length, nonZero: nonZero)) } ?? []
            }
            #expect(digests == wanted)
        }
    }

    @Test("text that is no digest is refused", arguments: ["", "ab", String(repeating: "G", count: 64)])
    func badText(text: String) { #expect(Digest256(hex: text) == nil) }

    @Test("the root is what its definition says", arguments: [0, 1, 511, 65536, 65537, 16 << 20, 16 << 20 + 4096])
    func definition(size: Int) async throws {
        try await blocking {
            let disk = MemoryDisk.random(size: size, seed: UInt64(size))
            let roots = try ReadBackVerifier(disks: [(0, disk)], threads: 2).run()
            #expect(try roots == [plainRoot(disk.bytes)])
        }
    }

    @Test("units in any order, and zeros as one run, give the same root")
    func order() throws {
        let size = UInt64(5 * Geometry.unit + 70_000)
        let zeros = try ZeroDigests()
        let other = try SHA256().digest(UnsafeRawBufferPointer(start: nil, count: 0))
        var inOrder = try RootDigest(size: size, zeros: zeros)
        for unit in 0..<UInt64(6) {
            let tail = try zeros.unit(length: 70_000)
            try inOrder.add(unit: unit, unit == 1 ? other : unit == 5 ? tail : zeros.unit)
        }
        var shuffled = try RootDigest(size: size, zeros: zeros)
        #expect(try shuffled.finish() == nil)
        try shuffled.addZeros(UInt64(2 * Geometry.unit)..<size)
        #expect(try shuffled.finish() == nil)
        try shuffled.add(unit: 1, other)
        try shuffled.addZeros(0..<UInt64(Geometry.unit))
        let root = try inOrder.finish()
        #expect(root != nil)
        #expect(try shuffled.finish() == root)
    }

    @Test("the root binds the size, also where only zeros differ")
    func size() async throws {
        try await blocking {
            let sizes = [0, 1, 4096, 65536, 65537, 1 << 20].map { MemoryDisk([UInt8](repeating: 0, count: $0)) }
            let disks = sizes.enumerated().map { (index: UInt32($0.offset), source: $0.element as any DiskSource) }
            let roots = try ReadBackVerifier(disks: disks).run()
            #expect(Set(roots).count == sizes.count)
        }
    }

    @Test("reading back finds a flipped bit")
    func flip() async throws {
        try await blocking {
            let disk = MemoryDisk.random(size: 20 << 20, seed: 4)
            let before = try ReadBackVerifier(disks: [(0, disk)]).run()
            disk.flip(at: 17 << 20)
            let after = try ReadBackVerifier(disks: [(0, disk)]).run()
            #expect(before != after)
        }
    }

    @Test("reading back reports its progress and names a disk that can't be read")
    func failures() async throws {
        try await blocking {
            let good = ReadBackVerifier(disks: [(0, MemoryDisk.random(size: 3 << 20, seed: 1))], threads: 3)
            _ = try good.run()
            #expect(good.bytesDone == 3 << 20)
            let bad = MemoryDisk([UInt8](repeating: 1, count: 1 << 20), beforeRead: { _ in throw DiskFault() })
            let error = #expect(throws: TransferError.self) { try ReadBackVerifier(disks: [(7, bad)]).run() }
            #expect(error?.kind == .source && error?.disk == 7)
        }
    }

    @Test("a cancelled read-back ends with that")
    func cancel() async throws {
        try await blocking {
            let verifier = ReadBackVerifier(disks: [(0, MemoryDisk([1]))])
            verifier.cancel()
            let error = #expect(throws: TransferError.self) { try verifier.run() }
            #expect(error?.kind == .cancelled)
        }
    }
}

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

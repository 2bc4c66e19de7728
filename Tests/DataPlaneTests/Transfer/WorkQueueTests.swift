import Testing

@testable import DataPlane

/// A disk that only has extents.
private struct Map: DiskSource {
    let size: UInt64
    let data: [Range<UInt64>]

    func extents(in range: Range<UInt64>) throws -> [Extent] {
        var result: [Extent] = []
        var at = range.lowerBound
        for part in data.map({ $0.clamped(to: range) }) where !part.isEmpty {
            if part.lowerBound > at {
                result.append(Extent(offset: at, length: part.lowerBound - at, isZero: true))
            }
            result.append(Extent(offset: part.lowerBound, length: part.upperBound - part.lowerBound, isZero: false))
            at = part.upperBound
        }
        if at < range.upperBound { result.append(Extent(offset: at, length: range.upperBound - at, isZero: true)) }
        return result
    }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws { throw DiskFault() }
    func checkUnchanged() throws {}
}

private struct Liar: DiskSource {
    let size: UInt64 = 1 << 20
    let answer: [Extent]
    func extents(in range: Range<UInt64>) throws -> [Extent] { answer }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {}
    func checkUnchanged() throws {}
}

@Suite struct WorkQueueTests {
    static let mib: UInt64 = 1 << 20

    static func items(_ disks: [any DiskSource]) throws -> [WorkItem] {
        let queue = WorkQueue(DiskPart.whole(disks, indexes: disks.indices.map { UInt32($0) }))
        var items: [WorkItem] = []
        while let item = try queue.next() { items.append(item) }
        return items
    }

    static func text(_ item: WorkItem) -> String {
        switch item {
        case .zeros(let part, let range): "\(part.disk) zeros \(range.lowerBound / mib)-\(range.upperBound / mib)"
        case .unit(let part, let range, _): "\(part.disk) unit \(range.lowerBound / mib)-\(range.upperBound / mib)"
        }
    }

    @Test("100 GiB without data are one item, with one question per 256 MiB")
    func empty() throws {
        let disk = EmptyDisk(size: 100 << 30)
        let items = try Self.items([disk])
        #expect(items.map(Self.text) == ["0 zeros 0-102400"])
        #expect(disk.extentCalls.load(ordering: .relaxed) == 400)
    }

    @Test("runs of zeros are cut at units, across windows; units with data carry their extents")
    func runs() throws {
        let data = [600 * Self.mib..<601 * Self.mib, 700 * Self.mib..<733 * Self.mib]
        let items = try Self.items([Map(size: 1000 * Self.mib, data: data)])
        #expect(
            items.map(Self.text) == [
                "0 zeros 0-592", "0 unit 592-608", "0 zeros 608-688", "0 unit 688-704", "0 unit 704-720",
                "0 unit 720-736", "0 zeros 736-1000",
            ])
        guard case .unit(_, _, let extents) = items[1] else { throw DiskFault() }
        #expect(
            extents == [
                Extent(offset: 592 * Self.mib, length: 8 * Self.mib, isZero: true),
                Extent(offset: 600 * Self.mib, length: Self.mib, isZero: false),
                Extent(offset: 601 * Self.mib, length: 7 * Self.mib, isZero: true),
            ])
    }

    @Test("a part of a disk is walked within its bounds")
    func part() throws {
        let disk = Map(size: 100 * Self.mib, data: [30 * Self.mib..<50 * Self.mib])
        let parts = [16 * Self.mib..<48 * Self.mib, 64 * Self.mib..<100 * Self.mib].map {
            DiskPart(disk: 3, index: 9, source: disk, range: $0)
        }
        let queue = WorkQueue(parts)
        var items: [String] = []
        while let item = try queue.next() { items.append(Self.text(item)) }
        #expect(items == ["3 unit 16-32", "3 zeros 64-100", "3 unit 32-48"])
    }

    @Test("several disks take turns, each in order")
    func turns() throws {
        let a = Map(size: 40 * Self.mib, data: [0..<40 * Self.mib])
        let b = Map(size: 17 * Self.mib, data: [0..<17 * Self.mib])
        #expect(
            try Self.items([a, b, Map(size: 0, data: [])]).map(Self.text) == [
                "0 unit 0-16", "1 unit 0-16", "0 unit 16-32", "1 unit 16-17", "0 unit 32-40",
            ])
    }

    @Test("random maps: items cover each disk exactly once, zeros only where zeros are", arguments: 0..<20)
    func random(seed: UInt64) throws {
        var generator = Seeded(seed)
        var data: [Range<UInt64>] = []
        var at: UInt64 = 0
        while at < 900 * Self.mib {
            let start = at + UInt64.random(in: 1...200, using: &generator) * 300_000
            at = start + UInt64.random(in: 1...200, using: &generator) * 300_000
            data.append(start..<at)
        }
        let disk = Map(size: at - 100_000, data: data)
        var next: UInt64 = 0
        for item in try Self.items([disk]) {
            switch item {
            case .zeros(_, let range):
                #expect(range.lowerBound == next)
                #expect(range.lowerBound % Geometry.unit64 == 0)
                #expect(!data.contains { $0.overlaps(range) })
                next = range.upperBound
            case .unit(_, let range, let extents):
                #expect(range.lowerBound == next)
                for extent in extents {
                    #expect(extent.offset == next)
                    next += extent.length
                    #expect(!extent.isZero || !data.contains { $0.overlaps(extent.offset..<next) })
                }
                #expect(range.upperBound == next)
            }
        }
        #expect(next == disk.size)
    }

    @Test(
        "extents that leave a gap, overlap or pass the range fail the source",
        arguments: [
            [], [Extent(offset: 0, length: 4096, isZero: true)],
            [Extent(offset: 4096, length: 1 << 20 - 4096, isZero: false)],
            [Extent(offset: 0, length: 1 << 20 + 1, isZero: true)],
            [Extent(offset: 0, length: 1 << 20, isZero: true), Extent(offset: 1 << 20, length: 1, isZero: true)],
            [Extent(offset: 0, length: 0, isZero: true), Extent(offset: 0, length: 1 << 20, isZero: true)],
        ])
    func liar(answer: [Extent]) {
        let error = #expect(throws: TransferError.self) { try Self.items([Liar(answer: answer)]) }
        #expect(error?.kind == .source)
    }
}

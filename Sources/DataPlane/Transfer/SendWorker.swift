import FoundationEssentials

/// What the workers of a send job share.
struct SendContext: Sendable {
    let job: UUID
    let key: JobKey
    let salt: Salt
    let queue: WorkQueue
    /// What is only read.
    let rest: WorkQueue
    let roots: RootHasher?
    /// By the disk's place.
    let logs: [UnitDigestLog?]
    let counters: SendCounters
    /// Set when no more targets are to be waited for.
    let runsDry: CancelFlag
    /// By stream.
    let inboxes: [LinkInbox]
    let options: SendOptions

    var epoch: UInt32 { options.epoch }
}

/// One worker of a send job: takes units, reads, hashes, compresses, seals, sends, until the queue is empty. Its thread
/// owns all of it.
final class SendWorker {
    private let context: SendContext
    private let stream: UInt16
    private let buffer: PooledBuffer
    private let scanner: UnitScanner
    private let sealer: FrameSealer
    private let fanOut: FanOut
    private let compressor: FrameCompressor?
    private let isCancelled: () -> Bool
    private typealias Tag = (UInt64, UInt64)
    private var waitingZeros: (disk: UInt32, range: Range<UInt64>)?
    private var logical: UInt64 = 0
    private var times = StageTimes()

    init(
        _ context: SendContext, stream: UInt16, buffer: consuming PooledBuffer, compressor: FrameCompressor?,
        sealer: FrameSealer, fanOut: FanOut, isCancelled: @escaping () -> Bool
    ) throws(CryptoError) {
        self.context = context
        self.stream = stream
        scanner = try UnitScanner(buffer: buffer.payload, zeros: context.roots?.zeros)
        self.buffer = buffer
        self.compressor = compressor
        self.sealer = sealer
        self.fanOut = fanOut
        self.isCancelled = isCancelled
    }

    /// Works until the queue is empty and every target has confirmed this stream.
    func run() throws {
        do {
            while let item = try context.queue.next() { try handle(item) }
            try flushZeros()
            var end = FrameHeader(.end, job: context.job, epoch: context.epoch, stream: stream)
            end.offset = sealer.sequence
            end.logicalLength = logical
            let frame = buffer.payload - BufferPool.lead
            try fanOut.finish(frame, try sealer.seal(end, at: frame))
            while !isCancelled(), let item = try context.rest.next() { try handle(item) }
        } catch {
            abandon(error)
            throw error
        }
    }

    /// Stage times so far, with the thread's CPU time.
    func stageTimes() -> StageTimes {
        var all = times
        all += scanner.times
        if let compressor { all.compress += compressor.time }
        all.socket += fanOut.socketTime
        all.wait += fanOut.waitTime
        return all
    }

    var frames: UInt64 { sealer.sequence }

    private func handle(_ item: WorkItem) throws {
        switch item {
        case .zeros(let part, let range):
            try addZeros(part, range)
            try context.roots?.addZeros(disk: part.disk, range)
        case .unit(let part, let range, let extents):
            try send(part, range, extents)
        }
    }

    private func send(_ part: DiskPart, _ range: Range<UInt64>, _ extents: [Extent]) throws {
        scanner.begin(part, range, extents)
        while let run = try scanner.next() {
            switch run {
            case .zeros(let range): try addZeros(part, range)
            case .data(let offset, let length, let nonZero): try sendRuns(part, offset, length, nonZero)
            }
        }
        if let roots = context.roots {
            let (unit, digest) = (range.lowerBound / Geometry.unit64, try scanner.unitDigest())
            try roots.add(disk: part.disk, unit: unit, digest)
            // Without it the unit is read again some day.
            try? context.logs[part.disk]?.add(unit: unit, digest)
        }
    }

    /// Splits what was read into frames of data and runs of zeros. What isn't to be sent of it is left out.
    private func sendRuns(_ part: DiskPart, _ offset: UInt64, _ length: Int, _ nonZero: UInt32) throws {
        if let sent = part.sent {
            let runs = sent.intersection(offset..<(offset + UInt64(length)))
            let bytes = runs.reduce(0) { $0 + UInt64($1.count) }
            context.counters.hashed.add(UInt64(length) - bytes, ordering: .relaxed)
            for run in runs { try sendRuns(part.index, offset, length, nonZero, only: run) }
        } else {
            try sendRuns(part.index, offset, length, nonZero, only: offset..<(offset + UInt64(length)))
        }
    }

    /// `only`: the part of what was read that is sent.
    private func sendRuns(
        _ disk: UInt32, _ offset: UInt64, _ length: Int, _ nonZero: UInt32, only: Range<UInt64>
    ) throws {
        var first = Int(only.lowerBound - offset) / Geometry.leaf
        let leaves = Geometry.leaves(in: Int(only.upperBound - offset))
        while first < leaves {
            let isData = nonZero & (1 << UInt32(first)) != 0
            let most = isData ? min(leaves, first + context.options.frameSize / Geometry.leaf) : leaves
            var end = first + 1
            while end < most, (nonZero & (1 << UInt32(end)) != 0) == isData { end += 1 }
            let start = first * Geometry.leaf
            let count = min(end * Geometry.leaf, length) - start
            let at = offset + UInt64(start)
            if isData {
                // A frame's tag lies where the data of the next one begins.
                let behind = buffer.payload + start + count
                let kept = behind.loadUnaligned(as: Tag.self)
                try sendData(disk, at, buffer.payload + start, count)
                behind.storeBytes(of: kept, as: Tag.self)
            } else {
                try addZeros(disk, at..<(at + UInt64(count)))
            }
            first = end
        }
    }

    private func sendData(_ disk: UInt32, _ offset: UInt64, _ plain: UnsafeMutableRawPointer, _ count: Int) throws {
        var header = FrameHeader(.data, job: context.job, epoch: context.epoch, stream: stream)
        header.disk = disk
        header.offset = offset
        header.logicalLength = UInt64(count)
        header.wireLength = UInt32(count)
        var payload = plain
        if let compressor, let packed = compressor.compress(plain, count) {
            header.codec = .zstd
            header.wireLength = UInt32(packed.count)
            payload = packed.payload
        }
        // In front of the payload lies the pool's lead, or a leaf that is zeros, dealt with, or not wanted.
        let frame = payload - FrameHeader.encodedSize
        let t0 = monotonicNanoseconds()
        var start = frame
        if let zeros = takeZeros() {
            start -= FrameHeader.emptyFrame
            _ = try sealer.seal(zeros, at: start)
        }
        let size = try sealer.seal(header, at: frame) + (frame - start)
        let t1 = monotonicNanoseconds()
        times.seal += t1 - t0
        guard let compressor else {
            try fanOut.send(start, size)
            return note(data: UInt64(count))
        }
        // What the link costs is the work of sending and the waiting, but not that another process had the core.
        let (cpu, waited) = (threadNanoseconds(), fanOut.waitTime)
        try fanOut.send(start, size)
        compressor.sent(bytes: size, nanoseconds: threadNanoseconds() - cpu + fanOut.waitTime - waited)
        note(data: UInt64(count))
    }

    private func addZeros(_ part: DiskPart, _ range: Range<UInt64>) throws {
        guard let sent = part.sent else { return try addZeros(part.index, range) }
        for range in sent.intersection(range) { try addZeros(part.index, range) }
    }

    private func addZeros(_ disk: UInt32, _ range: Range<UInt64>) throws {
        if let waiting = waitingZeros, waiting.disk == disk, waiting.range.upperBound == range.lowerBound {
            waitingZeros = (disk, waiting.range.lowerBound..<range.upperBound)
        } else {
            try flushZeros()
            waitingZeros = (disk, range)
        }
        note(zeros: UInt64(range.count))
    }

    private func takeZeros() -> FrameHeader? {
        guard let (disk, range) = waitingZeros else { return nil }
        waitingZeros = nil
        var header = FrameHeader(.zero, job: context.job, epoch: context.epoch, stream: stream)
        header.disk = disk
        header.offset = range.lowerBound
        header.logicalLength = range.upperBound - range.lowerBound
        return header
    }

    private func flushZeros() throws {
        if let header = takeZeros() { try sendEmpty(header) }
    }

    /// Sends a frame without payload from the buffer's lead, where nothing else ever lies between two sends.
    private func sendEmpty(_ header: FrameHeader) throws {
        let frame = buffer.payload - BufferPool.lead
        try fanOut.send(frame, try sealer.seal(header, at: frame))
    }

    private func note(data: UInt64 = 0, zeros: UInt64 = 0) {
        logical += data + zeros
        if data > 0 { context.counters.data.add(data, ordering: .relaxed) }
        if zeros > 0 { context.counters.zeros.add(zeros, ordering: .relaxed) }
    }

    /// Tells the receivers why nothing more comes.
    private func abandon(_ error: any Error) {
        let reason = Array("\(error)".utf8.prefix(Geometry.maxReason))
        var header = FrameHeader(.abort, job: context.job, epoch: context.epoch, stream: stream)
        header.wireLength = UInt32(reason.count)
        let frame = buffer.payload - BufferPool.lead
        UnsafeMutableRawBufferPointer(start: frame + FrameHeader.encodedSize, count: reason.count)
            .copyBytes(from: reason)
        // If even this can't be sealed, the broken connection tells the receivers enough.
        if let size = try? sealer.seal(header, at: frame) { fanOut.abandon(with: frame, size) }
    }
}

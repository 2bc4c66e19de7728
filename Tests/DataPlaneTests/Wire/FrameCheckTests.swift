import FoundationEssentials
import Testing

@testable import DataPlane

@Suite struct FrameCheckTests {
    static let size: UInt64 = 20 << 20 + 100

    static let check = FrameCheck(
        job: FrameHeaderTests.job, epoch: 3, stream: 5, kinds: [.data, .zero, .end, .abort], sizes: [2: size])

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: FrameError?
        let header: FrameHeader

        init(_ name: String, _ error: FrameError?, _ change: (inout FrameHeader) -> Void) {
            testDescription = name
            self.error = error
            header = FrameHeaderTests.data(change)
        }
    }

    static let cases: [Case] = [
        Case("a leaf inside", nil) { _ in },
        Case("the last, partial leaf", nil) {
            ($0.offset, $0.logicalLength, $0.wireLength) = (20 << 20, 100, 100)
        },
        Case("zeros over the whole disk", nil) {
            $0.kind = .zero
            ($0.offset, $0.logicalLength, $0.wireLength) = (0, size, 0)
        },
        Case("another job", .wrongJob) { $0.job = UUID() },
        Case("another generation", .wrongEpoch(4)) { $0.epoch = 4 },
        Case("another stream", .wrongStream(6)) { $0.stream = 6 },
        Case("another stripe", .wrongStream(5)) { $0.stripe = 1 },
        Case("a disk that the job lacks", .unknownDisk(0)) { $0.disk = 0 },
        Case("hello", .unexpectedKind(.hello)) { $0.kind = .hello },
        Case("credit", .unexpectedKind(.credit)) { $0.kind = .credit },
        Case("copy", .unexpectedKind(.copy)) { $0.kind = .copy },
        Case("hash", .unexpectedKind(.hash)) { $0.kind = .hash },
        Case("mark", .unexpectedKind(.mark)) { $0.kind = .mark },
        Case("past the end by a byte", .pastEnd(offset: 20 << 20, length: 101, size: size)) {
            ($0.offset, $0.logicalLength, $0.wireLength) = (20 << 20, 101, 101)
        },
        Case("far past the end", .pastEnd(offset: 1 << 40, length: 65536, size: size)) { $0.offset = 1 << 40 },
        Case("zeros past the end", .pastEnd(offset: 0, length: size + 1, size: size)) {
            $0.kind = .zero
            ($0.offset, $0.logicalLength, $0.wireLength) = (0, size + 1, 0)
        },
        Case("a partial leaf in the middle", .unaligned(offset: 7 << 16)) {
            ($0.logicalLength, $0.wireLength) = (100, 100)
        },
        Case("data across two units", .unaligned(offset: 16 << 20 - 65536)) {
            ($0.offset, $0.logicalLength, $0.wireLength) = (16 << 20 - 65536, 131072, 131072)
        },
    ]

    @Test("a frame must belong to the stream and lie on its disk", arguments: cases)
    func check(_ input: Case) {
        if let error = input.error {
            #expect(throws: error) { try Self.check.check(input.header) }
        } else {
            #expect(throws: Never.self) { try Self.check.check(input.header) }
        }
    }
}

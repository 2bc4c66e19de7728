import FoundationEssentials
import Testing

@testable import DataPlane

@Suite struct FrameHeaderTests {
    static let job = UUID()

    static func encoded(_ header: FrameHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: FrameHeader.encodedSize)
        bytes.withUnsafeMutableBytes { if let p = $0.baseAddress { header.encode(to: p) } }
        return bytes
    }

    static func decoded(_ bytes: [UInt8]) throws -> FrameHeader {
        try bytes.withUnsafeBytes { bytes in
            guard let p = bytes.baseAddress else { throw FrameError.truncated }
            return try FrameHeader(decoding: p)
        }
    }

    static func data(_ change: (inout FrameHeader) -> Void = { _ in }) -> FrameHeader {
        var header = FrameHeader(.data, job: job, epoch: 3, stream: 5)
        header.disk = 2
        header.offset = 7 << 16
        header.logicalLength = 65536
        header.wireLength = 65536
        header.sequence = 9
        change(&header)
        return header
    }

    @Test("every field survives, at its documented place")
    func roundTrip() throws {
        let header = Self.data {
            $0.codec = .zstd
            $0.stripe = 0
            $0.wireLength = 1234
            $0.sequence = 0x0102_0304_0506_0708
        }
        let bytes = Self.encoded(header)
        #expect(bytes.count == 64)
        #expect(Array(bytes[0..<8]) == [1, 0x4b, 0x56, 0x4d, 1, 2, 1, 0])
        #expect(Array(bytes[56..<64]) == [8, 7, 6, 5, 4, 3, 2, 1])
        #expect(try Self.decoded(bytes) == header)
    }

    @Test("kinds with fixed shapes survive", arguments: FrameKind.allCases)
    func kinds(kind: FrameKind) throws {
        var header = FrameHeader(kind, job: Self.job)
        switch kind {
        case .data: (header.logicalLength, header.wireLength) = (100, 100)
        case .zero: header.logicalLength = 1 << 62
        case .abort: header.wireLength = 1024
        case .hello, .copy, .hash, .mark, .credit, .end, .open: break
        }
        #expect(try Self.decoded(Self.encoded(header)) == header)
    }

    struct Malformed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let error: FrameError

        init(_ name: String, _ error: FrameError, _ bytes: [UInt8]) {
            testDescription = name
            self.error = error
            self.bytes = bytes
        }

        init(_ name: String, _ error: FrameError, _ change: (inout FrameHeader) -> Void) {
            self.init(name, error, FrameHeaderTests.encoded(FrameHeaderTests.data(change)))
        }

        init(_ name: String, _ error: FrameError, byte: Int, _ value: UInt8) {
            var bytes = FrameHeaderTests.encoded(FrameHeaderTests.data())
            bytes[byte] = value
            self.init(name, error, bytes)
        }
    }

    static let malformed: [Malformed] = [
        Malformed("all zeros", .badMagic, [UInt8](repeating: 0, count: 64)),
        Malformed("all ones", .badMagic, [UInt8](repeating: 255, count: 64)),
        Malformed("text", .badMagic, Array("GET / HTTP/1.1\r\n".utf8) + [UInt8](repeating: 32, count: 48)),
        Malformed("another version", .unknownVersion(2), byte: 4, 2),
        Malformed("kind 0", .unknownKind(0), byte: 5, 0),
        Malformed("kind 11", .unknownKind(11), byte: 5, 11),
        Malformed("kind 255", .unknownKind(255), byte: 5, 255),
        Malformed("codec 2", .unknownCodec(2), byte: 6, 2),
        Malformed("flags on data", .badFlags(1), byte: 7, 1),
        Malformed("length 0", .badLength(.data, logical: 0, wire: 0)) { ($0.logicalLength, $0.wireLength) = (0, 0) },
        Malformed("no payload", .badLength(.data, logical: 65536, wire: 0)) { $0.wireLength = 0 },
        Malformed("wire length 2^32-1", .badLength(.data, logical: 65536, wire: .max)) { $0.wireLength = .max },
        Malformed("logical length 2^64-1", .badLength(.data, logical: .max, wire: 65536)) { $0.logicalLength = .max },
        Malformed("over 1 MiB", .badLength(.data, logical: 1 << 20 + 1, wire: 1 << 20 + 1)) {
            ($0.logicalLength, $0.wireLength) = (1 << 20 + 1, 1 << 20 + 1)
        },
        Malformed("raw lengths differ", .badLength(.data, logical: 65536, wire: 65535)) { $0.wireLength = 65535 },
        Malformed("zstd that doesn't save", .badLength(.data, logical: 65536, wire: 65536)) { $0.codec = .zstd },
        Malformed("zstd bomb of 2 MiB", .badLength(.data, logical: 2 << 20, wire: 100)) {
            $0.codec = .zstd
            ($0.logicalLength, $0.wireLength) = (2 << 20, 100)
        },
        Malformed("offset off a leaf", .unaligned(offset: 4096)) { $0.offset = 4096 },
        Malformed("offset -1", .unaligned(offset: .max)) { $0.offset = .max },
        Malformed("offset -65536 wraps", .pastEnd(offset: .max - 65535, length: 65536, size: nil)) {
            $0.offset = .max - 65535
        },
        Malformed("zeros of length 0", .badLength(.zero, logical: 0, wire: 0)) {
            $0.kind = .zero
            ($0.logicalLength, $0.wireLength) = (0, 0)
        },
        Malformed("zeros with a payload", .badLength(.zero, logical: 65536, wire: 1)) {
            $0.kind = .zero
            $0.wireLength = 1
        },
        Malformed("zeros that wrap", .pastEnd(offset: 65536, length: .max, size: nil)) {
            $0.kind = .zero
            ($0.offset, $0.logicalLength, $0.wireLength) = (65536, .max, 0)
        },
        Malformed("compressed zeros", .unknownCodec(1)) {
            $0.kind = .zero
            $0.codec = .zstd
        },
        Malformed("credit with a payload", .badLength(.credit, logical: 0, wire: 1)) {
            $0.kind = .credit
            ($0.logicalLength, $0.wireLength) = (0, 1)
        },
        Malformed("end with a payload", .badLength(.end, logical: 65536, wire: 65536)) { $0.kind = .end },
        Malformed("hello with a payload", .badLength(.hello, logical: 65536, wire: 65536)) { $0.kind = .hello },
        Malformed("abort of 1025 bytes", .badLength(.abort, logical: 0, wire: 1025)) {
            $0.kind = .abort
            ($0.logicalLength, $0.wireLength) = (0, 1025)
        },
    ]

    @Test("malformed headers are refused by name", arguments: malformed)
    func refuses(_ input: Malformed) {
        #expect(throws: input.error) { try Self.decoded(input.bytes) }
    }

    @Test("no random header is accepted that breaks a bound")
    func random() {
        var generator = Seeded(1)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = Self.encoded(Self.data())
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 4..<64, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let header = try? Self.decoded(bytes) else { continue }
            accepted += 1
            #expect(header.wireLength <= 1 << 20)
            #expect(header.kind != .data || header.logicalLength <= 1 << 20)
            if header.kind == .data || header.kind == .zero {
                #expect(!header.offset.addingReportingOverflow(header.logicalLength).overflow)
            }
        }
        #expect(accepted > 100)
    }
}

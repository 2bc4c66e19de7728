import Interface
import Model

/// What a comparison has found, for people: the copies' verdicts, and for `diff` where the disks differ.
enum ComparisonText {
    /// Ranges of a disk that are shown unless the output is wide.
    private static let fewRanges = 8

    static func render(_ result: VMComparison, isWide: Bool) throws(KVMCloneError) -> String {
        var text = try verdicts(result).render(.init(isWide: isWide))
        guard result.kind == .diff else { return text }
        for copy in result.copies {
            for disk in copy.disks where !disk.matches {
                text += "\n\(copy.host)/\(copy.name) \(disk.disk): \(ByteCount.format(disk.differingBytes)) differ"
                if disk.size != disk.copySize {
                    text += "; the VM's has \(disk.size) bytes, the copy's \(disk.copySize)"
                }
                text += "\n" + ranges(of: disk, isWide: isWide)
            }
        }
        return text
    }

    private static func verdicts(_ result: VMComparison) -> Table {
        var table = Table([
            .init("host"), .init("name"), .init("verdict"), .init("disks", alignsRight: true),
            .init("size", alignsRight: true), .init("differs", alignsRight: true), .init("operation", isWideOnly: true),
        ])
        for copy in result.copies {
            let size = copy.disks.reduce(UInt64(0)) { $0 + $1.size }
            let isDone = copy.verdict != .notPerformed
            table.add([
                copy.host, copy.name,
                copy.error.map { "\(copy.verdict.rawValue) [\($0.code.rawValue)]" }
                    ?? copy.verdict.rawValue, isDone ? "\(copy.disks.count)" : "",
                isDone ? ByteCount.format(size) : "", isDone ? ByteCount.format(copy.differingBytes) : "",
                result.id.description,
            ])
        }
        return table
    }

    private static func ranges(of disk: ComparedDisk, isWide: Bool) -> String {
        let shown = isWide ? disk.ranges : Array(disk.ranges.prefix(fewRanges))
        var lines = shown.map { "  at \($0[0]): \(ByteCount.format($0[1] - $0[0]))" }
        let more = disk.ranges.count - shown.count
        if disk.isCut {
            lines.append("  and more than \(more) other ranges")
        } else if more > 0 {
            lines.append("  and \(more) other ranges; -o wide shows them")
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// What `diff` and `verify` print with `-o json`. Every key is there, absent values as null.
struct ComparisonDocument: Encodable {
    var result: VMComparison

    init(_ result: VMComparison) { self.result = result }

    private enum Key: String, CodingKey {
        case copies, duration
        case operationID = "operation_id"
        case vmName = "vm_name"
        case sourceHost = "source_host"
    }

    private struct Copy: Encodable {
        var copy: ComparedCopy

        private enum Key: String, CodingKey {
            case host, name, verdict, disks, error
            case differingBytes = "differing_bytes"
            case errorCode = "error_code"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: Key.self)
            try values.encode(copy.host, forKey: .host)
            try values.encode(copy.name, forKey: .name)
            try values.encode(copy.verdict, forKey: .verdict)
            try values.encode(copy.differingBytes, forKey: .differingBytes)
            try values.encode(copy.disks.map { Disk(disk: $0) }, forKey: .disks)
            try values.encode(copy.error.map { "\($0)" }, forKey: .error)
            try values.encode(copy.error?.code.rawValue, forKey: .errorCode)
        }
    }

    private struct Disk: Encodable {
        var disk: ComparedDisk

        private enum Key: String, CodingKey {
            case disk, size, ranges
            case copySize = "copy_size"
            case differingBytes = "differing_bytes"
            case moreRanges = "more_ranges"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: Key.self)
            try values.encode(disk.disk, forKey: .disk)
            try values.encode(disk.size, forKey: .size)
            try values.encode(disk.copySize, forKey: .copySize)
            try values.encode(disk.differingBytes, forKey: .differingBytes)
            try values.encode(disk.ranges, forKey: .ranges)
            try values.encode(disk.isCut, forKey: .moreRanges)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(result.id.description, forKey: .operationID)
        try values.encode(result.vm, forKey: .vmName)
        try values.encode(result.source, forKey: .sourceHost)
        try values.encode(result.seconds, forKey: .duration)
        try values.encode(result.copies.map { Copy(copy: $0) }, forKey: .copies)
    }
}

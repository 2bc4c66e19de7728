import DataPlane
import Model

extension LeafRanges {
    /// Ranges of each disk as requests name them: the first and the end byte of each.
    static func of(_ pairs: [[[UInt64]]], sizes: [UInt64]) throws -> [LeafRanges] {
        guard pairs.count == sizes.count else {
            throw KVMCloneError(.validation, "ranges of \(pairs.count) disks for \(sizes.count)")
        }
        return try zip(pairs, sizes).map { disk, size in
            let ranges = try disk.map { ends throws(KVMCloneError) in
                guard ends.count == 2, ends[0] <= ends[1] else {
                    throw KVMCloneError(.validation, "a range without a first and an end byte")
                }
                return ends[0]..<ends[1]
            }
            do throws(TransferError) { return try LeafRanges(ranges, size: size) } catch {
                throw KVMCloneError(.validation, "\(error)")
            }
        }
    }

    /// As answers name them.
    var pairs: [[UInt64]] { ranges.map { [$0.lowerBound, $0.upperBound] } }
}

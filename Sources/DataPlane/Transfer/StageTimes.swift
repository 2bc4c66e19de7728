/// Where a job's time went: nanoseconds, summed over its worker threads.
public struct StageTimes: Sendable, Equatable {
    /// Reading the source, or receiving.
    public var read: UInt64 = 0
    /// Looking for zeros.
    public var zeroCheck: UInt64 = 0
    /// Digests of leaves and units.
    public var hash: UInt64 = 0
    /// Compressing or decompressing, samples included.
    public var compress: UInt64 = 0
    /// Sealing or opening.
    public var seal: UInt64 = 0
    /// Inside send(2) or recv(2).
    public var socket: UInt64 = 0
    /// Waiting for a socket, a credit, or the rate limit.
    public var wait: UInt64 = 0
    /// Writing the target.
    public var write: UInt64 = 0
    /// User CPU time of the worker threads, of all of the above.
    public var userCPU: UInt64 = 0
    /// Kernel CPU time of the worker threads.
    public var systemCPU: UInt64 = 0

    /// No time at all.
    public init() {}

    static func += (a: inout StageTimes, b: StageTimes) {
        a.read += b.read
        a.zeroCheck += b.zeroCheck
        a.hash += b.hash
        a.compress += b.compress
        a.seal += b.seal
        a.socket += b.socket
        a.wait += b.wait
        a.write += b.write
        a.userCPU += b.userCPU
        a.systemCPU += b.systemCPU
    }
}

import Glibc
import Testing

@testable import SSH

/// What a command printed and how it ended.
struct Finished: Equatable {
    var output: String
    var status: RemoteExit
}

/// Runs a command with `input` on stdin to its end.
func finish(_ process: RemoteProcess, input: String = "") async throws -> Finished {
    let descriptor = try takeSocket(process)
    let output = try await onThread("stream") { _ throws(SSHError) in
        defer { close(descriptor) }
        let bytes = Array(input.utf8)
        send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(descriptor, Int32(SHUT_WR))
        return String(decoding: readAll(descriptor), as: UTF8.self)
    }
    return Finished(output: output, status: await process.waitForExit())
}

/// The socket of a process; the caller closes it.
func takeSocket(_ process: RemoteProcess) throws -> Int32 {
    guard let socket = process.takeSocket() else { throw SSHError.process("the socket was taken before") }
    return socket.release()
}

/// Until end-of-file. Blocks.
func readAll(_ descriptor: Int32) -> [UInt8] {
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return result }
        result += chunk.prefix(count)
    }
}

/// Sends single bytes into a socket whose other side echoes, each after the one before has come back. Returns the
/// longest time that one took.
func pingPong(_ process: RemoteProcess, rounds: Int) async throws -> Duration {
    let descriptor = try takeSocket(process)
    return try await onThread("ping") { _ throws(SSHError) in
        defer { close(descriptor) }
        var slowest = Duration.zero
        var byte: UInt8 = 7
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            guard send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL)) == 1, recv(descriptor, &byte, 1, 0) == 1 else {
                throw .process("no echo: \(errnoText())")
            }
            slowest = max(slowest, start.duration(to: .now))
        }
        return slowest
    }
}

/// A stream of bytes that repeats only after 16 MiB: 1 MiB of noise, each time from another start.
struct Noise: Sendable {
    private let chunks: [[UInt8]]

    init(seed: UInt64) {
        var state = seed | 1
        let block = [UInt64](unsafeUninitializedCapacity: 1 << 17) { buffer, count in
            for index in buffer.indices {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                buffer[index] = state
            }
            count = buffer.count
        }.withUnsafeBytes { Array($0) }
        chunks = (0..<16).map { index in
            let start = index * 65_537 % block.count
            return Array(block[start...] + block[..<start])
        }
    }

    func chunk(_ index: Int) -> [UInt8] { chunks[index % chunks.count] }
}

/// Sends `mebibytes` of noise into a socket whose other side echoes, and checks that the same comes back.
/// Returns the number of bytes that came back right.
func echo(_ process: RemoteProcess, mebibytes: Int, seed: UInt64) async throws -> Int {
    let descriptor = try takeSocket(process)
    let noise = Noise(seed: seed)
    async let sent: Void = onThread("send") { _ throws(SSHError) in
        for index in 0..<mebibytes {
            let chunk = noise.chunk(index)
            var offset = 0
            while offset < chunk.count {
                let count = chunk.withUnsafeBytes {
                    send(descriptor, $0.baseAddress.map { $0 + offset }, $0.count - offset, Int32(MSG_NOSIGNAL))
                }
                if count < 0 { throw .process("send: \(errnoText())") }
                offset += count
            }
        }
        shutdown(descriptor, Int32(SHUT_WR))
    }
    async let received = onThread("receive") { _ throws(SSHError) in
        var good = 0
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        for index in 0... {
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_WAITALL))
            if count <= 0 { break }
            if memcmp(chunk, noise.chunk(index), count) == 0 { good += count }
        }
        return good
    }
    try await sent
    let good = try await received
    close(descriptor)
    return good
}

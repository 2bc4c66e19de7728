import Foundation
import Glibc
import Model

/// A disk image that can be made again and again, byte for byte: runs of random data in a hole.
package struct DiskRecipe: Sendable, Equatable {
    package var target: String
    package var format: String
    package var size: Int
    package var runs: Int
    package var seed: UInt64
    /// Data everywhere, and no two pages the same; for tests that need much of it. `runs` counts for nothing then.
    package var isDense = false

    package init(_ target: String = "vda", format: String = "raw", size: Int = 1 << 20, runs: Int = 3, seed: UInt64 = 1)
    {
        self.target = target
        self.format = format
        self.size = size
        self.runs = runs
        self.seed = seed
    }

    /// The file's name in the folder of a machine.
    package func fileName(machine: String) -> String { "\(machine)-\(target).\(format == "raw" ? "img" : format)" }

    /// Makes the image. Blocks.
    package func make(at path: String) throws {
        let raw = format == "raw" ? path : path + ".raw"
        guard FileManager.default.createFile(atPath: raw, contents: nil),
            let file = FileHandle(forWritingAtPath: raw)
        else { throw KVMCloneError(.general, "can't make \(raw)") }
        try file.truncate(atOffset: UInt64(size))
        var generator = SeededGenerator(seed: seed)
        if isDense { try fill(file, &generator) }
        for _ in 0..<(isDense ? 0 : runs) {
            let length = min(size, 4096 * Int.random(in: 1...16, using: &generator))
            let offset = 512 * Int.random(in: 0...(size - length) / 512, using: &generator)
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data(generator.bytes(length)))
        }
        try file.close()
        guard format != "raw" else { return }
        defer { unlink(raw) }
        try Tool.run("qemu-img", ["convert", "-O", format, raw, path])
    }

    /// Random megabytes are slow to make: one is stamped anew for each place.
    private func fill(_ file: FileHandle, _ generator: inout SeededGenerator) throws {
        try file.seek(toOffset: 0)
        var block = generator.bytes(min(size, 1 << 20))
        var offset = 0
        while offset < size {
            for page in stride(from: 0, to: block.count, by: 4096) {
                withUnsafeBytes(of: UInt64(offset + page) ^ seed) { stamp in
                    block.replaceSubrange(page..<min(page + 8, block.count), with: stamp.prefix(block.count - page))
                }
            }
            try file.write(contentsOf: Data(block.prefix(size - offset)))
            offset += block.count
        }
    }
}

/// Random numbers that are the same in every run. SplitMix64, by Guy Steele, Doug Lea and Christine Flood, 2014.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<(count + 7) / 8).flatMap { _ in withUnsafeBytes(of: next(), Array.init) }.prefix(count).map { $0 }
    }
}

/// Programs that tests need beside the project's own.
package enum Tool {
    /// Runs a program to its end and returns what it printed. Throws when it failed.
    @discardableResult
    package static func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw KVMCloneError(.general, "\(name) \(arguments.joined(separator: " ")) failed", cause: text)
        }
        return text
    }
}

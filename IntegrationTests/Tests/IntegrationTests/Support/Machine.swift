import Foundation

/// A virtual machine for the test driver.
struct Machine {
    struct Disk {
        var path: String
        var format = "raw"
        var target = "vda"
        var type = "file"
        var device = "disk"
    }

    var name: String
    var disks: [Disk] = []
    var mac = "52:54:00:12:34:56"
    var network = "default"
    /// What else stands in `<os>` and in `<devices>`.
    var os = ""
    var devices = ""

    var xml: String {
        let disks = disks.map {
            """
                <disk type='\($0.type)' device='\($0.device)'>
                  <driver name='qemu' type='\($0.format)'/>
                  <source \($0.type == "block" ? "dev" : "file")='\($0.path)'/>
                  <target dev='\($0.target)' bus='\($0.device == "cdrom" ? "sata" : "virtio")'/>
                </disk>
            """
        }.joined(separator: "\n")
        return """
            <domain type='test'>
              <name>\(name)</name>
              <memory unit='MiB'>2</memory>
              <vcpu>1</vcpu>
              <os><type arch='i686'>hvm</type>\(os)</os>
              <devices>
            \(disks)
                <interface type='network'>
                  <mac address='\(mac)'/>
                  <source network='\(network)'/>
                  <model type='virtio'/>
                </interface>
                \(devices)
              </devices>
            </domain>
            """
    }
}

/// Disk files with holes and data.
enum DiskFile {
    /// A raw image: `data` MiB that don't compress, in runs of a MiB that holes lie between, in `size` MiB.
    static func raw(_ path: String, size: Int, data: Int) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil) else { throw Failure("can't make \(path)") }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.truncate(atOffset: UInt64(size) << 20)
        let random = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
        defer { try? random.close() }
        for run in 0..<data {
            try file.seek(toOffset: UInt64(run * size / data) << 20)
            try file.write(contentsOf: random.read(upToCount: 1 << 20) ?? Data())
        }
    }

    /// A qcow2 image with the contents of a raw one, or one over a backing file.
    static func qcow2(_ path: String, from raw: String) async throws {
        try await run(["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw, path]).succeeded()
    }

    static func overlay(_ path: String, on backing: String, format: String) async throws {
        try await run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F", format, path]).succeeded()
    }

    /// Writes `length` MiB of a byte at an offset in MiB, as a guest would.
    static func write(_ path: String, format: String, at offset: Int, length: Int, byte: Int = 0x5a) async throws {
        try await run(["qemu-io", "-f", format, "-c", "write -P \(byte) \(offset)M \(length)M", path]).succeeded()
    }

    /// Whether a guest would read the same from both.
    static func areEqual(_ first: String, _ firstFormat: String, _ second: String, _ secondFormat: String) async throws
        -> Bool
    {
        try await run(["qemu-img", "compare", "-q", "-f", firstFormat, "-F", secondFormat, first, second]).code == 0
    }

    /// The paths and formats of an image and what lies beneath it.
    static func chain(_ path: String) async throws -> [(path: String, format: String)] {
        struct Layer: Decodable {
            var filename: String
            var format: String
        }
        let outcome = try await run(["qemu-img", "info", "--backing-chain", "--output", "json", path]).succeeded()
        return try outcome.decoded(as: [Layer].self).map { ($0.filename, $0.format) }
    }

    static func allocated(_ path: String) throws -> Int {
        var found = stat()
        guard stat(path, &found) == 0 else { throw Failure("no file \(path)") }
        return Int(found.st_blocks) * 512
    }
}

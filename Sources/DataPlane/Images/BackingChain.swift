/// The images that make up one disk, the active layer first.
public struct BackingChain: Sendable, Equatable {
    /// At least one.
    public let layers: [ImageLayer]

    /// The most layers that are followed.
    public static let maximumDepth = 64

    /// Bytes that the guest sees.
    public var virtualSize: UInt64 { layers[0].virtualSize }

    /// Follows the chain by what is declared and what the headers record. Nothing is ever probed: a raw image stays
    /// raw, whatever the guest wrote to its first sector.
    ///
    /// - Parameters:
    ///   - path: the active layer.
    ///   - format: its format from the domain XML.
    ///   - backingFormats: formats that the domain XML declares for backing images, by absolute path. They are used
    ///     where a header records none.
    ///   - allowance: what may be opened.
    public static func inspect(
        _ path: String, format: ImageFormat, backingFormats: [String: ImageFormat] = [:], allowance: ReadAllowance
    ) throws -> BackingChain {
        var declared: [String: ImageFormat] = [:]
        for (path, format) in backingFormats { declared[try AbsolutePath.normalized(path)] = format }
        var layers: [ImageLayer] = []
        var next: (path: String, format: ImageFormat)? = (path, format)
        while let (path, format) = next {
            guard layers.count < maximumDepth else {
                throw ImageError.tooDeep(path: layers[0].path, limit: maximumDepth)
            }
            let layer = try ImageLayer.inspect(path, format: format, allowance: allowance)
            let isRepeated = layers.contains {
                $0.identity.isBlockDevice
                    ? $0.identity.blockDevice == layer.identity.blockDevice && layer.identity.isBlockDevice
                    : $0.identity.device == layer.identity.device && $0.identity.inode == layer.identity.inode
            }
            guard !isRepeated else { throw ImageError.loop(path: layer.path) }
            try checkUsable(layer)
            layers.append(layer)
            next = try backing(of: layer, at: path, declared: declared, allowance: allowance)
        }
        return BackingChain(layers: layers)
    }

    private static func checkUsable(_ layer: ImageLayer) throws(ImageError) {
        guard let header = layer.header else { return }
        if header.isCorrupt { throw .corrupt(path: layer.path) }
        if header.isEncrypted { throw .encrypted(path: layer.path) }
        if header.hasExternalDataFile {
            throw .unsupported(
                path: layer.path, reason: "its data lies in an external data file; convert it with qemu-img convert")
        }
    }

    private static func backing(
        of layer: ImageLayer, at path: String, declared: [String: ImageFormat], allowance: ReadAllowance
    ) throws -> (path: String, format: ImageFormat)? {
        guard let header = layer.header, let name = header.backingFile else { return nil }
        guard !hasProtocol(name) else { throw ImageError.remoteBacking(path: layer.path, backing: name) }
        let folder = path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex)
        let backing: String
        do {
            backing = try AbsolutePath.normalized(name.hasPrefix("/") ? name : folder + name)
        } catch {
            throw ImageError.malformed(path: layer.path, reason: "of its backing image, \(error)")
        }
        guard try allowance.covers(backing) else {
            throw ImageError.backingNotAllowed(path: layer.path, backing: backing)
        }
        if let recorded = header.backingFormat {
            guard let format = ImageFormat(rawValue: recorded) else {
                let reason = "its backing image has the format \(PathError.printable(recorded)), not raw or qcow2"
                throw ImageError.unsupported(path: layer.path, reason: reason)
            }
            return (backing, format)
        }
        guard let format = declared[backing] else {
            throw ImageError.unknownBackingFormat(path: layer.path, backing: backing)
        }
        return (backing, format)
    }

    /// True for `json:…` and `nbd://…`: a colon before the first slash is a protocol to QEMU.
    static func hasProtocol(_ name: String) -> Bool {
        guard let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return true }
        return colon < slash
    }
}

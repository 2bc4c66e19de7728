/// One image of a backing chain, as it was inspected.
public struct ImageLayer: Sendable, Equatable {
    /// Absolute path; for a device the node itself.
    public var path: String
    /// As declared or recorded.
    public var format: ImageFormat
    /// Bytes that the guest sees.
    public var virtualSize: UInt64
    /// Bytes of the file or device.
    public var fileSize: UInt64
    /// Bytes of storage in use; for a device all of it.
    public var allocated: UInt64
    /// Which file it is, and its state.
    public var identity: FileIdentity
    /// The header, for qcow2.
    public var header: Qcow2Header?
    /// The backing image's name as the header records it.
    public var backingName: String?
}

extension ImageLayer {
    /// Opens an image and reads its header. For a raw image no byte of the contents is looked at.
    public static func inspect(_ path: String, format: ImageFormat, allowance: ReadAllowance) throws -> ImageLayer {
        let image = try allowance.open(path)
        let identity = image.identity
        let fileSize =
            identity.isBlockDevice
            ? try BlockDevice.size(image.descriptor.raw, path: image.path) : identity.fileSize
        let header = format == .qcow2 ? try readHeader(image.descriptor.raw, fileSize: fileSize, path: image.path) : nil
        return ImageLayer(
            path: image.path, format: format, virtualSize: header?.virtualSize ?? fileSize, fileSize: fileSize,
            allocated: identity.isBlockDevice ? fileSize : identity.allocated, identity: identity, header: header,
            backingName: header?.backingFile)
    }

    private static func readHeader(_ descriptor: Int32, fileSize: UInt64, path: String) throws -> Qcow2Header {
        func start(_ length: Int) throws -> [UInt8] {
            let length = Int(min(UInt64(length), fileSize))
            var bytes = [UInt8](repeating: 0, count: length)
            try bytes.withUnsafeMutableBytes { try DescriptorIO.readAll(descriptor, into: $0, at: 0, path: path) }
            return bytes
        }
        let fixed = try start(Qcow2Header.fixedLength)
        let bits = try Qcow2HeaderParser(fixed, fileLength: fileSize, path: path).clusterBits()
        return try Qcow2HeaderParser(try start(1 << Int(bits)), fileLength: fileSize, path: path).parse()
    }
}

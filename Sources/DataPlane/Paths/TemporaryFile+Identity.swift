extension TemporaryFile {
    /// Which file it is. It stays the same when the file is published.
    public func identity() throws -> FileIdentity {
        try FileIdentity.of(descriptor.raw, path: path)
    }
}

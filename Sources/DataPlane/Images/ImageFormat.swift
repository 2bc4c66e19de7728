/// The image formats that are read and written here. A format is declared or recorded, never guessed from contents.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
    /// The guest's bytes as they are.
    case raw
    /// QEMU copy on write, versions 2 and 3.
    case qcow2
}

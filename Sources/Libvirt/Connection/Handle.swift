import CLibvirt
import Glibc

/// The owner of one reference to a libvirt object: a domain, pool, volume, network, snapshot or checkpoint.
///
/// Each call here keeps the handle alive until the error has been read: freeing a handle clears the thread's last error.
final class Handle: @unchecked Sendable {  // the pointer never changes, and libvirt locks the objects by itself
    private let pointer: OpaquePointer
    private let release: @Sendable (OpaquePointer) -> Int32
    // Released after the pointer, so that the last reference to a connection is never dropped inside of a free call.
    private let connection: ConnectionHandle

    init(
        _ pointer: OpaquePointer, on connection: ConnectionHandle,
        release: @escaping @Sendable (OpaquePointer) -> Int32
    ) {
        self.pointer = pointer
        self.connection = connection
        self.release = release
    }

    deinit {
        _ = release(pointer)
    }

    /// Calls a function that reports failure as a negative number.
    @discardableResult
    func number<Number: SignedInteger>(
        _ call: String, _ body: (OpaquePointer) -> Number
    ) throws(LibvirtError) -> Number {
        try connection.checkOpen(call)
        defer { withExtendedLifetime(self) {} }
        return try checked(call, body(pointer))
    }

    /// Calls a function that returns a string for the caller to free.
    func string(
        _ call: String, _ body: (OpaquePointer) -> UnsafeMutablePointer<CChar>?
    ) throws(LibvirtError) -> String {
        try connection.checkOpen(call)
        defer { withExtendedLifetime(self) {} }
        return try owned(call, body(pointer))
    }

    /// Calls a function that returns a string that belongs to the object.
    func borrowedString(
        _ call: String, _ body: (OpaquePointer) -> UnsafePointer<CChar>?
    ) throws(LibvirtError) -> String {
        defer { withExtendedLifetime(self) {} }
        guard let text = body(pointer) else { throw LibvirtError.last(call) }
        return String(cString: text)
    }

    /// Reads the object's uuid, which it holds itself.
    func uuid(
        _ call: String, _ write: (OpaquePointer, UnsafeMutablePointer<CChar>) -> Int32
    ) throws(LibvirtError) -> String {
        defer { withExtendedLifetime(self) {} }
        guard let uuid = uuidText({ write(pointer, $0) }) else { throw LibvirtError.last(call) }
        return uuid
    }

    /// Reads something that the object holds itself and that can't fail.
    func value<Value>(_ body: (OpaquePointer) -> Value) -> Value {
        withExtendedLifetime(self) { body(pointer) }
    }

    /// Calls a function that returns a new object, of this object's connection or of another one.
    func object(
        _ call: String, release: @escaping @Sendable (OpaquePointer) -> Int32, on other: ConnectionHandle? = nil,
        _ body: (OpaquePointer) -> OpaquePointer?
    ) throws(LibvirtError) -> Handle {
        try connection.checkOpen(call)
        defer { withExtendedLifetime(self) {} }
        guard let object = body(pointer) else { throw LibvirtError.last(call) }
        return Handle(object, on: other ?? connection, release: release)
    }

    /// Calls a function that returns an array of new objects.
    func objects(
        _ call: String, release: @escaping @Sendable (OpaquePointer) -> Int32,
        _ body: (OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<OpaquePointer?>?>) -> Int32
    ) throws(LibvirtError) -> [Handle] {
        try connection.checkOpen(call)
        defer { withExtendedLifetime(self) {} }
        return try owned(call, on: connection, release: release) { body(pointer, $0) }
    }
}

/// Passes a result on unless it is negative.
func checked<Number: SignedInteger>(_ call: String, _ result: Number) throws(LibvirtError) -> Number {
    guard result >= 0 else { throw LibvirtError.last(call) }
    return result
}

/// Copies a C string and frees it.
func owned(_ call: String, _ text: UnsafeMutablePointer<CChar>?) throws(LibvirtError) -> String {
    guard let text else { throw LibvirtError.last(call) }
    defer { free(text) }
    return String(cString: text)
}

/// Takes over the objects of an array that libvirt allocated, and frees the array.
func owned(
    _ call: String, on connection: ConnectionHandle, release: @escaping @Sendable (OpaquePointer) -> Int32,
    _ list: (UnsafeMutablePointer<UnsafeMutablePointer<OpaquePointer?>?>) -> Int32
) throws(LibvirtError) -> [Handle] {
    var array: UnsafeMutablePointer<OpaquePointer?>?
    let count = Int(try checked(call, list(&array)))
    defer { free(array) }
    guard let array else { return [] }
    return (0..<count).compactMap { index in
        array[index].map { Handle($0, on: connection, release: release) }
    }
}

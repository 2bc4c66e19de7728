import Foundation
import Testing

@testable import Libvirt

/// A host of libvirt's test driver with a state of its own, described by a file.
struct TestHost {
    let connection: LibvirtConnection
    private let folder: TemporaryFolder

    /// - Parameter nodes: The elements below `<node>`.
    init(_ nodes: String = "", isReadOnly: Bool = false) throws {
        folder = try TemporaryFolder()
        let file = folder.url.appending(path: "node.xml")
        try Data("<node>\(nodes)</node>".utf8).write(to: file)
        connection = try LibvirtConnection(uri: "test://\(file.path())", isReadOnly: isReadOnly)
    }

    static func domainXML(_ name: String, uuid: String = UUID().uuidString.lowercased(), extra: String = "") -> String {
        """
        <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
          <name>\(name)</name>
          <uuid>\(uuid)</uuid>
          <memory unit='MiB'>512</memory>
          <currentMemory unit='MiB'>256</currentMemory>
          <vcpu>3</vcpu>
          <os><type>hvm</type></os>
          \(extra)
        </domain>
        """
    }
}

/// A folder that goes with its last reference.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = URL(filePath: "/tmp/kvm-clone-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}

/// Runs a blocking call on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        HelperThread.run(name: "test") { continuation.resume(with: Result(catching: body)) }
    }
}

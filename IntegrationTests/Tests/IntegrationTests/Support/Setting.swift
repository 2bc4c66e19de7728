import Foundation

/// Where the tests run: the binary under test, the scripts, the environment.
enum Setting {
    /// `IntegrationTests/` of the repository.
    static let folder: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path
    }()

    static let binary: String = {
        let named = ProcessInfo.processInfo.environment["KVM_CLONE_BIN"] ?? "\(folder)/../.build/release/kvm-clone"
        return URL(fileURLWithPath: named).standardizedFileURL.path
    }()

    static var agent: String { "\(binary)-agent" }
    static var repository: String { "\(folder)/.." }
    static var isCI: Bool { ["true", "1"].contains(ProcessInfo.processInfo.environment["CI"] ?? "") }

    /// For programs other than the product. Labs of this run have a folder of their own.
    static let systemEnvironment: [String: String] = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root",
    ]
}

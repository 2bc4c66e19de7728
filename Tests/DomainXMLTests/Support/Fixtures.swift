import Foundation

/// Files beside the tests.
enum Fixtures {
    static let domainNames = names(in: "domains")

    static func domain(_ name: String) throws -> String { try text("domains/\(name)") }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    private static var folder: URL { Bundle.module.bundleURL.appending(path: "Fixtures") }

    private static func names(in subfolder: String) -> [String] {
        let found = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: subfolder).path)
        return (found ?? []).sorted()
    }
}

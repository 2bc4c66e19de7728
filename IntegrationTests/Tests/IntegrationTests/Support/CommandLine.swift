import Foundation

/// kvm-clone with folders and a topology of its own.
struct Tool: Sendable {
    let scratch: Scratch
    var environment: [String: String]
    var topology: String?

    init(topology: String? = nil) throws {
        scratch = try Scratch()
        self.topology = try topology.map { [scratch] in try scratch.write("topology.yaml", $0) }
        environment = Setting.systemEnvironment
        let home = scratch.path("home")
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        environment["HOME"] = home
        environment["XDG_STATE_HOME"] = scratch.path("state")
        environment["XDG_CONFIG_HOME"] = scratch.path("config")
        environment["XDG_CACHE_HOME"] = scratch.path("cache")
        environment["KVM_CLONE_TOPOLOGY"] = self.topology
    }

    func start(_ arguments: [String], output: String? = nil) throws -> RunningProcess {
        try RunningProcess([Setting.binary] + arguments, environment: environment, output: output)
    }

    func callAsFunction(_ arguments: String..., timeout: Double = 120) async throws -> Outcome {
        try await self(arguments, timeout: timeout)
    }

    func callAsFunction(_ arguments: [String], timeout: Double = 120) async throws -> Outcome {
        try await start(arguments).end(within: timeout)
    }
}

extension Outcome {
    func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try Self.decode(type, output)
    }

    /// The error document on standard error; what stands before it are log records and progress.
    func errorDocument() throws -> ErrorDocument {
        guard let start = error.range(of: "{\n")?.lowerBound else { throw Failure("no error document: \(self)") }
        return try Self.decode(ErrorDocument.self, String(error[start...]))
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: Data(text.utf8))
        } catch {
            throw Failure("not what was expected (\(error)): \(text)")
        }
    }
}

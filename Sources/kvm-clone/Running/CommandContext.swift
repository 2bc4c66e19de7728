import Foundation
import Interface
import KVMClone
import Logging
import Model

/// What every command needs: the settings in force, the streams and the logger.
struct CommandContext: Sendable {
    let global: GlobalOptions
    let configuration: Configuration
    let output: OutputFormat
    let console: Console
    let logger: Logger
    let environment: [String: String]
    /// Colours for standard error.
    let paint: Paint

    /// Reads the configuration and opens the log file; blocks as files do.
    init(
        _ global: GlobalOptions, flags: [ConfigKey: Configuration.Flag] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment, console: Console = .standard
    ) throws(KVMCloneError) {
        self.global = global
        self.environment = environment
        self.console = console
        var flags = flags
        flags[.topology] = global.topology.map { .init("--topology", $0) }
        flags[.output] = global.output.map { .init("--output", $0.rawValue) }
        flags[.loggingLevel] = global.logLevel.map { .init("--log-level", $0) }

        let paths = ConfigPaths(environment: environment)
        let explicit = global.config ?? environment["KVM_CLONE_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let files = try ConfigFiles(explicit: explicit, paths: paths)
        configuration = try Configuration(flags: flags, environment: environment, files: files.files, paths: paths)
        output = configuration.output
        paint = Paint(
            isOn: global.color.isOn(
                isTerminal: Terminal(descriptor: STDERR_FILENO, environment: environment).isTerminal,
                environment: environment))
        logger = try Self.logger(global, configuration, console)
        if !global.quiet { files.notes.forEach { console.print("kvm-clone: \($0)\n") } }
    }

    private static func logger(
        _ global: GlobalOptions, _ configuration: Configuration, _ console: Console
    ) throws(KVMCloneError) -> Logger {
        var level = configuration.logLevel
        // Asked for by name, a level wins over -q and -v.
        if global.logLevel == nil {
            if global.quiet { level = .error }
            if global.verbose { level = min(level, .debug) }
        }
        var file: RotatingFile?
        if let path = configuration.text(.loggingFile) {
            file = try RotatingFile(
                path: path, limit: configuration.logFileSize ?? 10 << 20,
                backups: configuration.integer(.loggingBackupCount) ?? 5)
        }
        let sink = LogSink(console: console, format: global.logFormat, file: file)
        return Logger(label: "kvm-clone") { label in ConsoleLogHandler(label: label, level: level, sink: sink) }
    }

    var clientOptions: ClientOptions {
        var options = ClientOptions()
        options.topologyFile = configuration.text(.topology)
        options.sshKey = configuration.text(.sshKeyPath)
        options.sshPort = configuration.integer(.sshPort)
        options.sshUser = configuration.text(.sshUser)
        options.knownHosts = configuration.text(.sshKnownHosts)
        options.passphrase = configuration.text(.sshPassphraseFile).map { .file($0) }
        options.password = configuration.text(.sshPasswordFile).map { .file($0) }
        if options.passphrase == nil, Prompt.canAsk(global) {
            options.passphrase = .asking { try Prompt.secret("Passphrase of the private key: ") }
        }
        options.stateFolder = configuration.paths.stateFolder
        options.libvirtURI = configuration.text(.libvirtURI)
        options.dataPorts = configuration.dataPorts
        options.connectTimeout = configuration.integer(.sshTimeout) ?? options.connectTimeout
        options.libvirtTimeout = configuration.integer(.libvirtTimeout) ?? options.libvirtTimeout
        options.logger = logger
        return options
    }

    /// Runs `body` with a client that is closed afterwards, also when `body` throws.
    func withClient<Result: Sendable>(_ body: (Client) async throws -> Result) async throws -> Result {
        let client = try Client(clientOptions)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    /// Tells an error that doesn't end the command.
    func tell(_ error: KVMCloneError, operation: OperationID? = nil) {
        let text = ErrorText(format: output, paint: paint)
        console.print(text.render(error, timestamp: Timestamp.utc(), operation: operation))
    }
}

extension Console {
    /// Standard error.
    static let standard = Console()
}

extension CommandContext {
    /// The file that `config set` changes. It needn't be valid, so the settings in force aren't read for it.
    static func writableFile(_ global: GlobalOptions) -> String {
        let environment = ProcessInfo.processInfo.environment
        let explicit = global.config ?? environment["KVM_CLONE_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        return explicit ?? ConfigPaths(environment: environment).userFile
    }
}

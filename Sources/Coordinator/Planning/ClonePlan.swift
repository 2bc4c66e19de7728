import AgentProtocol
import Model

/// What a clone will do, decided before the first byte moves. It is a value: it can be printed, kept and compared.
public struct ClonePlan: Sendable, Codable, Equatable {
    /// One file that is copied.
    public struct File: Sendable, Codable, Equatable {
        /// Its number within the operation; the same for all targets.
        public var index: UInt16
        /// The guest's name of the disk, `vda`, or `nvram`.
        public var disk: String
        /// Its place in the backing chain: 0 is the top.
        public var layer: Int
        /// Path on the source.
        public var sourcePath: String
        /// Format of the source image, `raw` or `qcow2`.
        public var sourceFormat: String
        /// Format of the copy.
        public var format: String
        /// True when what the guest reads is copied, false when the file's own bytes are.
        public var guestView: Bool
        /// Bytes that are copied, holes included.
        public var size: UInt64
        /// Bytes that it takes on the source's medium.
        public var used: UInt64
        /// True for the source's block devices.
        public var isBlockDevice: Bool
        /// Images that are held locked while this one is read.
        package var lockedPaths: [String: String] = [:]
        /// The folder for what the guest overwrites meanwhile, where its VM runs; nil for files that are read as they are.
        package var scratchFolder: String?

        enum CodingKeys: String, CodingKey {
            case index, disk, layer, sourcePath, sourceFormat, format, guestView, size, used, isBlockDevice
        }
    }

    /// What happens on one target.
    public struct Target: Sendable, Codable, Equatable {
        /// The target.
        public var host: String
        /// The copy's name.
        public var newName: String
        /// The copy's uuid.
        public var uuid: String
        /// The pool that its disks go to.
        public var pool: String
        /// The folder behind the pool.
        public var folder: String
        /// The copy's file names, in the order of `ClonePlan.files`.
        public var fileNames: [String]
        /// MAC addresses, old and new, in the order of the interfaces.
        public var macs: [MACChange]
        /// Why it can't be done, or what to know about it.
        public var findings: [PreflightFinding]
        /// The copy's domain XML.
        public var xml: String
        /// The domain that it replaces, if there is one and that was asked for.
        package var replaced: ReplacedDomain?
        /// What becomes of the replica there; nil for copies that are VMs of their own.
        package var sync: SyncPlan?

        /// The replica there that goes when its VM has come.
        package var outlived: ReplicaRecord?

        enum CodingKeys: String, CodingKey {
            case host, newName, uuid, pool, folder, fileNames, macs, findings, xml
        }
    }

    /// A domain that a copy takes the place of.
    package struct ReplacedDomain: Sendable, Equatable {
        package var uuid: String
        package var xml: String
    }

    /// An interface's address before and after.
    public struct MACChange: Sendable, Codable, Equatable {
        /// The address on the source.
        public var old: String
        /// The address of the copy.
        public var new: String
    }

    /// What it does.
    public var kind: OperationKind
    /// The source VM.
    public var vm: String
    /// The source VM's uuid.
    public var vmUUID: String
    /// The host that it is copied from.
    public var source: String
    /// How a running VM's disks are held at one instant; nil for one that is shut off.
    public var consistency: CloneOptions.Consistency?
    /// How a migration moves the VM; nil for what makes copies.
    public var migration: MigrationChoice?
    /// What is copied.
    public var files: [File]
    /// Where to.
    public var targets: [Target]
    /// What a sync of a running VM does with its checkpoints.
    package var checkpoints: CheckpointPlan?
    /// The checkpoint whose bitmaps in the images of a VM that is shut off say what was written since its replica was taken;
    /// nil: that is found out by comparing.
    package var writtenSince: String?
    /// True when the VM isn't defined on the source any more, so that nothing there can start it.
    package var isUndefined = false
    /// True when the VM runs on with overlays on what is copied, so that nothing writes to that.
    package var isSeed = false
    /// What concerns the source, and so all targets.
    public var findings: [PreflightFinding]

    enum CodingKeys: String, CodingKey {
        case kind, vm, vmUUID, source, consistency, migration, files, targets, findings
    }

    /// A file that its VM has open is read without a lock.
    package mutating func readAsItIs(_ disk: String) {
        for place in files.indices where files[place].disk == disk { files[place].lockedPaths = [:] }
    }

    /// Bytes of all files, holes included.
    public var totalBytes: UInt64 { files.reduce(0) { $0 + $1.size } }

    /// True when every target has a replica that gets only what has changed.
    public var sendsChangesOnly: Bool { !targets.isEmpty && targets.allSatisfy { $0.sync?.isDelta ?? false } }

    /// Bytes that all files take on the source's medium.
    public var usedBytes: UInt64 { files.reduce(0) { $0 + $1.used } }
}

/// Something that stops an operation, or that one should know before it begins.
public struct PreflightFinding: Sendable, Codable, Equatable {
    /// How bad it is.
    public enum Severity: String, Sendable, Codable {
        case blocks, warning
    }

    /// How bad it is.
    public var severity: Severity
    /// The numeric code of the error that it would become.
    public var code: ErrorCode
    /// What was found.
    public var message: String
    /// What to do about it: a sentence, or a command to paste.
    public var whatToDo: String?

    /// A finding that stops the operation.
    package static func blocks(_ code: ErrorCode, _ message: String, fix: String?) -> PreflightFinding {
        PreflightFinding(severity: .blocks, code: code, message: message, whatToDo: fix)
    }

    /// A finding that is worth knowing.
    package static func warning(_ code: ErrorCode, _ message: String, fix: String? = nil) -> PreflightFinding {
        PreflightFinding(severity: .warning, code: code, message: message, whatToDo: fix)
    }

    /// A finding for an error that was met while looking.
    package init(_ error: KVMCloneError) {
        self.init(
            severity: .blocks, code: error.code,
            message: error.cause.map { "\(error.message): \($0)" } ?? error.message, whatToDo: error.whatToDo)
    }

    package init(severity: Severity, code: ErrorCode, message: String, whatToDo: String?) {
        self.severity = severity
        self.code = code
        self.message = message
        self.whatToDo = whatToDo
    }
}

extension [PreflightFinding] {
    /// The findings that stop the operation.
    package var blockers: [PreflightFinding] { filter { $0.severity == .blocks } }

    /// The error that these blockers amount to; nil when nothing blocks. With several of different kinds the exit
    /// code is that of preflight.
    package func error(on host: String) -> KVMCloneError? {
        let blockers = blockers
        guard let first = blockers.first else { return nil }
        let code = first.code
        let isMixed = blockers.contains { $0.code != first.code }
        return KVMCloneError(
            code, blockers.map(\.message).joined(separator: "; "), host: host,
            whatToDo: blockers.compactMap(\.whatToDo).joined(separator: "\n"),
            exitCode: isMixed || [.validation, .clone, .sync, .network].contains(code) ? .preflight : nil)
    }
}

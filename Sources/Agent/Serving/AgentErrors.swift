import DataPlane
import Glibc
import Model

extension KVMCloneError {
    /// What an error of the data plane means to the coordinator and its reader.
    init(agent error: any Error) {
        switch error {
        case let error as KVMCloneError: self = error
        case let error as TransferError: self.init(transfer: error)
        case let error as DiskError: self.init(disk: error)
        case let error as PathError: self.init(path: error)
        case let error as ImageError: self.init(image: error)
        case let error as ToolError: self.init(.clone, "\(error)")
        case let error as NetworkError: self.init(.connection, "\(error)")
        case let error as NBDError: self.init(.transfer, "\(error)")
        default: self.init(.general, "\(error)")
        }
    }

    private init(transfer error: TransferError) {
        switch error.kind {
        case .cancelled: self.init(.cancelled, "\(error)")
        case .sink, .source:
            guard let below = error.underlying, !(below is TransferError) else {
                self.init(.transfer, "\(error)")
                return
            }
            self.init(agent: below)
            if code == .general { self = KVMCloneError(.transfer, "\(error)") }
        case .network, .peerAborted, .stalled: self.init(.connection, "\(error)")
        case .allTargetsFailed, .incomplete, .protocolViolation: self.init(.transfer, "\(error)")
        case .resources: self.init(.general, "\(error)")
        }
    }

    private init(disk error: DiskError) {
        switch error.kind {
        case .noSpace, .tooSmall:
            self.init(.diskSpace, "\(error)", whatToDo: "make room there, or choose another pool with --pool")
        case .changed:
            self.init(
                .transfer, "\(error)", whatToDo: "find out what writes to it, and copy again when nothing does")
            spoilsCopy = true
        case .busy: self.init(.clone, "\(error)", whatToDo: "shut the VM down, or end what uses the disk")
        case .cancelled: self.init(.cancelled, "\(error)")
        case .medium:
            self.init(.transfer, "\(error)")
            // After a failed flush the page cache may show what the medium doesn't have.
            spoilsCopy = true
        case .shortRead, .outOfRange, .readOnly, .timedOut, .system: self.init(.transfer, "\(error)")
        }
    }

    private init(path error: PathError) {
        switch error {
        case .exists: self.init(.vmExists, "\(error)")
        case .system(_, _, let number) where number == ENOSPC || number == EDQUOT:
            self.init(.diskSpace, "\(error)", whatToDo: "make room there, or choose another pool with --pool")
        case .system(_, _, let number) where number == EACCES || number == EPERM:
            self.init(
                .permissionDenied, "\(error)",
                whatToDo: "use another SSH user, or `become: sudo` in the topology")
        case .badName, .notAllowed, .symbolicLink, .notRegular, .missing, .system:
            self.init(.invalidPath, "\(error)")
        }
    }

    private init(image error: ImageError) {
        switch error {
        case .inUse: self.init(.clone, "\(error)", exitCode: .preflight)
        default: self.init(.clone, "\(error)")
        }
    }
}

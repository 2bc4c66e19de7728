import CLibvirt

/// A libvirt call failed.
public struct LibvirtError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What went wrong, in libvirt's numbering.
    public let code: Code
    /// The part of libvirt or the driver that reported it (`VIR_FROM_…`).
    public let domain: Int
    /// How grave it is.
    public let level: Level
    /// libvirt's own words.
    public let message: String
    /// The libvirt function that failed.
    public let call: String

    /// The failed call and libvirt's message.
    public var description: String {
        "\(call): \(message) (libvirt error \(code.rawValue), domain \(domain))"
    }

    /// The grade that libvirt gives an error.
    public enum Level: Sendable, Equatable {
        /// Set where libvirt reported nothing.
        case none
        /// The call failed, yet may be of no matter.
        case warning
        /// The call failed.
        case error
    }

    /// A number of libvirt's `virErrorNumber`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The number.
        public let rawValue: Int

        /// Any number, also one that later versions of libvirt added.
        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        init(_ number: virErrorNumber) {
            rawValue = Int(number.rawValue)
        }
    }
}

extension LibvirtError.Code {
    /// A failure inside of libvirt.
    public static let internalError = Self(VIR_ERR_INTERNAL_ERROR)
    /// The driver has no such function.
    public static let noSupport = Self(VIR_ERR_NO_SUPPORT)
    /// No driver takes the URI.
    public static let noConnect = Self(VIR_ERR_NO_CONNECT)
    /// The connection handle is not valid, for instance closed.
    public static let invalidConnection = Self(VIR_ERR_INVALID_CONN)
    /// An argument is not valid.
    public static let invalidArgument = Self(VIR_ERR_INVALID_ARG)
    /// The operation failed.
    public static let operationFailed = Self(VIR_ERR_OPERATION_FAILED)
    /// The operation does not fit the object's state.
    public static let operationInvalid = Self(VIR_ERR_OPERATION_INVALID)
    /// The operation is not allowed, for instance on a read-only connection.
    public static let operationDenied = Self(VIR_ERR_OPERATION_DENIED)
    /// The operation or one of its flags is not there.
    public static let operationUnsupported = Self(VIR_ERR_OPERATION_UNSUPPORTED)
    /// Another job holds the domain for longer than libvirt waits.
    public static let operationTimeout = Self(VIR_ERR_OPERATION_TIMEOUT)
    /// The job was aborted.
    public static let operationAborted = Self(VIR_ERR_OPERATION_ABORTED)
    /// The name or uuid is taken.
    public static let domainExists = Self(VIR_ERR_DOM_EXIST)
    /// There is no such domain.
    public static let noDomain = Self(VIR_ERR_NO_DOMAIN)
    /// There is no such storage pool.
    public static let noStoragePool = Self(VIR_ERR_NO_STORAGE_POOL)
    /// There is no such volume.
    public static let noStorageVolume = Self(VIR_ERR_NO_STORAGE_VOL)
    /// There is no such network.
    public static let noNetwork = Self(VIR_ERR_NO_NETWORK)
    /// The volume's name is taken.
    public static let volumeExists = Self(VIR_ERR_STORAGE_VOL_EXIST)
    /// The XML is not well formed.
    public static let xmlError = Self(VIR_ERR_XML_ERROR)
    /// The XML is well formed and means nothing that libvirt accepts.
    public static let xmlDetail = Self(VIR_ERR_XML_DETAIL)
    /// The XML does not fit libvirt's schema.
    public static let xmlInvalidSchema = Self(VIR_ERR_XML_INVALID_SCHEMA)
    /// The host's configuration does not support what the XML asks for.
    public static let configUnsupported = Self(VIR_ERR_CONFIG_UNSUPPORTED)
    /// A system call failed, among them those on the connection's socket.
    public static let systemError = Self(VIR_ERR_SYSTEM_ERROR)
    /// The remote protocol failed.
    public static let rpc = Self(VIR_ERR_RPC)
    /// The client could not authenticate.
    public static let authFailed = Self(VIR_ERR_AUTH_FAILED)
    /// The host can't give such a CPU.
    public static let cpuIncompatible = Self(VIR_ERR_CPU_INCOMPATIBLE)
    /// A block job hasn't caught up with the guest, or one is active.
    public static let blockCopyActive = Self(VIR_ERR_BLOCK_COPY_ACTIVE)
    /// The guest agent does not answer.
    public static let agentUnresponsive = Self(VIR_ERR_AGENT_UNRESPONSIVE)
}

extension LibvirtError {
    /// Whether the driver can't do this at all.
    public var isUnsupported: Bool {
        code == .noSupport || code == .operationUnsupported
    }

    /// Whether the domain, pool, volume or network is not there.
    public var isNotFound: Bool {
        [.noDomain, .noStoragePool, .noStorageVolume, .noNetwork].contains(code)
    }

    /// The calling thread's last error. To be read before any other libvirt call of this thread, since releasing any
    /// handle clears it.
    static func last(_ call: String) -> LibvirtError {
        guard let error = virGetLastError() else {
            return LibvirtError(
                code: .internalError, domain: 0, level: .none, message: "libvirt reported no reason", call: call)
        }
        let level: Level =
            switch error.pointee.level {
            case VIR_ERR_WARNING: .warning
            case VIR_ERR_ERROR: .error
            default: .none
            }
        return LibvirtError(
            code: Code(rawValue: Int(error.pointee.code)), domain: Int(error.pointee.domain), level: level,
            message: error.pointee.message.map { String(cString: $0) } ?? "libvirt gave no message", call: call)
    }

    static func closed(_ call: String) -> LibvirtError {
        LibvirtError(
            code: .invalidConnection, domain: Int(VIR_FROM_NONE.rawValue), level: .error,
            message: "this connection was closed", call: call)
    }
}

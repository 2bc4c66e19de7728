import CLibvirt

/// A change in a domain's life.
public struct DomainEvent: Sendable, Equatable {
    /// The domain's name at that time.
    public let name: String
    /// The domain's uuid, in lower case with hyphens.
    public let uuid: String
    /// What happened.
    public let kind: Kind
    /// Why, as a number of the libvirt enumeration that belongs to `kind` (`virDomainEventStartedDetailType`, …).
    public let detail: Int

    /// What happened to a domain.
    public enum Kind: Sendable, Equatable {
        /// Its configuration was added or changed.
        case defined
        /// Its configuration was removed.
        case undefined
        /// It runs now.
        case started
        /// It was paused.
        case suspended
        /// It goes on.
        case resumed
        /// It runs no more.
        case stopped
        /// The guest has shut down; `stopped` follows.
        case shutdown
        /// The guest sleeps by its own power management.
        case pmSuspended
        /// The guest crashed.
        case crashed
        /// A number that this library does not know.
        case other(Int)

        init(number: Int32) {
            switch virDomainEventType(rawValue: UInt32(bitPattern: number)) {
            case VIR_DOMAIN_EVENT_DEFINED: self = .defined
            case VIR_DOMAIN_EVENT_UNDEFINED: self = .undefined
            case VIR_DOMAIN_EVENT_STARTED: self = .started
            case VIR_DOMAIN_EVENT_SUSPENDED: self = .suspended
            case VIR_DOMAIN_EVENT_RESUMED: self = .resumed
            case VIR_DOMAIN_EVENT_STOPPED: self = .stopped
            case VIR_DOMAIN_EVENT_SHUTDOWN: self = .shutdown
            case VIR_DOMAIN_EVENT_PMSUSPENDED: self = .pmSuspended
            case VIR_DOMAIN_EVENT_CRASHED: self = .crashed
            default: self = .other(Int(number))
            }
        }
    }
}

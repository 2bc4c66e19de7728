/// Why a document was refused or a rewrite could not be done.
///
/// Messages of parse errors name the place and the fault; they never repeat text of the document.
public enum DomainXMLError: Error, Equatable, Sendable {
    /// The text is not acceptable XML. `line` counts from 1; nil where no line can be named.
    case refused(XMLFault, line: Int?)
    /// Well-formed, but another kind of document.
    case wrongRoot(expected: String, line: Int)
    /// A required element or attribute is absent.
    case missing(String, line: Int)
    /// An element or attribute holds a value that cannot be read. `expected` says what would be right.
    case invalidValue(of: String, expected: String, line: Int)
    /// A rewrite names a disk that the domain doesn't have.
    case unknownDisk(target: String, known: [String])
    /// A rewrite names an interface that the domain doesn't have.
    case unknownInterface(InterfaceSelector, count: Int)
    /// Two entries of a rewrite contradict each other, or a second run would change the result again.
    case conflictingRewrite(String)
    /// A value to be written is not one that libvirt would take.
    case unusableValue(field: String, expected: String)
    /// A path for NVRAM was given, but the domain has no UEFI firmware.
    case noNVRAM
    /// libxml2 could not get memory or could not write the document.
    case libraryFailure(String)
}

extension DomainXMLError: CustomStringConvertible {
    /// The error in words: place, cause, and what to do where that can be said.
    public var description: String {
        switch self {
        case .refused(let fault, let line):
            "XML refused\(line.map { " at line \($0)" } ?? ""): \(fault.description)"
        case .wrongRoot(let expected, let line):
            "XML refused at line \(line): the root element is not <\(expected)>"
        case .missing(let what, let line):
            "XML refused at line \(line): \(what) is missing"
        case .invalidValue(let what, let expected, let line):
            "XML refused at line \(line): \(what) must be \(expected)"
        case .unknownDisk(let target, let known):
            "the VM has no disk '\(target)'; it has \(known.isEmpty ? "none" : known.joined(separator: ", "))"
        case .unknownInterface(let selector, let count):
            "the VM has no network interface \(selector); it has \(count), counted from 0"
        case .conflictingRewrite(let why):
            "the rewrite contradicts itself: \(why)"
        case .unusableValue(let field, let expected):
            "\(field) must be \(expected)"
        case .noNVRAM:
            "an NVRAM path was given, but the VM has no UEFI firmware; leave it out"
        case .libraryFailure(let call):
            "libxml2 failed in \(call), most likely for want of memory"
        }
    }
}

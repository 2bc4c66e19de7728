import CXML2

/// What is wrong with a text that should be XML.
public enum XMLFault: Equatable, Sendable {
    /// Nothing but white space.
    case empty
    /// More bytes than the limit.
    case tooLarge(limit: Int)
    /// Elements nested deeper than the limit.
    case tooDeep(limit: Int)
    /// More elements, attributes, comments and sections than the limit.
    case tooManyNodes(limit: Int)
    /// More attributes in one element than the limit.
    case tooManyAttributes(limit: Int)
    /// A NUL byte.
    case containsNUL
    /// Bytes that are not UTF-8.
    case notUTF8
    /// The declaration names an encoding other than UTF-8 or ASCII.
    case foreignEncoding
    /// A document type declaration. Entities and external files are never needed in libvirt's XML.
    case documentType
    /// The text ends inside an element, or a tag lacks its partner.
    case unbalancedTags
    /// Something follows the root element.
    case contentAfterRoot
    /// An attribute occurs twice in one element.
    case duplicateAttribute
    /// A reference to an entity that doesn't exist.
    case unknownEntity
    /// A prefix without a namespace.
    case unknownNamespacePrefix
    /// A character that XML doesn't allow.
    case invalidCharacter
    /// Any other breach of the grammar; the code is libxml2's `xmlParserErrors`.
    case notWellFormed(code: Int)

    init(libxmlCode code: Int) {
        self =
            switch UInt32(truncatingIfNeeded: code) {
            case XML_ERR_DOCUMENT_EMPTY.rawValue: .empty
            case XML_ERR_TAG_NAME_MISMATCH.rawValue, XML_ERR_TAG_NOT_FINISHED.rawValue,
                XML_ERR_LTSLASH_REQUIRED.rawValue, XML_ERR_GT_REQUIRED.rawValue:
                .unbalancedTags
            case XML_ERR_DOCUMENT_END.rawValue: .contentAfterRoot
            case XML_ERR_ATTRIBUTE_REDEFINED.rawValue, XML_NS_ERR_ATTRIBUTE_REDEFINED.rawValue: .duplicateAttribute
            case XML_ERR_UNDECLARED_ENTITY.rawValue, XML_WAR_UNDECLARED_ENTITY.rawValue: .unknownEntity
            case XML_NS_ERR_UNDEFINED_NAMESPACE.rawValue: .unknownNamespacePrefix
            case XML_ERR_INVALID_CHAR.rawValue, XML_ERR_INVALID_CHARREF.rawValue: .invalidCharacter
            case XML_ERR_INVALID_ENCODING.rawValue, XML_ERR_UNSUPPORTED_ENCODING.rawValue,
                XML_ERR_UNKNOWN_ENCODING.rawValue:
                .foreignEncoding
            default: .notWellFormed(code: code)
            }
    }
}

extension XMLFault: CustomStringConvertible {
    /// The fault in words, without text of the document.
    public var description: String {
        switch self {
        case .empty: "the document is empty"
        case .tooLarge(let limit): "larger than \(limit) bytes"
        case .tooDeep(let limit): "elements are nested more than \(limit) deep"
        case .tooManyNodes(let limit): "more than \(limit) elements and attributes"
        case .tooManyAttributes(let limit): "an element has more than \(limit) attributes"
        case .containsNUL: "a NUL byte"
        case .notUTF8: "bytes that are not UTF-8"
        case .foreignEncoding: "an encoding other than UTF-8; convert the file first"
        case .documentType: "a DOCTYPE is not allowed; remove it"
        case .unbalancedTags: "a start tag without its end tag, or the text is cut off"
        case .contentAfterRoot: "something follows the root element"
        case .duplicateAttribute: "an attribute occurs twice in one element"
        case .unknownEntity: "a reference to an unknown entity"
        case .unknownNamespacePrefix: "a namespace prefix that is not declared"
        case .invalidCharacter: "a character that XML does not allow"
        case .notWellFormed(let code): "not well-formed (libxml2 error \(code))"
        }
    }
}

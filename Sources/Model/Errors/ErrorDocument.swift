/// The error object that `-o json` prints on standard error.
public struct ErrorDocument: Sendable, Codable, Equatable {
    /// The error's own part.
    public struct Body: Sendable, Codable, Equatable {
        /// The code's number.
        public var code: Int
        /// One sentence, with the host.
        public var message: String
        /// Cause and advice; null when there is neither.
        public var details: String?
        /// The wrong option, key or argument; null when it isn't about one.
        public var field: String?
    }

    /// What failed.
    public var error: Body
    /// When, ISO 8601 in UTC.
    public var timestamp: String
    /// The operation that failed, if there was one.
    public var operationID: String?

    /// Makes the document for `error`.
    public init(_ error: KVMCloneError, timestamp: String, operation: OperationID? = nil) {
        let details = [error.cause, error.whatToDo].compactMap { $0 }.joined(separator: "\n")
        let place = error.host.map { "\($0): " } ?? ""
        self.error = Body(
            code: error.code.rawValue, message: place + error.message, details: details.isEmpty ? nil : details,
            field: error.field)
        self.timestamp = timestamp
        operationID = operation?.description
    }

    enum CodingKeys: String, CodingKey {
        case error, timestamp
        case operationID = "operation_id"
    }

    /// Writes every key, absent values as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(error, forKey: .error)
        try container.encode(timestamp, forKey: .timestamp)
        try container.encode(operationID, forKey: .operationID)
    }
}

extension ErrorDocument.Body {
    /// Writes every key, absent values as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code, forKey: .code)
        try container.encode(message, forKey: .message)
        try container.encode(details, forKey: .details)
        try container.encode(field, forKey: .field)
    }
}

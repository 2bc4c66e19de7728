import Model

extension CloneRequest: Codable {
    private enum Key: String, CodingKey { case kind, vm, source, targets, options }

    /// Reads what `encode` has written.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        self.init(
            kind: try fields.decode(OperationKind.self, forKey: .kind), vm: try fields.decode(String.self, forKey: .vm),
            source: try fields.decode(String.self, forKey: .source),
            targets: try fields.decode([String].self, forKey: .targets),
            options: try fields.decode(CloneOptions.self, forKey: .options))
    }

    /// Writes all that was asked for. There are no secrets in a request.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(kind, forKey: .kind)
        try fields.encode(vm, forKey: .vm)
        try fields.encode(source, forKey: .source)
        try fields.encode(targets, forKey: .targets)
        try fields.encode(options, forKey: .options)
    }
}

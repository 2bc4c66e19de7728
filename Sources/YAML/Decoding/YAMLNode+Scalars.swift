extension YAMLNode {
    /// The node as a string. A plain number, true, false or null isn't one: it needs quotes.
    public func string() throws(YAMLError) -> String {
        guard case .scalar(let scalar) = content, scalar.tag != .null else { throw mismatch("a string") }
        guard scalar.tag == .string else {
            throw YAMLError("expected a string, found \(phrase): put it in quotes", at: mark)
        }
        return scalar.text
    }

    /// The node as a string that is then parsed; what the parser says is placed at this node.
    public func parsed<Value>(_ parse: (String) throws(InvalidValue) -> Value) throws(YAMLError) -> Value {
        let text = try string()
        do {
            return try parse(text)
        } catch {
            throw YAMLError(error.message, at: mark)
        }
    }

    /// The node as an integer in a range. Leading zeros are refused, since YAML 1.1 reads them as octal.
    public func int(in range: ClosedRange<Int> = Int.min...Int.max) throws(YAMLError) -> Int {
        guard case .scalar(let scalar) = content, scalar.tag == .integer else { throw mismatch("an integer") }
        let digits = scalar.text.drop { $0 == "-" || $0 == "+" }
        if digits.count > 1 && digits.first == "0" && digits.allSatisfy(\.isNumber) {
            throw YAMLError(
                "\(shortened(scalar.text)) has leading zeros, which some readers take as octal: leave them off",
                at: mark)
        }
        guard let wide = CoreSchema.integer(scalar.text), let value = Int(exactly: wide), range.contains(value) else {
            throw YAMLError(
                "\(shortened(scalar.text)) is out of range (\(range.lowerBound) to \(range.upperBound))", at: mark)
        }
        return value
    }

    /// The node as a decimal number; integers are numbers too.
    public func double() throws(YAMLError) -> Double {
        guard case .scalar(let scalar) = content, scalar.tag == .float || scalar.tag == .integer,
            let value = scalar.tag == .integer && scalar.text.hasPrefix("0") && scalar.text.count > 1
                ? CoreSchema.integer(scalar.text).map(Double.init) : CoreSchema.float(scalar.text)
        else { throw mismatch("a number") }
        return value
    }

    /// The node as true or false. `yes`, `no`, `on` and `off` are strings in YAML 1.2 and refused.
    public func bool() throws(YAMLError) -> Bool {
        guard case .scalar(let scalar) = content, scalar.tag == .boolean else { throw mismatch("true or false") }
        return CoreSchema.isTrue(scalar.text)
    }

    /// The node as a span of time: an integer (seconds), or digits with ms, s, m, h or d.
    public func duration() throws(YAMLError) -> Duration {
        try scalarText("a time such as 30s") { text throws(InvalidValue) in try TimeSpan.parse(text) }
    }

    /// What `parse` makes of a string or an integer, for values that may be written with or without a unit. `expected`
    /// says what else would have been right.
    public func scalarText<Value>(
        _ expected: String, _ parse: (String) throws(InvalidValue) -> Value
    ) throws(YAMLError) -> Value {
        guard case .scalar(let scalar) = content, scalar.tag == .string || scalar.tag == .integer else {
            throw mismatch(expected)
        }
        do {
            return try parse(scalar.text)
        } catch {
            throw YAMLError(error.message, at: mark)
        }
    }
}

import CXML2

/// Reads XML without network, entities, recovery or DOCTYPE, within limits.
enum StrictParser {
    typealias Document = UnsafeMutablePointer<xmlDoc>

    /// The caller owns the document.
    static func parse(_ bytes: [UInt8], limits: XMLLimits) throws(DomainXMLError) -> Document {
        try checkBytes(bytes, limits: limits)
        _ = libraryIsReady
        guard let context = xmlNewParserCtxt() else { throw .libraryFailure("xmlNewParserCtxt") }
        defer { xmlFreeParserCtxt(context) }
        var watch = Watch(limits: limits)
        let document = withUnsafeMutablePointer(to: &watch) { watch in
            context.pointee._private = UnsafeMutableRawPointer(watch)
            defer { context.pointee._private = nil }
            install(on: context.pointee.sax)
            let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
            return bytes.withUnsafeBytes { buffer in
                xmlCtxtReadMemory(
                    context, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), nil, nil,
                    Int32(bitPattern: options))
            }
        }
        if let fault = watch.fault {
            if let document { xmlFreeDoc(document) }
            throw .refused(fault, line: watch.line)
        }
        guard let document else { throw .libraryFailure("xmlCtxtReadMemory") }
        if let encoding = document.pointee.encoding.map({ String(cString: $0).lowercased() }),
            !["utf-8", "utf8", "us-ascii", "ascii"].contains(encoding)
        {
            xmlFreeDoc(document)
            throw .refused(.foreignEncoding, line: 1)
        }
        return document
    }

    /// libxml2 sets up its tables once; after that separate documents may be used on separate threads.
    private static let libraryIsReady: Bool = {
        xmlInitParser()
        return true
    }()

    private static func checkBytes(_ bytes: [UInt8], limits: XMLLimits) throws(DomainXMLError) {
        guard bytes.count <= limits.bytes, bytes.count <= Int(Int32.max) else {
            throw .refused(.tooLarge(limit: limits.bytes), line: nil)
        }
        if let position = bytes.firstIndex(of: 0) {
            throw .refused(.containsNUL, line: line(of: position, in: bytes))
        }
        if String(validating: bytes, as: UTF8.self) == nil {
            throw .refused(.notUTF8, line: firstInvalidUTF8(in: bytes).map { line(of: $0, in: bytes) })
        }
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) {
            throw .refused(.empty, line: nil)
        }
        if let position = AttributeScan.firstExcess(in: bytes, limit: limits.attributes) {
            throw .refused(.tooManyAttributes(limit: limits.attributes), line: line(of: position, in: bytes))
        }
    }

    private static func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
        var decoder = UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var position = 0
        while true {
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let encoded): position += encoded.count
            case .emptyInput: return nil
            case .error: return position
            }
        }
    }

    private static func line(of position: Int, in bytes: [UInt8]) -> Int {
        bytes[..<position].count { $0 == 0x0A } + 1
    }
}

/// What one parse has seen so far. The first fault counts.
private struct Watch {
    let limits: XMLLimits
    var nodes = 0
    var fault: XMLFault?
    var line: Int?

    static func of(_ context: UnsafeMutableRawPointer?) -> (xmlParserCtxtPtr, UnsafeMutablePointer<Watch>)? {
        guard let parser = context?.assumingMemoryBound(to: xmlParserCtxt.self),
            let watch = parser.pointee._private?.assumingMemoryBound(to: Watch.self)
        else { return nil }
        return (parser, watch)
    }

    static func stop(_ context: UnsafeMutableRawPointer?, _ fault: XMLFault) {
        guard let (parser, watch) = of(context) else { return }
        if watch.pointee.fault == nil {
            watch.pointee.fault = fault
            watch.pointee.line = parser.pointee.input.map { Int($0.pointee.line) }
        }
        xmlStopParser(parser)
    }

    /// False once the parse has been stopped.
    static func count(_ context: UnsafeMutableRawPointer?, _ added: Int) -> Bool {
        guard let (_, watch) = of(context) else { return false }
        watch.pointee.nodes += added
        guard watch.pointee.nodes <= watch.pointee.limits.nodes else {
            stop(context, .tooManyNodes(limit: watch.pointee.limits.nodes))
            return false
        }
        return true
    }
}

/// Puts the watch before libxml2's own tree-building callbacks.
private func install(on sax: UnsafeMutablePointer<xmlSAXHandler>) {
    sax.pointee.internalSubset = { context, _, _, _ in Watch.stop(context, .documentType) }
    sax.pointee.serror = { context, error in
        guard let error, error.pointee.level.rawValue >= XML_ERR_ERROR.rawValue,
            let (_, watch) = Watch.of(context), watch.pointee.fault == nil
        else { return }
        watch.pointee.fault = XMLFault(libxmlCode: Int(error.pointee.code))
        watch.pointee.line = Int(error.pointee.line)
    }
    sax.pointee.startElementNs = { context, name, prefix, uri, nsCount, namespaces, count, defaulted, attributes in
        guard let (parser, watch) = Watch.of(context), Watch.count(context, 1 + Int(nsCount) + Int(count)) else {
            return
        }
        guard Int(parser.pointee.nodeNr) < watch.pointee.limits.depth else {
            return Watch.stop(context, .tooDeep(limit: watch.pointee.limits.depth))
        }
        xmlSAX2StartElementNs(context, name, prefix, uri, nsCount, namespaces, count, defaulted, attributes)
    }
    sax.pointee.comment = { context, text in
        if Watch.count(context, 1) { xmlSAX2Comment(context, text) }
    }
    sax.pointee.cdataBlock = { context, text, length in
        if Watch.count(context, 1) { xmlSAX2CDataBlock(context, text, length) }
    }
    sax.pointee.processingInstruction = { context, target, data in
        if Watch.count(context, 1) { xmlSAX2ProcessingInstruction(context, target, data) }
    }
}

extension Rewriter {
    mutating func rewriteDisks() throws(DomainXMLError) {
        let known = original.disks.map(\.target)
        for target in wanted.disks.keys.sorted() where !known.contains(target) {
            throw .unknownDisk(target: target, known: known)
        }
        for node in devices("disk") {
            guard let target = node.child("target")?["dev"], let disk = wanted.disks[target] else { continue }
            let old = DiskImage(node)
            try place(node, at: disk.location)
            if case .network = old.source, let login = node.child("auth") { remove(login) }
            if let format = disk.format { try setFormat(format, of: node) }
            switch disk.backing {
            case .keep: break
            case .drop: for element in node.children("backingStore") { remove(element) }
            case .chain(let bases): try setChain(bases[...], below: node)
            }
        }
    }

    /// Points a `<disk>` or `<backingStore>` at a file or device. `index`, `startupPolicy` and encryption stay.
    private mutating func place(_ element: XMLNode, at location: ImageLocation) throws(DomainXMLError) {
        let type = element["type"] ?? "file"
        if element["type"] != nil || type != location.type { try set("type", of: element, to: location.type) }
        guard let source = element.child("source") else {
            let source = try element.add("source", after: element.child("driver") ?? element.child("format"))
            try source.set(location.attribute, to: location.path)
            return noteAdded(source)
        }
        for stale in Self.sourceAttributes where stale != location.attribute { unset(stale, of: source) }
        try set(location.attribute, of: source, to: location.path)
        for child in source.elements where child.namespace == nil {
            let isStaticLabel = child.name == "seclabel" && child.child("label") != nil
            if Self.remoteElements.contains(child.name) || (isStaticLabel && wanted.freesHostResources) {
                remove(child)
            }
        }
    }

    /// Attributes of `<source>` that say where an image is, over all disk types.
    private static let sourceAttributes = [
        "file", "dev", "dir", "volume", "pool", "mode", "protocol", "name", "query", "tls", "tlsHostname", "type",
        "path",
        "namespace", "managed",
    ]

    /// Children of `<source>` that belong to storage elsewhere, or to a device passed through.
    private static let remoteElements: Set = [
        "address", "auth", "config", "cookies", "host", "identity", "initiator", "knownHosts", "readahead", "reconnect",
        "reservations", "snapshot", "ssl", "timeout",
    ]

    private mutating func setFormat(_ format: String, of disk: XMLNode) throws(DomainXMLError) {
        if let driver = disk.child("driver") { return try set("type", of: driver, to: format) }
        guard format != "raw" else { return }
        let driver = try disk.addFirst("driver")
        try driver.set("name", to: "qemu")
        try driver.set("type", to: format)
        noteAdded(driver)
    }

    /// Makes the chain below an element these images and an end mark, and touches no more than differs.
    private mutating func setChain(_ bases: ArraySlice<DiskRewrite.Base>, below parent: XMLNode) throws(DomainXMLError)
    {
        let present = parent.children("backingStore")
        for extra in present.dropFirst() { remove(extra) }
        guard let base = bases.first else {
            if let element = present.first {
                guard element["type"] != nil || !element.elements.isEmpty else { return }
                remove(element)
            }
            return noteAdded(try parent.add("backingStore", after: anchor(in: parent)))
        }
        if let element = present.first, !element.elements.isEmpty {
            try place(element, at: base.location)
            if let format = element.child("format") {
                try set("type", of: format, to: base.format)
            } else {
                let format = try element.addFirst("format")
                try format.set("type", to: base.format)
                noteAdded(format)
            }
            return try setChain(bases.dropFirst(), below: element)
        }
        if let element = present.first { remove(element) }
        let added = try parent.add("backingStore", after: anchor(in: parent))
        try Self.fill(added, with: bases)
        noteAdded(added)
    }

    private func anchor(in parent: XMLNode) -> XMLNode? { parent.child("source") ?? parent.child("format") }

    private static func fill(_ element: XMLNode, with bases: ArraySlice<DiskRewrite.Base>) throws(DomainXMLError) {
        guard let base = bases.first else { return }
        try element.set("type", to: base.location.type)
        try element.add("format").set("type", to: base.format)
        try element.add("source").set(base.location.attribute, to: base.location.path)
        try fill(element.add("backingStore"), with: bases.dropFirst())
    }
}

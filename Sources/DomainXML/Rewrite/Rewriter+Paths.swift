extension Rewriter {
    /// Lets the paths of sockets, logs and memory files follow the name. Shared folders, CD-ROM media and options in
    /// `qemu:commandline` name things that exist, and stay.
    mutating func renamePaths() throws(DomainXMLError) {
        guard let new = wanted.name, new != original.name else { return }
        for element in domain.child("devices")?.elements ?? [] where element.namespace == nil {
            switch element.name {
            case "serial", "parallel", "console", "channel", "redirdev", "smartcard":
                if ["unix", "file", "pipe"].contains(element["type"]) {
                    for source in element.children("source") { try rename("path", of: source, to: new) }
                }
                for log in element.children("log") { try rename("file", of: log, to: new) }
            case "interface" where element["type"] == "vhostuser":
                for source in element.children("source") { try rename("path", of: source, to: new) }
            case "graphics":
                try rename("socket", of: element, to: new)
                for listen in element.children("listen") { try rename("socket", of: listen, to: new) }
            case "rng":
                if let source = element.child("backend", "source") { try rename("path", of: source, to: new) }
            case "tpm":
                if let source = element.child("backend", "source") { try rename("path", of: source, to: new) }
            case "audio" where element["type"] == "file": try rename("path", of: element, to: new)
            case "memory": if let path = element.child("source", "path") { renameText(of: path, to: new) }
            case "pstore": if let path = element.child("path") { renameText(of: path, to: new) }
            default: continue
            }
        }
    }

    mutating func rewriteNVRAM() throws(DomainXMLError) {
        let nvram = domain.child("os", "nvram")
        if let path = wanted.nvramPath {
            guard original.os.isUEFI, let os = domain.child("os") else { throw .noNVRAM }
            if let nvram { return try setNVRAM(nvram, to: path) }
            let added = try os.add("nvram", after: os.child("loader") ?? os.child("type"))
            added.setText(path)
            noteAdded(added)
        } else if let nvram, let name = wanted.name, let old = original.os.nvram?.path {
            let path = NamedPath.replacing(original.name, with: name, in: old)
            if path != old { try setNVRAM(nvram, to: path) }
        }
    }

    private mutating func setNVRAM(_ nvram: XMLNode, to path: String) throws(DomainXMLError) {
        if let source = nvram.child("source") {
            if nvram["type"] != nil { try set("type", of: nvram, to: "file") }
            unset("dev", of: source)
            try set("file", of: source, to: path)
        } else if nvram.value != path {
            setText(of: nvram, to: path)
        }
    }

    private mutating func rename(_ attribute: String, of node: XMLNode, to new: String) throws(DomainXMLError) {
        guard let old = node[attribute] else { return }
        try set(attribute, of: node, to: NamedPath.replacing(original.name, with: new, in: old))
    }

    private mutating func renameText(of node: XMLNode, to new: String) {
        let old = node.text
        setText(of: node, to: NamedPath.replacing(original.name, with: new, in: old))
    }
}

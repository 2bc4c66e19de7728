import FoundationEssentials

extension Rewriter {
    mutating func rewriteIdentity() throws(DomainXMLError) {
        if let name = wanted.name, let element = domain.child("name") { setText(of: element, to: name) }
        if let uuid = wanted.uuid {
            try setUUID(uuid)
            rewriteSMBIOS(uuid)
        }
        if let genID = wanted.genID, let element = domain.child("genid") { setUUIDText(of: element, to: genID) }
    }

    private mutating func setUUID(_ uuid: UUID) throws(DomainXMLError) {
        if let element = domain.child("uuid") { return setUUIDText(of: element, to: uuid) }
        let element = try domain.add("uuid", after: domain.child("name"))
        element.setText(uuid.libvirtText)
        noteAdded(element)
    }

    /// libvirt refuses a domain whose SMBIOS table names another UUID than the domain.
    private mutating func rewriteSMBIOS(_ uuid: UUID) {
        for sysinfo in domain.children("sysinfo") where sysinfo["type"] == "smbios" {
            for entry in sysinfo.child("system")?.children("entry") ?? [] where entry["name"] == "uuid" {
                setUUIDText(of: entry, to: uuid)
            }
        }
    }

    /// Another notation of the same UUID is left alone.
    private mutating func setUUIDText(of element: XMLNode, to uuid: UUID) {
        guard UUID(libvirt: element.text) != uuid else { return }
        setText(of: element, to: uuid.libvirtText)
    }

    mutating func rewriteNote() throws(DomainXMLError) {
        let notes = (domain.child("metadata")?.elements ?? []).filter { $0.namespace == OwnMetadata.namespace }
        guard case .set(let note) = wanted.note else {
            if case .remove = wanted.note { for element in notes { remove(element) } }
            return
        }
        if notes.count == 1, let only = notes.first, only.name == OwnMetadata.element, OwnMetadata(only) == note {
            return
        }
        for element in notes { remove(element) }
        let metadata =
            if let present = domain.child("metadata") { present } else {
                try domain.add("metadata", after: domain.child("uuid") ?? domain.child("name"))
            }
        let element = try metadata.add(OwnMetadata.element)
        try element.declareNamespace(OwnMetadata.namespace, prefix: OwnMetadata.prefix)
        for (name, value) in note.attributes.sorted(by: { $0.key < $1.key }) { try element.set(name, to: value) }
        noteAdded(element)
    }
}

extension Rewriter {
    mutating func rewriteInterfaces() throws(DomainXMLError) {
        let interfaces = devices("interface")
        try checkSelectors()
        for (node, interface) in zip(interfaces, original.interfaces) {
            if let mac = newMAC(of: interface) { try setMAC(mac, of: node, present: interface.mac) }
            if let old = interface.attachment, let new = wanted.networks[old] { try attach(node, from: old, to: new) }
        }
    }

    private func checkSelectors() throws(DomainXMLError) {
        let interfaces = original.interfaces
        // Sorted, so that the same mistake always gives the same message.
        for (selector, new) in wanted.macs.sorted(by: { $0.key.description < $1.key.description }) {
            let isKnown =
                switch selector {
                case .index(let index): interfaces.indices.contains(index)
                case .target(let name): interfaces.contains { $0.target == name }
                // The second of two equal runs finds the new address, or that of a more exact selector, in place of the
                // old one.
                case .mac(let old):
                    interfaces.contains {
                        $0.mac == old || $0.mac == new || ($0.mac != nil && $0.mac == exactMAC(of: $0))
                    }
                }
            guard isKnown else { throw .unknownInterface(selector, count: interfaces.count) }
        }
    }

    /// The most exact selector wins: position, then target, then the old address.
    private func newMAC(of interface: DomainInterface) -> MACAddress? {
        exactMAC(of: interface) ?? interface.mac.flatMap { wanted.macs[.mac($0)] }
    }

    private func exactMAC(of interface: DomainInterface) -> MACAddress? {
        wanted.macs[.index(interface.index)] ?? interface.target.flatMap { wanted.macs[.target($0)] }
    }

    private mutating func setMAC(_ mac: MACAddress, of interface: XMLNode, present: MACAddress?) throws(DomainXMLError)
    {
        guard mac != present else { return }
        if let element = interface.child("mac") { return try set("address", of: element, to: mac.description) }
        let element = try interface.addFirst("mac")
        try element.set("address", to: mac.description)
        noteAdded(element)
    }

    private mutating func attach(
        _ interface: XMLNode, from old: NetworkAttachment, to new: NetworkAttachment
    ) throws(DomainXMLError) {
        guard old != new, let source = interface.child("source") else { return }
        let (type, attribute, name) =
            switch new {
            case .network(let name): ("network", "network", name)
            case .bridge(let name): ("bridge", "bridge", name)
            case .device(let name): ("direct", "dev", name)
            }
        if interface["type"] != type {
            // What belongs to the old kind of source means nothing to the new one.
            for stale in ["network", "portgroup", "portid", "bridge", "dev", "mode"] where stale != attribute {
                unset(stale, of: source)
            }
        }
        try set("type", of: interface, to: type)
        try set(attribute, of: source, to: name)
    }
}

extension Rewriter {
    /// Leaves to libvirt what only one VM on a host can have.
    mutating func freeHostResources() throws(DomainXMLError) {
        for display in devices("graphics") { try freePorts(of: display) }
        for vsock in devices("vsock") {
            guard let cid = vsock.child("cid"), cid["auto"] != "yes", cid["address"] != nil else { continue }
            try set("auto", of: cid, to: "yes")
            unset("address", of: cid)
        }
        for label in domain.children("seclabel") where label["type"] == "static" { remove(label) }
        for channel in devices("channel") where channel["type"] == "unix" {
            guard let name = channel.child("target")?["name"] else { continue }
            for source in channel.children("source") where source["mode"] == "bind" {
                if let path = source["path"], NamedPath.isMadeByLibvirt(path, channel: name) {
                    unset("path", of: source)
                }
            }
        }
    }

    private mutating func freePorts(of display: XMLNode) throws(DomainXMLError) {
        let fixed = Graphics(display)
        if fixed.websocketPort != nil { try set("websocket", of: display, to: "-1") }
        guard fixed.port != nil || fixed.tlsPort != nil else { return }
        try set("autoport", of: display, to: "yes")
        // As libvirt itself writes the two: SPICE without a port, the others with -1.
        if fixed.type == "spice" {
            unset("port", of: display)
            unset("tlsPort", of: display)
        } else {
            try set("port", of: display, to: "-1")
        }
    }
}

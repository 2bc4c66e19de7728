/// Whom a receiver passes its streams on to.
extension ReceiveJob {
    /// The proof for connections between this receiver, as a parent, and a child.
    public func handshake(child: Salt) -> Handshake {
        Handshake(job: id, key: key, epoch: options.epoch, sender: salt, receiver: child)
    }

    /// Passes some streams on to a child from now on. Throws when one of them has ended.
    /// - Parameters:
    ///   - child: names it in reports.
    ///   - salt: the child's, as the coordinator told it.
    ///   - links: connections past their handshakes, by the numbers that they have at the child.
    ///   - terms: whether it is waited for, and its limit.
    public func addChild(
        id child: String, salt: Salt, links: [(LinkNumber, Socket)], terms: TargetTerms = TargetTerms()
    ) throws(TransferError) {
        let events = events.withLock { $0 }
        let target = SendTarget(
            id: child, salt: salt, links: links, terms: terms, earlier: state.update { $0.children },
            onLost: events.onChildLost, onLag: events.onChildLag)
        for (link, socket) in links {
            guard Int(link.stream) < relays.count,
                relays[Int(link.stream)].inbox.offer(LinkOffer(target: target, link: link, socket: socket))
            else {
                target.shutDown()
                throw TransferError(.resources, "stream \(link.stream) has ended, or there is none", stream: link.raw)
            }
        }
        state.update { $0.children.append(target) }
        if isCancelled { target.shutDown() }
    }

    /// Limits what a child is sent; nil for no limit.
    public func setRate(_ bytesPerSecond: UInt64?, child: String) {
        for one in state.update({ $0.children }) where one.id == child { one.limiter.setRate(bytesPerSecond) }
    }

    /// Ends all that a child is sent, as if it had broken.
    public func drop(child: String) {
        for one in state.update({ $0.children }) where one.id == child { one.fail(SendTarget.droppedByOrder) }
    }

    /// Ends links to this receiver, as if they had broken.
    public func drop(links: Set<LinkNumber>) {
        state.update { state in
            for (link, socket) in state.sockets where links.contains(link) { socket.shutDown() }
        }
    }
}

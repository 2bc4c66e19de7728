import FoundationEssentials

/// Makes the sending end of a link: what a target says there is sealed with a key of that target and link.
struct LinkMaker: Sendable {
    let job: UUID
    let key: JobKey
    let epoch: UInt32

    func link(_ offer: LinkOffer) throws -> TargetLink {
        let key = try StreamKey.stream(
            key, salt: offer.target.salt, stream: offer.link.raw, direction: .backward, epoch: epoch)
        let check = FrameCheck(
            job: job, epoch: epoch, stream: offer.link.raw, kinds: [.credit, .end, .abort], sizes: [:])
        return TargetLink(target: offer.target, socket: offer.socket, opener: try FrameOpener(key: key), check: check)
    }
}

import DataPlane

extension StageTimes {
    /// The stages that took any time, as the protocol names them.
    var byName: [String: UInt64] {
        let all = [
            "read": read, "zero": zeroCheck, "hash": hash, "compress": compress, "seal": seal, "socket": socket,
            "wait": wait, "write": write, "user": userCPU, "system": systemCPU,
        ]
        return all.filter { $0.value > 0 }
    }
}

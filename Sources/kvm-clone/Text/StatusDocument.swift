import Model

/// An operation as `status -o json` shows it. Every key is there, absent values as null.
struct StatusDocument: Encodable {
    var status: OperationStatus

    init(_ status: OperationStatus) { self.status = status }

    private enum Key: String, CodingKey {
        case operationID = "operation_id"
        case operationType = "operation_type"
        case status, progress, created, started, completed, result
        case vmName = "vm_name"
        case sourceHost = "source_host"
        case destHosts = "dest_hosts"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(status.id.description, forKey: .operationID)
        try container.encode(status.kind.rawValue, forKey: .operationType)
        try container.encode(status.state.rawValue, forKey: .status)
        try container.encode(status.vm, forKey: .vmName)
        try container.encode(status.source, forKey: .sourceHost)
        try container.encode(status.targets, forKey: .destHosts)
        try container.encode(status.progress.map { Progress($0) }, forKey: .progress)
        try container.encode(status.created, forKey: .created)
        try container.encode(status.started, forKey: .started)
        try container.encode(status.completed, forKey: .completed)
        // One response for a clone to one target, else one for each, as the command itself printed them.
        let responses = status.result.map { CloneResponses($0, now: status.completed ?? status.created).all }
        if let responses, status.kind == .clone, responses.count == 1 {
            try container.encode(responses[0], forKey: .result)
        } else {
            try container.encode(responses, forKey: .result)
        }
    }

    /// All targets together.
    private struct Progress: Encodable {
        var percent: Double
        var wireBytes: UInt64
        var totalBytes: UInt64
        var rate: Double
        var secondsLeft: Double?

        init(_ snapshot: ProgressSnapshot) {
            let disks = snapshot.targets.flatMap(\.disks)
            totalBytes = disks.reduce(UInt64(0)) { $0 &+ $1.total }
            percent = snapshot.fraction * 100
            wireBytes = snapshot.targets.reduce(UInt64(0)) { $0 &+ $1.wireBytes }
            rate = snapshot.targets.reduce(0) { $0 + $1.rate }
            secondsLeft = snapshot.targets.compactMap(\.secondsLeft).max()
        }

        private enum Key: String, CodingKey {
            case progressPercent = "progress_percent"
            case bytesTransferred = "bytes_transferred"
            case totalBytes = "total_bytes"
            case speed, eta, message
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(percent, forKey: .progressPercent)
            try container.encode(wireBytes, forKey: .bytesTransferred)
            try container.encode(totalBytes, forKey: .totalBytes)
            try container.encode(rate, forKey: .speed)
            try container.encode(secondsLeft, forKey: .eta)
            try container.encodeNil(forKey: .message)
        }
    }
}

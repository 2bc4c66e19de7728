extension CloneOptions {
    private enum Key: String, CodingKey {
        case newName, force, parallel, compression, verify, stallTimeout, deadline, preserveMAC, networkMap, pool
        case bandwidthLimit, view, flatten, copyMedia, path, fanOut, consistency, deltaOnly, repairs, checkpoint
        case migration
    }

    /// Reads options as any version wrote them: what is missing has its default.
    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try decoder.container(keyedBy: Key.self)
        func read<Value: Decodable>(_ key: Key, _ place: WritableKeyPath<CloneOptions, Value>) throws {
            if let value = try fields.decodeIfPresent(Value.self, forKey: key) { self[keyPath: place] = value }
        }
        newName = try fields.decodeIfPresent(String.self, forKey: .newName)
        try read(.force, \.force)
        try read(.parallel, \.parallel)
        try read(.compression, \.compression)
        try read(.verify, \.verify)
        try read(.stallTimeout, \.stallTimeout)
        deadline = try fields.decodeIfPresent(Int.self, forKey: .deadline)
        try read(.preserveMAC, \.preserveMAC)
        try read(.networkMap, \.networkMap)
        pool = try fields.decodeIfPresent(String.self, forKey: .pool)
        // Older versions knew plain rates only.
        if let rate = try? fields.decodeIfPresent(UInt64.self, forKey: .bandwidthLimit) {
            bandwidthLimit = Timetable(bytesPerSecond: rate)
        } else {
            bandwidthLimit = try fields.decodeIfPresent(Timetable.self, forKey: .bandwidthLimit)
        }
        try read(.view, \.view)
        try read(.flatten, \.flatten)
        try read(.copyMedia, \.copyMedia)
        try read(.path, \.path)
        try read(.fanOut, \.fanOut)
        try read(.consistency, \.consistency)
        try read(.deltaOnly, \.deltaOnly)
        try read(.repairs, \.repairs)
        try read(.checkpoint, \.checkpoint)
        try read(.migration, \.migration)
    }

    /// True when a copy made with `other` is the same as one made with these: what differs is only how it comes about.
    public func makesTheSame(as other: CloneOptions) -> Bool {
        newName == other.newName && force == other.force && preserveMAC == other.preserveMAC
            && networkMap == other.networkMap && pool == other.pool && view == other.view && flatten == other.flatten
            && copyMedia == other.copyMedia && consistency == other.consistency
            && migration.mode == other.migration.mode
    }
}

import Interface
import Model

/// Settings for people and programs.
enum ConfigText {
    private struct Entry: Encodable {
        var key: String
        var value: String?
        var origin: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(key, forKey: .key)
            try container.encode(value, forKey: .value)
            try container.encodeIfPresent(origin, forKey: .origin)
        }

        private enum CodingKeys: String, CodingKey {
            case key, value, origin
        }
    }

    static func render(
        _ settings: [(ConfigKey, Configuration.Setting)], as output: OutputFormat, withOrigin: Bool
    ) throws(KVMCloneError) -> String {
        switch output {
        case .json, .yaml:
            let entries = settings.map { key, setting in
                Entry(
                    key: key.rawValue, value: setting.value, origin: withOrigin ? setting.origin.description : nil)
            }
            return try DocumentText.render(entries, as: output)
        case .name: return settings.map { $0.0.rawValue + "\n" }.joined()
        case .text, .wide:
            var table = Table([.init("key"), .init("value"), .init("origin", isWideOnly: true)])
            for (key, setting) in settings {
                table.add([key.rawValue, setting.value ?? "", setting.origin.description])
            }
            return try table.render(.init(isWide: withOrigin || output == .wide))
        }
    }
}

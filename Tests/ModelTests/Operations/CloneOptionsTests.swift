import FoundationEssentials
import Testing

@testable import Model

@Suite("Stored options")
struct CloneOptionsTests {
    @Test(
        "a limit is read as any version wrote it: none, a plain rate, a timetable",
        arguments: [
            ("{}", nil), (#"{"bandwidthLimit":null}"#, nil), (#"{"bandwidthLimit":8388608}"#, "8M"),
            (#"{"bandwidthLimit":"08:00,10M 19:00,off"}"#, "08:00,10M 19:00,off"),
        ] as [(String, String?)])
    func limits(document: String, limit: String?) throws {
        let options = try JSONDecoder().decode(CloneOptions.self, from: Data(document.utf8))
        #expect(try options.bandwidthLimit == limit.map { try Timetable(parsing: $0) })
        #expect(try JSONDecoder().decode(CloneOptions.self, from: JSONEncoder().encode(options)) == options)
    }

    @Test("a limit that can't be read is an error, and not no limit")
    func unreadable() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(CloneOptions.self, from: Data(#"{"bandwidthLimit":"x:y"}"#.utf8))
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(CloneOptions.self, from: Data(#"{"bandwidthLimit":[1]}"#.utf8))
        }
    }
}

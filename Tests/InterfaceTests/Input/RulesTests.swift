import Model
import Testing

@testable import Interface

@Suite struct RulesTests {
    @Test(
        "wrong numbers are refused with their own code",
        arguments: [
            ("port", "0", ErrorCode.invalidPort), ("port", "65536", .invalidPort), ("port", "+22", .invalidPort),
            ("port", "", .invalidPort), ("port", "٢٢", .invalidPort), ("seconds", "0", .invalidTimeout),
            ("seconds", "86401", .invalidTimeout), ("parallel", "17", .validation), ("parallel", "x", .validation),
            ("bandwidth", "10X", .invalidBandwidth), ("bandwidth", "0", .invalidBandwidth),
            ("bandwidth", "-5M", .invalidBandwidth), ("bandwidth", "99999999999T", .invalidBandwidth),
            ("bandwidth", "1P", .invalidBandwidth), ("ports", "80-90", .invalidPort),
            ("ports", "5000-4000", .invalidPort),
            ("ports", "5000", .invalidPort), ("path", "", .invalidPath), ("path", "a\u{0}b", .invalidPath),
            ("absolute", "a/b", .invalidPath), ("absolute", "/a/../b", .invalidPath),
            ("mac", "52:54:00:12:34", .validation),
            ("mac", "53:54:00:12:34:56", .validation), ("mac", "52:54:00:12:34:5g", .validation),
            ("mac", "52:54:00:12:34:+5", .validation), ("uuid", "123", .validation), ("flag", "yes", .validation),
            ("compression", "fast", .validation), ("size", "10MBB", .validation),
        ])
    func refused(rule: String, text: String, code: ErrorCode) {
        let error = #expect(throws: KVMCloneError.self) { try apply(rule, text) }
        #expect(error?.code == code)
        #expect(error?.field == "f")
        #expect(error?.exitCode == .usage)
        #expect(error?.whatToDo?.isEmpty == false)
    }

    @Test("what is wrong with a timetable is told with its place")
    func timetable() {
        let error = #expect(throws: KVMCloneError.self) { try Rules.bandwidth("08:00,10M 7:00,off", field: "f") }
        #expect(error?.code == .invalidBandwidth)
        #expect(error?.cause == "'7:00' isn't a time of day: write HH:MM, such as 08:00 (at character 11)")
    }

    @Test("right values are read")
    func accepted() throws {
        #expect(try Rules.port("22", field: "") == 22)
        #expect(try Rules.seconds("86400", field: "") == 86400)
        #expect(try Rules.bandwidth("50M", field: "") == Timetable(bytesPerSecond: 50 << 20))
        #expect(try Rules.bandwidth("2t", field: "") == Timetable(bytesPerSecond: 2 << 40))
        let timetable = try Rules.bandwidth("Mon-08:00,10M 19:00,off", field: "")
        #expect(timetable.limit(at: 480) == 10 << 20 && timetable.limit(at: 19 * 60) == nil)
        #expect(try Rules.bandwidth("off", field: "").isUnlimited)
        #expect(try Rules.size("10MB", field: "") == 10 << 20)
        #expect(try Rules.portRange("49152-49215", field: "") == 49152...49215)
        #expect(try Rules.mac("52-54-00-AB-CD-EF", field: "") == "52:54:00:ab:cd:ef")
        #expect(
            try Rules.uuid("123E4567-e89b-12d3-a456-426614174000", field: "") == "123e4567-e89b-12d3-a456-426614174000")
        #expect(try Rules.compression("off", field: "") == .off)
        #expect(try Rules.pairs(["vda=/a=b", "vdb=/c"], field: "").map(\.value) == ["/a=b", "/c"])
    }

    @Test("pairs need a key, an equals sign, and each key once", arguments: [["vda"], ["=x"], ["a=1", "a=2"]])
    func pairs(texts: [String]) {
        #expect(throws: KVMCloneError.self) { try Rules.pairs(texts, field: "disk") }
    }

    @Test("a network file maps names, in YAML or JSON", arguments: ["br0: lan\n'1': x", #"{"br0": "lan", "1": "x"}"#])
    func networks(text: String) throws {
        #expect(try NetworkMap.parse(Array(text.utf8), path: "n.yaml") == ["br0": "lan", "1": "x"])
    }

    @Test(
        "a wrong network file is refused with its place",
        arguments: [
            ("a: 1", "n.yaml:1:4"), ("- a", "n.yaml:1:1"), ("a: b\na: c", "n.yaml:2:1"), ("a: ''", "n.yaml:1:4"),
        ])
    func wrongNetworks(text: String, place: String) {
        let error = #expect(throws: KVMCloneError.self) { try NetworkMap.parse(Array(text.utf8), path: "n.yaml") }
        #expect(error?.message.hasPrefix(place) == true)
        #expect(error?.field == "network_config")
    }

    private func apply(_ rule: String, _ text: String) throws {
        switch rule {
        case "port": _ = try Rules.port(text, field: "f")
        case "seconds": _ = try Rules.seconds(text, field: "f")
        case "parallel": _ = try Rules.parallel(text, field: "f")
        case "bandwidth": _ = try Rules.bandwidth(text, field: "f")
        case "ports": _ = try Rules.portRange(text, field: "f")
        case "path": _ = try Rules.path(text, field: "f")
        case "absolute": _ = try Rules.absolutePath(text, field: "f")
        case "mac": _ = try Rules.mac(text, field: "f")
        case "uuid": _ = try Rules.uuid(text, field: "f")
        case "flag": _ = try Rules.flag(text, field: "f")
        case "compression": _ = try Rules.compression(text, field: "f")
        case "size": _ = try Rules.size(text, field: "f")
        default: Issue.record("no rule \(rule)")
        }
    }
}

import Testing

@testable import Libvirt

@Suite struct DomainListTests {
    private static let filters: [(DomainFilter, [String])] = [
        (.active, ["run", "temp"]), (.inactive, ["off"]), ([.active, .inactive], ["off", "run", "temp"]),
        ([], ["off", "run", "temp"]), (.transient, ["temp"]), ([.active, .persistent], ["run"]), (.autostart, []),
    ]

    @Test(arguments: filters)
    func aFilterSelects(filter: DomainFilter, names: [String]) throws {
        let host = try TestHost(
            TestHost.domainXML("run") + TestHost.domainXML("off", extra: "<test:runstate>5</test:runstate>")
                + TestHost.domainXML("temp", extra: "<test:transient/>"))
        #expect(try host.connection.domains(filter).map(\.name).sorted() == names)
    }

    @Test func anEmptyHostHasNoDomains() throws {
        #expect(try TestHost().connection.domains().isEmpty)
    }

    @Test(arguments: [
        (DomainState.running, 6, "a migration was cancelled"), (.paused, 5, "disk error"),
        (.shutOff, 4, "migrated to another host"), (.crashed, 1, "the guest panicked"),
    ])
    func reasonsHaveWords(state: DomainState, reason: Int, text: String) {
        #expect(DomainStatus(state: state, reason: reason).reasonText == text)
    }

    @Test(arguments: [DomainState.running, .paused, .shutOff, .crashed, .blocked, .other(99)], [-1, 0, 1000])
    func anUnknownReasonHasNone(state: DomainState, reason: Int) {
        #expect(DomainStatus(state: state, reason: reason).reasonText == nil)
    }
}

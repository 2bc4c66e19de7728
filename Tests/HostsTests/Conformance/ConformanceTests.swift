import Testing

/// What the coordinator relies on holds for every driver: in memory, on a local libvirt, and in the lab.
@Suite(.embeddedHosts(1), .timeLimit(.minutes(5))) struct ConformanceTests {
    @Test("A host", arguments: SubjectKind.available, Behaviour.all)
    func host(_ kind: SubjectKind, _ behaviour: Behaviour) async throws {
        let subject = try await kind.make()
        do {
            try await behaviour.check(subject)
        } catch {
            try await subject.end()
            throw error
        }
        try await subject.end()
    }
}

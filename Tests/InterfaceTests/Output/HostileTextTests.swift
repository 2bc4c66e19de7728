import Model
import Testing

@testable import Interface

@Suite("Text from other machines")
struct HostileTextTests {
    private let hostile = "web\u{1b}[2J\u{7}\u{9b}31m01\r"

    @Test("a table's cells can't steer the terminal")
    func table() throws {
        var table = Table([.init("name")])
        table.add([hostile])
        #expect(try table.render() == "NAME\nweb?[2J??31m01?\n")
    }

    @Test("an error's text can't steer the terminal")
    func error() {
        let error = KVMCloneError(.libvirt, hostile, host: "kvm1", cause: hostile, whatToDo: hostile)
        let text = ErrorText(format: .text).render(error, timestamp: "")
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || (0x7f...0x9f).contains($0.value) })
        #expect(text.contains("kvm1: web?[2J"))
    }

    @Test("an event's line can't steer the terminal")
    func event() {
        let line = EventMessage.of(.warning(host: "kvm1", message: hostile), start: nil)
        #expect(line == "kvm1: warning: web?[2J??31m01?")
    }
}

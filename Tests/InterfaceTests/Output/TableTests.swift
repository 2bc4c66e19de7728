import Model
import Testing

@testable import Interface

@Suite struct TableTests {
    private func table() -> Table {
        var table = Table([
            .init("host"), .init("name"), .init("size", alignsRight: true), .init("uuid", isWideOnly: true),
        ])
        table.add(["kvm1", "日本", "9 B", "u-1"])
        table.add(["kvm10", "web01", "512 B", ""])
        return table
    }

    @Test("columns line up by display width, and lines have no blanks at their end")
    func alignment() throws {
        #expect(try table().render() == "HOST   NAME    SIZE\nkvm1   日本     9 B\nkvm10  web01  512 B\n")
    }

    @Test("wide shows all columns, an empty cell as a dash")
    func wide() throws {
        let lines = try table().render(.init(isWide: true)).split(separator: "\n")
        #expect(lines == ["HOST   NAME    SIZE  UUID", "kvm1   日本     9 B  u-1", "kvm10  web01  512 B  -"])
    }

    @Test("columns are chosen and ordered, without titles where asked")
    func columns() throws {
        var options = Table.Options()
        options.columns = ["uuid", "HOST"]
        options.showsHeader = false
        #expect(try table().render(options) == "u-1  kvm1\n-    kvm10\n")
    }

    @Test("an unknown column is refused with a suggestion")
    func unknownColumn() {
        var options = Table.Options()
        options.columns = ["nam"]
        let error = #expect(throws: KVMCloneError.self) { try table().render(options) }
        #expect(error?.code == .validation)
        #expect(error?.field == "columns")
        #expect(error?.whatToDo == "did you mean 'name'?")
    }
}

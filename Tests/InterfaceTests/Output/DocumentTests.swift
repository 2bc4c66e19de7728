import Model
import Testing
import YAML

@testable import Interface

@Suite struct DocumentTests {
    private struct Sample: Encodable {
        var zulu = "a\"b\\c\n\u{1}é"
        var alpha: [Int] = [3, 1]
        var missing: String?
        var none: [String] = []
        var big = UInt64(1) << 62
        var nested = Inner()
        struct Inner: Encodable {
            var flag = true
            var ratio = 0.25
            var whole = 3.0
            var bad = Double.infinity
        }
    }

    @Test("JSON keeps the keys' order and escapes what it must")
    func json() throws {
        let text = try YAMLValue(encoding: Sample()).json(pretty: false)
        #expect(
            text == #"{"zulu":"a\"b\\c\n\u0001é","alpha":[3,1],"none":[],"big":4611686018427387904,"#
                + #""nested":{"flag":true,"ratio":0.25,"whole":3,"bad":null}}"#)
    }

    @Test("pretty JSON indents by two and keeps empty lists short")
    func pretty() throws {
        let text = try DocumentText.render(["a": [String]()], as: .json)
        #expect(text == "{\n  \"a\": []\n}\n")
    }

    @Test("YAML of a value reads back as the same value")
    func yaml() throws {
        let text = try DocumentText.render(Sample.Inner(flag: false, ratio: 2.5, whole: 4, bad: 1), as: .yaml)
        #expect(text == "flag: false\nratio: 2.5\nwhole: 4.0\nbad: 1.0\n")
    }

    @Test("a number beyond 63 bits is an error, not a wrong number")
    func overflow() {
        let error = #expect(throws: KVMCloneError.self) { try DocumentText.render([UInt64.max], as: .json) }
        #expect(error?.code == .general)
    }
}

@Suite struct ErrorTextTests {
    private let error = KVMCloneError(
        .vmNotFound, "VM 'web01' not found", host: "kvm1", cause: "no domain\nwith that name",
        whatToDo: "see `kvm-clone list kvm1`", field: "vm_name")

    @Test("people read code, host, cause and advice")
    func text() {
        #expect(
            ErrorText(format: .text).render(error, timestamp: "t") == """
                kvm-clone: [1003] kvm1: VM 'web01' not found
                  no domain
                  with that name
                  try: see `kvm-clone list kvm1`

                """)
    }

    @Test("colour touches the code alone")
    func colour() {
        let text = ErrorText(format: .text, paint: Paint(isOn: true)).render(
            KVMCloneError(.general, "x"), timestamp: "t")
        #expect(text == "kvm-clone: \u{1b}[31m[1000]\u{1b}[0m x\n")
    }

    @Test("programs read the error document", arguments: [OutputFormat.json, .yaml])
    func document(format: OutputFormat) throws {
        let text = ErrorText(format: format).render(error, timestamp: "2025-11-25T14:02:11.000Z", operation: nil)
        let value = YAMLValue(try YAMLLoader.load(text))
        #expect(
            value == [
                "error": [
                    "code": 1003, "message": "kvm1: VM 'web01' not found",
                    "details": "no domain\nwith that name\nsee `kvm-clone list kvm1`", "field": "vm_name",
                ],
                "timestamp": "2025-11-25T14:02:11.000Z", "operation_id": nil,
            ])
    }

    @Test(
        "colours follow the choice, then the environment, then the terminal",
        arguments: [
            (ColorChoice.auto, true, [:], true), (.auto, false, [:], false), (.auto, true, ["NO_COLOR": "1"], false),
            (.auto, true, ["NO_COLOR": ""], true), (.auto, false, ["FORCE_COLOR": "1"], true),
            (.auto, true, ["FORCE_COLOR": "0"], false), (.auto, false, ["NO_COLOR": "1", "FORCE_COLOR": "1"], false),
            (.always, false, ["NO_COLOR": "1"], true), (.never, true, ["FORCE_COLOR": "1"], false),
            (.auto, true, ["TERM": "dumb"], false),
        ])
    func colours(choice: ColorChoice, isTerminal: Bool, environment: [String: String], expected: Bool) {
        #expect(choice.isOn(isTerminal: isTerminal, environment: environment) == expected)
    }
}

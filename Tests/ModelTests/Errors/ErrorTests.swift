import Foundation
import Testing

@testable import Model

/// Codes are part of the interface: scripts rely on them.
@Suite struct ErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var number: Int
        var symbol: String
        var exit: Int32
        var testDescription: String { "\(number) \(symbol)" }
    }

    static let table = [
        Row(number: 1000, symbol: "GENERAL_ERROR", exit: 1), Row(number: 1001, symbol: "CONFIGURATION_ERROR", exit: 78),
        Row(number: 1002, symbol: "CONNECTION_ERROR", exit: 14),
        Row(number: 1003, symbol: "VM_NOT_FOUND_ERROR", exit: 10),
        Row(number: 1004, symbol: "VM_EXISTS_ERROR", exit: 11),
        Row(number: 1005, symbol: "INSUFFICIENT_RESOURCES_ERROR", exit: 12),
        Row(number: 1006, symbol: "TRANSFER_ERROR", exit: 13), Row(number: 1007, symbol: "VALIDATION_ERROR", exit: 64),
        Row(number: 1008, symbol: "OPERATION_CANCELLED_ERROR", exit: 130),
        Row(number: 1009, symbol: "LIBVIRT_ERROR", exit: 16), Row(number: 1100, symbol: "AUTH_ERROR", exit: 15),
        Row(number: 1101, symbol: "SSH_KEY_ERROR", exit: 15), Row(number: 1102, symbol: "PERMISSION_DENIED", exit: 15),
        Row(number: 1103, symbol: "HOST_KEY_ERROR", exit: 15), Row(number: 1200, symbol: "CLONE_ERROR", exit: 1),
        Row(number: 1201, symbol: "SYNC_ERROR", exit: 1), Row(number: 1202, symbol: "OPERATION_TIMEOUT", exit: 124),
        Row(number: 1203, symbol: "OPERATION_NOT_FOUND", exit: 10),
        Row(number: 1204, symbol: "DISK_SPACE_ERROR", exit: 12), Row(number: 1205, symbol: "NETWORK_ERROR", exit: 14),
        Row(number: 1300, symbol: "INVALID_HOST", exit: 64), Row(number: 1301, symbol: "INVALID_VM_NAME", exit: 64),
        Row(number: 1302, symbol: "INVALID_PATH", exit: 64), Row(number: 1303, symbol: "INVALID_PORT", exit: 64),
        Row(number: 1304, symbol: "INVALID_TIMEOUT", exit: 64),
        Row(number: 1305, symbol: "INVALID_BANDWIDTH", exit: 64),
    ]

    @Test("Every code has its number, symbol and exit code", arguments: table)
    func code(_ row: Row) throws {
        let code = try #require(ErrorCode(rawValue: row.number))
        #expect(code.symbol == row.symbol)
        #expect(code.exitCode.rawValue == row.exit)
        #expect(KVMCloneError(code, "x").exitCode.rawValue == row.exit)
    }

    @Test("The table has all codes")
    func complete() {
        #expect(ErrorCode.allCases.map(\.rawValue).sorted() == Self.table.map(\.number).sorted())
    }

    @Test("An error may name another exit code, and keeps the first host that it is given")
    func overrides() {
        let error = KVMCloneError(.clone, "busy", exitCode: .tryAgain)
        #expect(error.exitCode.rawValue == 75)
        #expect(error.on("a").on("b").host == "a")
    }

    @Test(
        "One line says code, host, message and cause",
        arguments: [
            (KVMCloneError(.vmNotFound, "no VM"), "[1003] no VM"),
            (KVMCloneError(.vmNotFound, "no VM", host: "kvm1"), "[1003] kvm1: no VM"),
            (KVMCloneError(.libvirt, "failed", host: "kvm1", cause: "why"), "[1009] kvm1: failed: why"),
            (KVMCloneError(.libvirt, "same", cause: "same"), "[1009] same"),
            (KVMCloneError(.libvirt, "failed", cause: ""), "[1009] failed"),
        ])
    func description(_ error: KVMCloneError, _ text: String) {
        #expect(error.description == text)
    }

    @Test("An error survives its way through JSON")
    func roundTrip() throws {
        let error = KVMCloneError(
            .diskSpace, "full", host: "kvm2", cause: "c", whatToDo: "w", field: "f", exitCode: .preflight)
        #expect(try JSONDecoder().decode(KVMCloneError.self, from: try JSONEncoder().encode(error)) == error)
    }
}

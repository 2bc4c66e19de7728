import Foundation
import Model
import Testing

/// What programs read: every key is there, absent values are null, and no key more.
@Suite struct DocumentTests {
    private static func keys(_ value: some Encodable) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(value))
        let dictionary = try #require(object as? [String: Any])
        return dictionary.mapValues { $0 is NSNull ? "null" : "value" }
    }

    private static func response(empty: Bool) -> CloneResponse {
        CloneResponse(
            operationID: "7F3K2M9QXA", success: !empty, vmName: "web01", newVMName: empty ? nil : "web02",
            sourceHost: "a", destHost: "b", duration: 1.5, bytesTransferred: 7, error: empty ? nil : "e",
            errorCode: empty ? nil : 1000, warnings: [], timestamp: "2026-01-01T00:00:00Z")
    }

    @Test("A clone's response has all keys", arguments: [true, false])
    func cloneResponse(empty: Bool) throws {
        let absent = empty ? "null" : "value"
        #expect(
            try Self.keys(Self.response(empty: empty)) == [
                "operation_id": "value", "success": "value", "vm_name": "value", "new_vm_name": absent,
                "source_host": "value", "dest_host": "value", "duration": "value", "bytes_transferred": "value",
                "error": absent, "error_code": absent, "warnings": "value", "timestamp": "value",
            ])
    }

    @Test("An error document has all keys")
    func errorDocument() throws {
        let error = KVMCloneError(.vmNotFound, "no VM", host: "kvm1")
        let document = ErrorDocument(error, timestamp: "2026-01-01T00:00:00Z")
        #expect(try Self.keys(document) == ["error": "value", "timestamp": "value", "operation_id": "null"])
        #expect(
            try Self.keys(document.error) == ["code": "value", "message": "value", "details": "null", "field": "null"])
        #expect(document.error.message == "kvm1: no VM")
        let full = ErrorDocument(
            KVMCloneError(.validation, "bad", cause: "because", whatToDo: "do", field: "DST"), timestamp: "t",
            operation: OperationID("7F3K2M9QXA"))
        #expect(full.error.details == "because\ndo")
        #expect(full.error.field == "DST")
        #expect(full.operationID == "7F3K2M9QXA")
    }

    @Test("A VM has all keys")
    func vm() throws {
        let vm = VMInfo(
            name: "web01", uuid: "u", state: .stopped, memory: 64, vcpus: 1,
            disks: [DiskInfo(path: "/p", size: nil, allocated: nil, format: "raw", target: "vda")],
            networks: [NetworkInfo(interface: "vnet0", macAddress: "m", network: "default", ipAddress: nil)],
            host: "kvm1", created: nil, lastModified: nil)
        #expect(
            try Self.keys(vm) == [
                "name": "value", "uuid": "value", "state": "value", "memory": "value", "vcpus": "value",
                "disks": "value", "networks": "value", "host": "value", "created": "null", "last_modified": "null",
                "problems": "value",
            ])
        #expect(
            try Self.keys(vm.networks[0]) == [
                "interface": "value", "mac_address": "value", "network": "value", "ip_address": "null",
            ])
        let disk = try Self.keys(vm.disks[0])
        #expect(Set(disk.keys).isSuperset(of: ["path", "format", "target"]))
    }

    @Test("States have the words of the interface")
    func words() {
        #expect(VMState.allCases.map(\.rawValue) == ["running", "stopped", "paused", "suspended", "crashed"])
        #expect(
            OperationState.allCases.map(\.rawValue)
                == ["pending", "running", "completed", "failed", "cancelled", "interrupted"])
        #expect(OperationState.allCases.filter(\.isActive) == [.pending, .running])
        #expect(OperationState.allCases.filter(\.isFinal) == [.completed, .failed, .cancelled])
        #expect(TargetPhase.allCases.filter(\.isFinal) == [.done, .failed, .cancelled])
    }

    private static func result(_ errors: [KVMCloneError?]) -> OperationResult {
        OperationResult(
            id: OperationID(), kind: .clone, vm: "v", source: "a", state: .completed,
            targets: errors.map {
                TargetOutcome(
                    host: "b", newName: "v", error: $0, verified: false, logicalBytes: 0, wireBytes: 0, seconds: 0,
                    path: nil, warnings: [])
            }, seconds: 0)
    }

    @Test("The exit code is 0 for all, 3 for some, the error's own for none")
    func exitCodes() {
        let error = KVMCloneError(.diskSpace, "full")
        #expect(Self.result([nil, nil]).exitCode.rawValue == 0)
        #expect(Self.result([nil, error]).exitCode.rawValue == 3)
        #expect(Self.result([error, error]).exitCode.rawValue == 12)
    }
}

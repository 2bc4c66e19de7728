import DataPlane
import Glibc
import Model
import Testing

@testable import Agent

/// What errors of the data plane become.
@Suite struct AgentErrorTests {
    @Test(
        "After a failure of the medium or a change of the source nothing that was copied is kept",
        arguments: [(DiskError.Kind.medium, true), (.changed, true), (.noSpace, false), (.timedOut, false)])
    func spoils(_ kind: DiskError.Kind, _ spoils: Bool) {
        let error = KVMCloneError(agent: DiskError(kind, "write", "/pool/disk"))
        #expect((error.spoilsCopy == true) == spoils)
    }
}

import Coordinator
import Libvirt
import Model

extension Host {
    package func freeze(domain uuid: String, within seconds: Int) async throws(KVMCloneError) -> Int {
        try await session().run { connection throws(LibvirtError) in
            let domain = try connection.domain(uuid: uuid)
            // Without it a guest whose agent hangs would block every other call that needs the agent.
            try domain.setAgentTimeout(seconds)
            return try domain.freezeFileSystems()
        }
    }

    package func thaw(domain uuid: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            let domain = try connection.domain(uuid: uuid)
            let thawed = Result { () throws(LibvirtError) in try domain.thawFileSystems() }
            // Also when that fails: the limit is for this copy only.
            try domain.setAgentTimeout(nil)
            _ = try thawed.get()
        }
    }

    package func beginBackup(
        ofDomain uuid: String, xml: String, checkpoint: String?
    ) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            try connection.domain(uuid: uuid).beginBackup(xml: xml, checkpointXML: checkpoint)
        }
    }

    package func deleteCheckpoint(ofDomain uuid: String, _ name: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            let domain = try connection.domain(uuid: uuid)
            guard try domain.checkpointNames().contains(name) else { return }
            do throws(LibvirtError) {
                try domain.deleteCheckpoint(name)
            } catch {
                // It is broken, or the domain doesn't run.
                try domain.deleteCheckpoint(name, metadataOnly: true)
            }
        }
    }
}

import Coordinator
import Libvirt
import Model

extension Host {
    package func attachments(ofDomain uuid: String) async throws(KVMCloneError) -> DomainAttachments {
        try await session().run { connection throws(LibvirtError) in
            let domain = try connection.domain(uuid: uuid)
            var attachments = DomainAttachments(startsWithHost: try domain.isAutostart())
            do throws(LibvirtError) {
                for name in try domain.checkpointNames() {
                    attachments.checkpoints.append(try domain.checkpointXML(name))
                }
            } catch {
                guard error.isUnsupported else { throw error }
            }
            return attachments
        }
    }

    package func attach(_ attachments: DomainAttachments, toDomain uuid: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            let domain = try connection.domain(uuid: uuid)
            if try domain.isAutostart() != attachments.startsWithHost {
                try domain.setAutostart(attachments.startsWithHost)
            }
            for xml in attachments.checkpoints { try domain.redefineCheckpoint(xml) }
        }
    }

    package func start(domain uuid: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in try connection.domain(uuid: uuid).start() }
    }

    package func shutDown(domain uuid: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in try connection.domain(uuid: uuid).shutdown() }
    }

    package func powerOff(domain uuid: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in try connection.domain(uuid: uuid).destroy() }
    }
}

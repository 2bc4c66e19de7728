import Coordinator
import DomainXML
import Libvirt
import Model

extension Host {
    package func addOverlays(toDomain uuid: String, xml: String) async throws(KVMCloneError) {
        try await session().run { connection throws(LibvirtError) in
            try connection.domain(uuid: uuid).addOverlays(xml: xml)
        }
    }

    package func commit(disk: String, ofDomain uuid: String, into base: String) async throws(KVMCloneError) {
        var begun = 0
        while true {
            let (xml, job) = try await session().run { connection throws(LibvirtError) in
                let domain = try connection.domain(uuid: uuid)
                return (try domain.xml([]), try domain.blockJob(disk: disk))
            }
            switch job {
            case nil:
                guard try top(of: disk, xml) != base else { return }
                // One that ends by itself has failed.
                guard begun < 3 else {
                    throw KVMCloneError(
                        .libvirt, "the overlay of \(disk) can't be merged into \(base)", host: name,
                        whatToDo: "see the domain's log; the guest goes on with the overlay", exitCode: .tryAgain)
                }
                begun += 1
                try await session().run { connection throws(LibvirtError) in
                    try connection.domain(uuid: uuid).beginCommit(disk: disk, into: base)
                }
            case let job? where !job.commitsTop:
                throw KVMCloneError(
                    .libvirt, "another block job works on \(disk)", host: name,
                    whatToDo: "wait for its end: virsh blockjob \(uuid) \(disk)", exitCode: .tryAgain)
            case let job? where job.done >= job.end:
                _ = try await session().run { connection throws(LibvirtError) in
                    try connection.domain(uuid: uuid).pivot(disk: disk)
                }
            default: break
            }
            do { try await Task.sleep(for: .milliseconds(50)) } catch {
                throw KVMCloneError(.cancelled, "stopped while an overlay was merged", host: name)
            }
        }
    }

    private func top(of disk: String, _ xml: String) throws(KVMCloneError) -> String? {
        do throws(DomainXMLError) {
            return try DomainDescription(parsing: xml).disks.first { $0.target == disk }?.image.source.path
        } catch {
            throw KVMCloneError(.libvirt, "the running domain's XML can't be used", host: name, cause: "\(error)")
        }
    }
}

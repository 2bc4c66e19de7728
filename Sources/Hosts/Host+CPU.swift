import Coordinator
import Libvirt
import Model

extension Host {
    package func compare(cpu: String, of kind: MachineKind) async throws(KVMCloneError) -> CPUFit? {
        let result = try await session().run { connection throws(LibvirtError) in
            try connection.compareCPU(
                cpu, architecture: kind.architecture, machine: kind.machine, virtualizationType: kind.type)
        }
        return switch result {
        case nil: nil
        case .identical: .same
        case .superset: .more
        case .incompatible(let reason): .lacks(reason)
        }
    }

    package func baseline(ofCPUs cpus: [String], of kind: MachineKind) async throws(KVMCloneError) -> String? {
        try await session().run { connection throws(LibvirtError) in
            try connection.baselineCPU(
                cpus, architecture: kind.architecture, machine: kind.machine, virtualizationType: kind.type)
        }
    }
}

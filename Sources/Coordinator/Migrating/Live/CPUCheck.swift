import DomainXML
import Model

/// Whether a new host can give a running VM the CPU that its guest has seen since it was started.
struct CPUCheck: Sendable {
    /// The running domain's XML.
    let running: String
    let kind: MachineKind
    let source: any HostDriver

    /// What there is to say. An answer that can't be had is a warning: libvirt looks again when the VM begins to move.
    func findings(on target: any HostDriver) async -> [PreflightFinding] {
        do throws(KVMCloneError) {
            return try await compare(target)
        } catch {
            return [.warning(.libvirt, "the VM's CPU was not compared with the host's: \(error)")]
        }
    }

    private func compare(_ target: any HostDriver) async throws(KVMCloneError) -> [PreflightFinding] {
        let isPassedThrough = try read { () throws(DomainXMLError) in try CPUElement.isPassedThrough(running) }
        let guest: String?
        if isPassedThrough {
            let capabilities = try await source.hypervisor().capabilitiesXML
            guest = try read { () throws(DomainXMLError) in try capabilities.flatMap(CPUElement.host) }
        } else {
            guest = try read { () throws(DomainXMLError) in try CPUElement.guest(running) }
        }
        guard let guest, let fit = try await target.compare(cpu: guest, of: kind) else { return [] }
        switch fit {
        case .same: return []
        case .more:
            guard isPassedThrough else { return [] }
            return [
                .warning(
                    .insufficientResources,
                    "the VM sees the CPU of \(source.name) itself, and that of \(target.name) is another one: its guest may fail there",
                    fix: "give it a CPU that both have" + (await advice(target)))
            ]
        case .lacks(let reason):
            return [
                .blocks(
                    .insufficientResources, "the host can't give it the CPU that it runs with: \(reason)",
                    fix: "give it a CPU that both hosts have" + (await advice(target))
                        + ", and start it anew; or move it --cold")
            ]
        }
    }

    /// What both hosts have; empty when nobody can tell.
    private func advice(_ target: any HostDriver) async -> String {
        do throws(KVMCloneError) {
            var models: [String] = []
            for host in [source, target] {
                guard let capabilities = try await host.domainCapabilities(of: kind),
                    let model = try read({ () throws(DomainXMLError) in try CPUElement.hostModel(capabilities) })
                else { return "" }
                models.append(model)
            }
            guard let baseline = try await target.baseline(ofCPUs: models, of: kind) else { return "" }
            return " (\(try read { () throws(DomainXMLError) in try CPUElement.words(baseline) }))"
        } catch {
            return ""
        }
    }

    private func read<Value>(_ body: () throws(DomainXMLError) -> Value) throws(KVMCloneError) -> Value {
        do throws(DomainXMLError) { return try body() } catch {
            throw KVMCloneError(.libvirt, "a CPU's XML can't be used", host: source.name, cause: "\(error)")
        }
    }
}

import DomainXML
import Model

extension TargetChecks {
    /// Whether the target can run such a machine: type, architecture, CPUs. Hosts whose driver doesn't tell are not
    /// judged.
    var machineFindings: [PreflightFinding] {
        var findings: [PreflightFinding] = []
        if let xml = facts.hypervisor.capabilitiesXML {
            do throws(DomainXMLError) {
                findings += machineTypeFindings(try HostCapabilities(parsing: xml))
            } catch {
                findings.append(.warning(.libvirt, "the host's capabilities can't be read: \(error)"))
            }
        }
        switch facts.capabilities {
        case .success(nil): break
        case .success(let xml?):
            do throws(DomainXMLError) {
                findings += cpuFindings(try DomainCapabilities(parsing: xml))
            } catch {
                findings.append(.warning(.libvirt, "the domain capabilities can't be read: \(error)"))
            }
        case .failure(let error):
            // A finding about the machine type says the same in clearer words.
            guard findings.isEmpty else { break }
            findings.append(
                .blocks(
                    .insufficientResources, "the host can't run such a machine: \(error.cause ?? error.message)",
                    fix: "choose another host"))
        }
        return findings
    }

    private func machineTypeFindings(_ capabilities: HostCapabilities) -> [PreflightFinding] {
        let domain = source.domain
        guard let architecture = domain.os.architecture else { return [] }
        guard
            let machines = capabilities.machines(
                domainType: domain.type, architecture: architecture, osType: domain.os.type)
        else {
            return [
                .blocks(
                    .insufficientResources,
                    "the host can't run \(domain.type) machines of architecture \(architecture)",
                    fix: domain.type == "kvm" ? "switch virtualisation on in its firmware" : "choose another host")
            ]
        }
        guard let machine = domain.os.machine, !machines.isEmpty, !machines.contains(machine) else { return [] }
        return [
            .blocks(
                .insufficientResources, "the host doesn't know the machine type '\(machine)'",
                fix: "update QEMU there, or give the VM an older machine type")
        ]
    }

    private func cpuFindings(_ capabilities: DomainCapabilities) -> [PreflightFinding] {
        var findings: [PreflightFinding] = []
        let domain = source.domain
        if let most = capabilities.maxVCPUs, domain.vcpus.maximum > most {
            findings.append(
                .blocks(
                    .insufficientResources, "the VM has \(domain.vcpus.maximum) vCPUs, the host allows \(most)",
                    fix: "choose another host"))
        } else if domain.vcpus.current > facts.hypervisor.cpus {
            findings.append(
                .warning(
                    .insufficientResources,
                    "the VM has \(domain.vcpus.current) vCPUs, the host \(facts.hypervisor.cpus) CPUs"))
        }
        guard domain.cpu.mode == "custom", let model = domain.cpu.model,
            !capabilities.usableCPUModels.isEmpty, !capabilities.usableCPUModels.contains(model)
        else { return findings }
        findings.append(
            .blocks(
                .insufficientResources, "the host can't offer the CPU model '\(model)'",
                fix: "choose a model that all hosts have: virsh cpu-baseline"))
        return findings
    }
}

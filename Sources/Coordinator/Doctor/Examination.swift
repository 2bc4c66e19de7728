import AgentProtocol
import FoundationEssentials
import Model

/// Looks one host over. Each part that fails becomes a finding; the others go on.
struct Examination {
    let driver: any HostDriver

    private var facts: [DoctorFact] = []
    private var findings: [PreflightFinding] = []

    init(of driver: any HostDriver) {
        self.driver = driver
    }

    static func report(on driver: any HostDriver) async -> DoctorReport {
        var examination = Examination(of: driver)
        await examination.examine()
        return DoctorReport(host: driver.name, facts: examination.facts, findings: examination.findings)
    }

    private mutating func examine() async {
        do throws(KVMCloneError) {
            let asked = Date()
            let hello = try await driver.greet()
            let connection = await driver.connection()
            note("connection", connection.note.map { "\(connection.kind) (\($0))" } ?? connection.kind)
            note("agent", "\(hello.architecture), user \(hello.userID), protocol \(hello.version)")
            examineTools(hello)
            // The answer was given some time between the question and now.
            examineClock(hello, between: asked, and: Date())
        } catch {
            findings.append(PreflightFinding(error))
            return
        }
        do throws(KVMCloneError) {
            let hypervisor = try await driver.hypervisor()
            note("libvirt", "\(hypervisor.libvirtVersion), \(hypervisor.driver) \(hypervisor.hypervisorVersion)")
            note("cpu", "\(hypervisor.cpus) × \(hypervisor.cpuModel), \(hypervisor.architecture)")
            let free = hypervisor.freeMemory.map { ", \(ByteCount.format($0)) free" } ?? ""
            note("memory", ByteCount.format(hypervisor.memory) + free)
            try await examinePools(hypervisor)
        } catch {
            findings.append(PreflightFinding(error))
        }
    }

    private mutating func examineTools(_ hello: Hello.Response) {
        note("qemu-img", hello.qemuImg ?? "missing")
        note("qemu-nbd", hello.qemuNBD ?? "missing")
        note("virsh", hello.virsh ?? "missing")
        if hello.virsh == nil {
            findings.append(
                .warning(
                    .configuration, "virsh is missing: VMs that run can't be copied",
                    fix: "apt-get install libvirt-clients"))
        }
        if hello.qemuImg == nil || hello.qemuNBD == nil {
            findings.append(
                .warning(
                    .configuration, "qemu-img or qemu-nbd is missing: guest views and backing chains can't be copied",
                    fix: "apt-get install qemu-utils"))
        }
    }

    private mutating func examineClock(_ hello: Hello.Response, between asked: Date, and answered: Date) {
        let there = Double(hello.clock) / 1000
        let skew =
            there < asked.timeIntervalSince1970
            ? there - asked.timeIntervalSince1970 : max(0, there - answered.timeIntervalSince1970)
        note("clock", skew == 0 ? "in step" : "\(skew > 0 ? "+" : "")\(Int(skew.rounded())) s")
        if abs(skew) > 5 {
            findings.append(
                .warning(
                    .general, "the clock differs by \(Int(abs(skew).rounded())) s from this machine's",
                    fix: "timedatectl set-ntp true"))
        }
    }

    private mutating func examinePools(_ hypervisor: HypervisorFacts) async throws(KVMCloneError) {
        let profile = try await driver.profile()
        var folders = profile.pools
        for pool in hypervisor.pools where folders[pool.name] == nil && pool.holdsFiles {
            folders[pool.name] = pool.path
        }
        let names = folders.keys.sorted()
        let measured = try await driver.call(MeasureFolders(paths: names.compactMap { folders[$0] }))
        for (name, folder) in zip(names, measured) {
            note(
                "pool \(name)",
                folder.exists
                    ? "\(folder.path), \(ByteCount.format(folder.free)) of \(ByteCount.format(folder.total)) free"
                    : "\(folder.path), missing")
            let isDefault = name == profile.defaultPool
            if !folder.exists {
                findings.append(
                    PreflightFinding(
                        severity: isDefault ? .blocks : .warning, code: .invalidPath,
                        message: "pool '\(name)' has no folder \(folder.path)", whatToDo: "mkdir -p \(folder.path)"))
            } else if !folder.writable {
                findings.append(
                    PreflightFinding(
                        severity: isDefault ? .blocks : .warning, code: .permissionDenied,
                        message: "\(folder.path) isn't writable for this user",
                        whatToDo: "use another SSH user, or `become: sudo` in the topology"))
            }
        }
        for pool in hypervisor.pools {
            guard let problem = pool.problem else { continue }
            findings.append(
                .warning(
                    .libvirt, "the definition of pool '\(pool.name)' can't be used: \(problem)",
                    fix: "virsh pool-dumpxml \(pool.name)"))
        }
        if folders[profile.defaultPool] == nil {
            findings.append(
                .blocks(
                    .validation, "there is no pool '\(profile.defaultPool)'",
                    fix: "virsh pool-define-as \(profile.defaultPool) dir --target /var/lib/libvirt/images"))
        }
    }

    private mutating func note(_ name: String, _ value: String) {
        facts.append(DoctorFact(name: name, value: value))
    }
}

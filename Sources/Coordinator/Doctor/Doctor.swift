import AgentProtocol
import Model

/// Looks hosts over, each by itself and then in pairs.
package struct Doctor: Sendable {
    private let drivers: [any HostDriver]

    package init(_ drivers: [any HostDriver]) {
        self.drivers = drivers
    }

    /// All hosts at once, then the data ports from each to each.
    package func reports() async -> [DoctorReport] {
        var reports = await withTaskGroup(of: (Int, DoctorReport).self) { group in
            for (place, driver) in drivers.enumerated() {
                group.addTask { (place, await Examination.report(on: driver)) }
            }
            var found: [Int: DoctorReport] = [:]
            for await (place, report) in group { found[place] = report }
            return drivers.indices.compactMap { found[$0] }
        }
        let well = reports.indices.filter { !reports[$0].isBlocked }
        for to in well {
            for from in well where from != to {
                let verdict = await reach(from: drivers[from], to: drivers[to])
                reports[to].facts.append(DoctorFact(name: "data port from \(drivers[from].name)", value: verdict.text))
                if let finding = verdict.finding { reports[to].findings.append(finding) }
            }
        }
        return reports
    }

    private func reach(
        from source: any HostDriver, to target: any HostDriver
    ) async -> (text: String, finding: PreflightFinding?) {
        do throws(KVMCloneError) {
            let profile = try await target.profile()
            guard let address = profile.transferAddress else {
                return (
                    "no transfer address",
                    .warning(
                        .connection, "no address for direct transfers: bytes go through the coordinator",
                        fix: "give the host a transfer_address in the topology")
                )
            }
            let ports = profile.dataPorts
            let port = try await target.call(OfferPort(ports: ports, seconds: 10)).port
            let probe = try await source.call(ProbePort(address: address, port: port, timeout: 3))
            if probe.reachable { return ("\(address):\(port) reachable", nil) }
            return (
                "\(address):\(port) not reachable",
                .warning(
                    .connection,
                    "\(source.name) can't reach \(address):\(port): \(probe.reason ?? "no answer"); "
                        + "bytes go the other way round, or through the coordinator",
                    fix: "nft add rule inet filter input tcp dport \(ports.lowerBound)-\(ports.upperBound) accept")
            )
        } catch {
            return ("not known", PreflightFinding(error))
        }
    }
}

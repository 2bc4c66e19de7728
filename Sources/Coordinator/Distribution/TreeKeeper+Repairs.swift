import AgentProtocol
import Model

/// Who brings targets what no tree has brought.
extension TreeKeeper {
    /// Ends for a repair of `child`: a target that has everything, and has the fewest others to repair, else `partial`,
    /// which has some of it, else the source. `endRepair` gives the provider back.
    func beginRepair(
        of child: String, orPartlyFrom partial: String? = nil
    ) -> (parent: JoinEnd, child: JoinEnd, generation: Int)? {
        guard let far = ends[child], let generation = state?.nextGeneration(of: child) else { return nil }
        let helpers =
            finished.filter { !departed.contains($0) && ends[$0] != nil && $0 != child && !quiet.contains($0) }
            .sorted()
        let name =
            helpers.min { repairs[$0, default: 0] < repairs[$1, default: 0] }
            ?? partial.flatMap { ends[$0] == nil || quiet.contains($0) ? nil : $0 } ?? operation.source.name
        guard let near = ends[name] else { return nil }
        repairs[name, default: 0] += 1
        return (near, far, generation)
    }

    /// Its repair is joined and about to run.
    func budgetRepair(by parent: String, of child: String, job: HexBytes) async {
        repairFlows[flow(parent, child, job: job)] = 1
        await budget()
    }

    func endRepair(by parent: String, of child: String) {
        repairs[parent, default: 1] -= 1
        repairFlows = repairFlows.filter { $0.key.parent != parent || $0.key.child != child }
    }
}

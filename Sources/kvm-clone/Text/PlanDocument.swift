import KVMClone
import Model

/// What `--dry-run -o json` prints: the plan's own keys, and `distribution`, null when nothing would be sent.
struct PlanDocument: Encodable {
    var plan: ClonePlan
    var distribution: DistributionSummary?

    private enum Key: String, CodingKey {
        case distribution
    }

    func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(distribution, forKey: .distribution)
    }
}

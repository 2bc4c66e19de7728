import ArgumentParser
import Interface
import Model

/// What all commands share that move disks. Values that have a rule of their own are read as texts, so that a wrong one
/// gets its own code and field.
struct TransferOptions: ParsableArguments {
    @Flag(help: "Check everything and show the plan, but change nothing.")
    var dryRun = false

    @Option(name: .shortAndLong, help: .init("Streams per copy, 1-16.", valueName: "n"))
    var parallel: String?

    @Flag(inversion: .prefixedNo, help: "Compress always or never; neither: where it makes the copy faster.")
    var compress: Bool?

    @Flag(inversion: .prefixedNo, help: "Read back what was written and compare it (default: --verify).")
    var verify: Bool?

    @Option(help: .init("Give up after so many seconds without progress, 1-86400.", valueName: "seconds"))
    var timeout: String?

    @Option(help: .init("Give up after so many seconds in all.", valueName: "seconds"))
    var deadline: String?

    @Option(help: .init("YAML or JSON file that maps source networks to target networks.", valueName: "file"))
    var networkConfig: String?

    @Option(help: .init("Storage pool on the targets.", valueName: "name"))
    var pool: String?

    @Option(
        name: [.customShort("b"), .customLong("bwlimit"), .customLong("bandwidth-limit")],
        help: .init(
            "What no host and no link may exceed, in bytes per second with K, M, G or T, or off; or a timetable in local time, such as '08:00,10M 19:00,off' or 'Mon-08:00,10M Fri-19:00,off'.",
            valueName: "rate"))
    var bandwidthLimit: String?

    @Option(
        help:
            "What a copy of a running VM is like: file systems frozen by the guest's agent, where it has one (agent), as after a power cut (crash), or none is made (off)."
    )
    var consistency = CloneOptions.Consistency.agent

    @Option(help: "Which way the bytes may travel.")
    var path = CloneOptions.PathChoice.auto

    @Option(
        name: .customLong("fanout"),
        help:
            "How several targets get the data: along the best trees (auto), all from the source (star), one from the other (chain), or along one tree (tree)."
    )
    var fanOut = CloneOptions.FanOut.auto

    @OptionGroup var ssh: SSHOptions

    var flags: [ConfigKey: Configuration.Flag] {
        var flags = ssh.flags
        flags[.transferParallel] = parallel.map { .init("--parallel", $0) }
        flags[.transferCompress] = compress.map { .init("--compress", String($0)) }
        flags[.transferVerify] = verify.map { .init("--verify", String($0)) }
        flags[.transferBandwidthLimit] = bandwidthLimit.map { .init("--bwlimit", $0) }
        return flags
    }
}

extension CloneOptions.Consistency: ExpressibleByArgument {}
extension CloneOptions.FanOut: ExpressibleByArgument {}
extension CloneOptions.PathChoice: ExpressibleByArgument {}

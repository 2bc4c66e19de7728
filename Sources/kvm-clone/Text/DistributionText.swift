import Interface
import KVMClone
import Model

/// A distribution for people: the trees, then what each target, link and site may expect.
enum DistributionText {
    static func render(_ summary: DistributionSummary) throws(KVMCloneError) -> String {
        guard !summary.isStar else { return star(summary) + remarks(summary) }
        var text = "\nDistribution of \(ByteCount.format(summary.bytes)) from \(summary.source)"
        text += " to \(count(summary.targets.count, "target")): \(figures(summary))\n"
        for (place, cohort) in summary.cohorts.enumerated() {
            if summary.cohorts.count > 1 {
                text += "  cohort \(place + 1), \(count(cohort.targets.count, "target")), "
                text += "\(ByteCount.formatRate(cohort.rate)), \(percent(cohort.share)) of its bound\n"
            }
            let indent = summary.cohorts.count > 1 ? 4 : 2
            for (place, stripe) in cohort.stripes.enumerated() {
                text += String(repeating: " ", count: indent)
                text += "stripe \(place + 1): \(percent(stripe.share)) of the bytes, "
                text += "\(ByteCount.formatRate(stripe.rate)), depth \(stripe.depth)\n"
                text += StripeTree(stripe).lines(indent: indent + 2).map { $0 + "\n" }.joined()
            }
        }
        text += try targets(summary.targets)
        text += try crossings(summary)
        return text + remarks(summary)
    }

    /// One line; the note, if there is one, in a second.
    private static func star(_ summary: DistributionSummary) -> String {
        var text = "\nDistribution of \(ByteCount.format(summary.bytes)): star, \(summary.source) sends to "
        let names = summary.targets.map(\.host)
        switch names.count {
        case 0: text += "every target itself"
        case 1: text += names[0]
        default: text += "each of \(names.count) targets itself"
        }
        if let rate = summary.rate, let end = summary.targets.map(\.seconds).max() {
            text += ", \(ByteCount.formatRate(rate))\(names.count > 1 ? " each" : ""), about \(DurationText.span(end))"
            if let bound = summary.bound, let share = summary.share, share < 0.995 {
                text += "; \(percent(share)) of the bound, \(ByteCount.formatRate(bound))"
            }
        }
        for link in summary.links { text += "; \(link.from) → \(link.to) \(ByteCount.format(link.bytes))" }
        return Validation.harmless(text + (summary.note.map { "\n  \($0)" } ?? "")) + "\n"
    }

    private static func figures(_ summary: DistributionSummary) -> String {
        guard let rate = summary.rate, let bound = summary.bound, let share = summary.share else {
            return summary.note ?? "no forecast"
        }
        return "\(ByteCount.formatRate(rate)), \(percent(share)) of the bound, \(ByteCount.formatRate(bound))"
    }

    /// A row for targets that may expect the same.
    private static func targets(_ targets: [DistributionSummary.Target]) throws(KVMCloneError) -> String {
        var groups: [(rate: String, time: String, hosts: [String])] = []
        for target in targets {
            let (rate, time) = (ByteCount.formatRate(target.rate), DurationText.span(target.seconds))
            if let place = groups.firstIndex(where: { $0.rate == rate && $0.time == time }) {
                groups[place].hosts.append(target.host)
            } else {
                groups.append((rate, time, [target.host]))
            }
        }
        var table = Table([.init("rate", alignsRight: true), .init("time", alignsRight: true), .init("targets")])
        for group in groups {
            for (place, names) in WrappedWords.lines(group.hosts, width: 76).enumerated() {
                table.add(place == 0 ? [group.rate, group.time, names] : [" ", " ", names])
            }
        }
        return indented(try table.render())
    }

    private static func crossings(_ summary: DistributionSummary) throws(KVMCloneError) -> String {
        guard !summary.links.isEmpty else { return "" }
        var table = Table([.init("link"), .init("bytes", alignsRight: true), .init("copies", alignsRight: true)])
        for link in summary.links {
            table.add(["\(link.from) → \(link.to)", ByteCount.format(link.bytes), copies(link.bytes, summary)])
        }
        for site in summary.ingress {
            table.add(["into \(site.site)", ByteCount.format(site.bytes), copies(site.bytes, summary)])
        }
        return indented(try table.render())
    }

    private static func copies(_ bytes: UInt64, _ summary: DistributionSummary) -> String {
        guard summary.bytes > 0 else { return "" }
        let hundredths = Int((Double(bytes) / Double(summary.bytes) * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    /// What the figures above don't know.
    private static func remarks(_ summary: DistributionSummary) -> String {
        var text = ""
        if let timetable = summary.bandwidthTimetable {
            text += "  the limit \(timetable) is not counted here\n"
        } else if let limit = summary.bandwidthLimit {
            text += "  the limit of \(ByteCount.formatRate(Double(limit))) is not counted here\n"
        }
        for observed in summary.observed.prefix(12) {
            text += "  \(ByteCount.formatRate(observed.rate)) is what was observed from \(observed.from) to "
            text += "\(observed.to), \(age(observed.age))\n"
        }
        if summary.observed.count > 12 { text += "  \(summary.observed.count - 12) more rates were observed\n" }
        let assumed = summary.assumed
        let places = assumed.hosts + assumed.links.map { $0.joined(separator: "–") }
        if !places.isEmpty {
            text += "  \(ByteCount.formatRate(assumed.rate)) is assumed where the topology has no rate: "
            text += "\(list(places))\n"
        }
        let declared = summary.declared.hosts + summary.declared.links.map { $0.joined(separator: "–") }
        if !declared.isEmpty, !places.isEmpty || !summary.observed.isEmpty {
            text += "  the topology has rates for: \(list(declared))\n"
        }
        return Validation.harmless(text)
    }

    private static func list(_ places: [String]) -> String {
        let more = places.count > 6 ? " and \(places.count - 6) more" : ""
        return places.prefix(6).joined(separator: ", ") + more
    }

    private static func age(_ seconds: Double) -> String {
        switch Int(seconds) {
        case ..<3600: "less than an hour ago"
        case ..<86_400: "\(count(Int(seconds) / 3600, "hour")) ago"
        default: "\(count(Int(seconds) / 86_400, "day")) ago"
        }
    }

    private static func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }

    static func percent(_ share: Double) -> String {
        share.isFinite ? "\(Int((min(1, max(0, share)) * 100).rounded())) %" : "-"
    }

    private static func indented(_ text: String) -> String {
        "\n" + text.split(separator: "\n").map { "  \($0)\n" }.joined()
    }
}

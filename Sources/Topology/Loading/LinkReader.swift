import Model
import YAML

/// Reads the list of links.
struct LinkReader {
    private static let keys = ["between", "capacity", "limit", "timetable"]

    let sites: [String]
    private var places: [Set<String>: YAMLMark] = [:]

    init(sites: [String]) { self.sites = sites }

    mutating func read(_ node: YAMLNode, findings: inout Findings) -> Link? {
        guard let mapping = findings.mapping(node, allowed: Self.keys) else { return nil }
        let capacity = findings.value("capacity", of: mapping, Read.rate)
        let limit = findings.value("limit", of: mapping, Read.rate)
        let timetable = findings.value("timetable", of: mapping) { node throws(YAMLError) in
            try node.parsed { text throws(InvalidValue) in
                do throws(Timetable.Fault) { return try Timetable(parsing: text) } catch {
                    throw InvalidValue(error.description)
                }
            }
        }
        if let entry = mapping.entry("timetable"), mapping["limit"] != nil {
            findings.add("a link has 'limit' or 'timetable', not both", at: entry.keyMark)
        }
        if let capacity, let limit, limit > capacity, let entry = mapping.entry("limit") {
            findings.add("the limit is above the link's capacity", at: entry.value.mark)
        }
        guard let ends = ends(mapping, findings: &findings) else { return nil }
        return Link(first: ends.0, second: ends.1, capacity: capacity, limit: limit, timetable: timetable)
    }

    private mutating func ends(_ mapping: YAMLMapping, findings: inout Findings) -> (String, String)? {
        let known = sites
        let node = findings.collect { () throws(YAMLError) in try mapping.required("between") }
        guard let node, let items = findings.collect({ () throws(YAMLError) in try node.sequence() }) else {
            return nil
        }
        guard items.count == 2 else {
            findings.add("a link is between two sites, not \(items.count)", at: node.mark)
            return nil
        }
        let names = items.compactMap { item in
            findings.collect { () throws(YAMLError) in try FleetReader.site(item, among: known) }
        }
        guard names.count == 2 else { return nil }
        guard names[0] != names[1] else {
            findings.add("a link can't join '\(names[0])' to itself", at: node.mark)
            return nil
        }
        if let first = places.updateValue(node.mark, forKey: Set(names)) {
            findings.add(
                "a second link between '\(names[0])' and '\(names[1])', first at \(first)", at: node.mark,
                related: first)
            return nil
        }
        return (names[0], names[1])
    }
}

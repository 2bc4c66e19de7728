import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct DoctorTests {
        @Test("doctor tells each host's connection, agent, libvirt, pools and data ports")
        func report() async throws {
            let outcome = try await EmbeddedHosts.current().tool()("doctor")
            #expect(outcome.code == 0, "\(outcome)")
            for fact in ["connection", "agent", "libvirt", "pool default", "qemu-img", "clock", "data port from host2"]
            {
                #expect(outcome.output.contains(fact), "\(fact) is missing: \(outcome.output)")
            }
        }

        @Test("a host whose libvirt doesn't answer blocks: exit 17, and a finding with a fix")
        func blocked() async throws {
            let dead = "  dead: { connection: local, uri: \"test+unix:///default?socket=/nonexistent/socket\" }\n"
            let tool = try Tool(topology: EmbeddedHosts.current().topology + dead)
            let outcome = try await tool("doctor", "host1", "dead")
            #expect(outcome.code == 17, "\(outcome)")
            #expect(outcome.output.contains("host1\n") && outcome.output.contains("dead\n"))
            let json = try await tool("doctor", "dead", "-o", "json")
            #expect(json.code == 17)
            let reports = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
            #expect((reports?.first?["findings"] as? [Any])?.isEmpty == false)
        }
    }
}

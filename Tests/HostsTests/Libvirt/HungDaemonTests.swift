import Foundation
import Glibc
import Libvirt
import Model
import SSH
import Simulation
import Testing

@testable import Hosts

@Suite(.embeddedHosts(1)) struct HungDaemonTests {
    /// The daemon of the first host, as `IntegrationTests/embedded` has written it down.
    private static func daemon(of hosts: EmbeddedHosts) throws -> (pid: pid_t, socket: String) {
        let folder = URL(fileURLWithPath: hosts.pool(1)).deletingLastPathComponent().path
        let lines = try String(contentsOfFile: folder + "/processes", encoding: .utf8).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("libvirtd ") })
        return (try #require(pid_t(line.split(separator: " ")[1])), folder + "/state/run/libvirt-sock")
    }

    @Test("When a daemon hangs, all calls that wait for it end")
    func allCallsEnd() async throws {
        let daemon = try Self.daemon(of: try #require(Embedded.current))
        let machine = LocalConnection()
        let tunnel = try LibvirtTunnel { descriptor throws(KVMCloneError) in
            do throws(SSHError) {
                return try await machine.start(
                    RemoteCommand([.text(Repository.agent), .text("pipe"), .text(daemon.socket)]),
                    adopting: OwnedDescriptor(owning: descriptor))
            } catch {
                throw KVMCloneError(.connection, "\(error)")
            }
        }
        let session = try await LibvirtSession.open(
            uri: "test:///default", host: "host1", tunnel: tunnel, silence: .seconds(2))
        #expect(try await session.run { connection throws(LibvirtError) in try connection.domains() }.isEmpty)

        kill(daemon.pid, SIGSTOP)
        let failures = await withTaskGroup(of: KVMCloneError?.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do throws(KVMCloneError) {
                        _ = try await session.run { connection throws(LibvirtError) in try connection.hostname() }
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        kill(daemon.pid, SIGCONT)
        #expect(
            failures.map { $0?.message } == Array(repeating: "libvirt didn't answer for 2 s and was given up", count: 3)
        )
        #expect(!session.isAlive)
        await session.close()
        await machine.close()
    }
}

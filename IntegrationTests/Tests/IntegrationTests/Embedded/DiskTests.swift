import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct DiskTests {
        /// Puts a VM with a qcow2 chain of two layers on the first host; returns the top's path.
        private func chain(_ name: String) async throws -> (EmbeddedHosts, Tool, String) {
            let hosts = try EmbeddedHosts.current()
            let pool = hosts.pool(1)
            try DiskFile.raw("\(pool)/\(name)-base.raw", size: 32, data: 6)
            try await DiskFile.qcow2("\(pool)/\(name)-base.qcow2", from: "\(pool)/\(name)-base.raw")
            let top = "\(pool)/\(name)-top.qcow2"
            try await DiskFile.overlay(top, on: "\(pool)/\(name)-base.qcow2", format: "qcow2")
            try await DiskFile.write(top, format: "qcow2", at: 3, length: 2)
            try await hosts.define(Machine(name: name, disks: [.init(path: top, format: "qcow2")]))
            return (hosts, try hosts.tool(), top)
        }

        /// The path of a copy's disk.
        private func disk(_ hosts: EmbeddedHosts, _ host: Int, _ name: String, _ target: String = "vda") async throws
            -> String
        {
            let rows = try await hosts.virsh(host, "domblklist", name).succeeded().lines
            let row = try #require(rows.map { $0.split(separator: " ").map(String.init) }.first { $0.first == target })
            return try #require(row.last)
        }

        @Test("a backing chain is copied whole: as many layers, all on the target, equal contents")
        func whole() async throws {
            let (hosts, tool, top) = try await chain("chained")
            let outcome = try await tool("clone", "host1", "host2", "chained")
            #expect(outcome.code == 0, "\(outcome)")
            let copy = try await disk(hosts, 2, "chained_clone")
            let layers = try await DiskFile.chain(copy)
            #expect(layers.map(\.format) == ["qcow2", "qcow2"])
            #expect(layers.allSatisfy { $0.path.hasPrefix(hosts.pool(2)) }, "\(layers)")
            #expect(try await DiskFile.areEqual(top, "qcow2", copy, "qcow2"))
        }

        @Test("a chain on a raw base is copied whole as well")
        func rawBase() async throws {
            let hosts = try EmbeddedHosts.current()
            let base = "\(hosts.pool(1))/rawbase.raw"
            let top = "\(hosts.pool(1))/rawbase.qcow2"
            try DiskFile.raw(base, size: 16, data: 3)
            try await DiskFile.overlay(top, on: base, format: "raw")
            try await DiskFile.write(top, format: "qcow2", at: 9, length: 1)
            try await hosts.define(Machine(name: "rawbase", disks: [.init(path: top, format: "qcow2")]))
            let outcome = try await hosts.tool()("replicate", "host1", "host2,host3", "rawbase")
            #expect(outcome.code == 0, "\(outcome)")
            for host in [2, 3] {
                let copy = try await disk(hosts, host, "rawbase")
                #expect(try await DiskFile.chain(copy).map(\.format) == ["qcow2", "raw"])
                #expect(try await DiskFile.areEqual(top, "qcow2", copy, "qcow2"))
            }
        }

        @Test("--flatten merges the chain into one image", arguments: ["container", "guest"])
        func flatten(_ view: String) async throws {
            let (hosts, tool, top) = try await chain("flat-\(view)")
            let outcome = try await tool("clone", "host1", "host2", "flat-\(view)", "--flatten", "--view", view)
            #expect(outcome.code == 0, "\(outcome)")
            let copy = try await disk(hosts, 2, "flat-\(view)_clone")
            let layers = try await DiskFile.chain(copy)
            #expect(layers.count == 1, "\(layers)")
            #expect(try await DiskFile.areEqual(top, "qcow2", copy, layers[0].format))
        }

        @Test("several disks of several formats, and an empty one, arrive in one go")
        func several() async throws {
            let hosts = try EmbeddedHosts.current()
            let pool = hosts.pool(1)
            try DiskFile.raw("\(pool)/many-a.raw", size: 16, data: 4)
            try await DiskFile.qcow2("\(pool)/many-b.qcow2", from: "\(pool)/many-a.raw")
            try DiskFile.raw("\(pool)/many-c.raw", size: 512, data: 0)
            try await hosts.define(
                Machine(
                    name: "many",
                    disks: [
                        .init(path: "\(pool)/many-a.raw"),
                        .init(path: "\(pool)/many-b.qcow2", format: "qcow2", target: "vdb"),
                        .init(path: "\(pool)/many-c.raw", target: "vdc"),
                    ]))
            let outcome = try await hosts.tool()("clone", "host1", "host2", "many")
            #expect(outcome.code == 0, "\(outcome)")
            for (target, source, format) in [
                ("vda", "many-a.raw", "raw"), ("vdb", "many-b.qcow2", "qcow2"), ("vdc", "many-c.raw", "raw"),
            ] {
                let copy = try await disk(hosts, 2, "many_clone", target)
                #expect(try await DiskFile.areEqual("\(pool)/\(source)", format, copy, format), "\(target)")
            }
            #expect(try DiskFile.allocated(await disk(hosts, 2, "many_clone", "vdc")) < 1 << 20)
        }

        @Test("a CD-ROM image is left where it is, unless --copy-media asks for it")
        func media() async throws {
            let hosts = try EmbeddedHosts.current()
            let disk = "\(hosts.pool(1))/media.raw"
            let image = "\(hosts.pool(1))/media.iso"
            try DiskFile.raw(disk, size: 8, data: 1)
            try Data(repeating: 7, count: 1 << 20).write(to: URL(fileURLWithPath: image))
            try await hosts.define(
                Machine(
                    name: "media",
                    disks: [.init(path: disk), .init(path: image, target: "sda", device: "cdrom")]))
            let without = try await hosts.tool()("clone", "host1", "host2", "media", "-n", "media1")
            #expect(without.code == 0, "\(without)")
            #expect(!FileManager.default.fileExists(atPath: "\(hosts.pool(2))/media1-sda.img"))
            let with = try await hosts.tool()("clone", "host1", "host2", "media", "-n", "media2", "--copy-media")
            #expect(with.code == 0, "\(with)")
            let copy = try await self.disk(hosts, 2, "media2", "sda")
            #expect(copy.hasPrefix(hosts.pool(2)))
            #expect(FileManager.default.contentsEqual(atPath: image, andPath: copy))
        }

        @Test("--view guest carries what the guest reads into an image of the same format")
        func guestView() async throws {
            let hosts = try EmbeddedHosts.current()
            let pool = hosts.pool(1)
            try DiskFile.raw("\(pool)/seen.raw", size: 24, data: 5)
            try await DiskFile.qcow2("\(pool)/seen.qcow2", from: "\(pool)/seen.raw")
            try await hosts.define(Machine(name: "seen", disks: [.init(path: "\(pool)/seen.qcow2", format: "qcow2")]))
            let outcome = try await hosts.tool()("clone", "host1", "host2", "seen", "--view", "guest")
            #expect(outcome.code == 0, "\(outcome)")
            let copy = try await disk(hosts, 2, "seen_clone")
            let layers = try await DiskFile.chain(copy)
            #expect(layers.count == 1)
            #expect(try await DiskFile.areEqual("\(pool)/seen.raw", "raw", copy, layers[0].format))
        }

        @Test("a VM without any disk is cloned too")
        func diskless() async throws {
            let hosts = try EmbeddedHosts.current()
            try await hosts.define(Machine(name: "diskless"))
            let outcome = try await hosts.tool()("clone", "host1", "host2", "diskless")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(try await hosts.names(2).contains("diskless_clone"))
        }

        @Test(
            "a machine that can't be copied is stopped before anything is written, with the reason",
            arguments: [
                (
                    "netdisk",
                    "<disk type='network' device='disk'><source protocol='nbd' name='x'><host name='h'/></source><target dev='vdz' bus='virtio'/></disk>",
                    "network"
                ),
                (
                    "hostdev",
                    "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='6' slot='2' function='0'/></source></hostdev>",
                    "host device"
                ),
            ])
        func blocked(_ name: String, _ device: String, _ word: String) async throws {
            let hosts = try EmbeddedHosts.current()
            try await hosts.define(Machine(name: name, devices: device))
            let before = try await hosts.contents()
            let outcome = try await hosts.tool()("clone", "host1", "host2", name)
            #expect(outcome.code == 17, "\(outcome)")
            #expect(outcome.error.lowercased().contains(word), "\(outcome)")
            #expect(try await hosts.contents() == before)
        }

        @Test("a disk whose file isn't there, or that lies about its format, stops the copy")
        func badImages() async throws {
            let hosts = try EmbeddedHosts.current()
            let missing = "\(hosts.pool(1))/gone.raw"
            let fake = "\(hosts.pool(1))/fake.qcow2"
            try Data(repeating: 7, count: 4096).write(to: URL(fileURLWithPath: fake))
            try await hosts.define(Machine(name: "gone", disks: [.init(path: missing)]))
            try await hosts.define(Machine(name: "fake", disks: [.init(path: fake, format: "qcow2")]))
            let before = try await hosts.contents()
            for (name, path) in [("gone", missing), ("fake", fake)] {
                let outcome = try await hosts.tool()("clone", "host1", "host2", name)
                #expect(outcome.code != 0 && outcome.error.contains(path), "\(outcome)")
            }
            #expect(try await hosts.contents() == before)
        }
    }
}

import Coordinator
import Model
import Simulation
import Testing

@Suite struct ListingTests {
    @Test("A VM's row has the sizes of its disks, and nothing to complain about")
    func complete() async throws {
        let fleet = try FakeFleet(machine: MachineRecipe(disks: [DiskRecipe(size: 8 << 20, runs: 1)]))
        let listing = await fleet.source.listing(status: nil)
        let vm = try #require(listing.vms.first)
        #expect(vm.disks.first?.size == 8 << 20)
        #expect(vm.problems.isEmpty)
        #expect(listing.gaps.isEmpty)
        await fleet.close()
    }

    @Test("Without its agent a host's VMs are listed without sizes, and each row says why")
    func noAgent() async throws {
        let fleet = try FakeFleet()
        fleet.source.faults.fail(.name("images.inspect"), .before)
        let listing = await fleet.source.listing(status: nil)
        let vm = try #require(listing.vms.first)
        #expect(vm.disks.map(\.target) == ["vda"])
        #expect(vm.disks.first?.size == nil)
        #expect(vm.problems == ["[1002] no sizes of disks: a fault on purpose"])
        #expect(listing.error == nil)
        #expect(listing.gaps.map(\.code) == [.connection])
        #expect(listing.gaps.first?.host == "source")
        await fleet.close()
    }

    @Test("A definition that can't be read leaves the row, with the reason")
    func unreadableDefinition() async throws {
        let fleet = try FakeFleet()
        fleet.source.changeLibvirt { $0.domains[0].inactiveXML = "<domain" }
        let listing = await fleet.source.listing(status: nil)
        let vm = try #require(listing.vms.first)
        #expect(vm.name == "web01")
        #expect(vm.disks.isEmpty)
        #expect(vm.problems.first?.contains("the domain XML of 'web01' can't be used") == true)
        #expect(listing.gaps.map(\.code) == [.libvirt])
        await fleet.close()
    }

    @Test("An image that isn't there is the VM's problem and doesn't make the listing incomplete")
    func missingImage() async throws {
        let fleet = try FakeFleet()
        fleet.source.changeLibvirt { libvirt in
            let xml = libvirt.domains[0].inactiveXML
            libvirt.domains[0].inactiveXML = xml.replacing("web01-vda", with: "gone")
        }
        let listing = await fleet.source.listing(status: nil)
        let vm = try #require(listing.vms.first)
        let disk = try #require(vm.disks.first)
        #expect(disk.path.contains("gone"))
        #expect(disk.size == nil)
        #expect(vm.problems == ["vda: no raw image that can be read at \(disk.path)"])
        #expect(listing.gaps.isEmpty)
        await fleet.close()
    }

    @Test("A disk that is a volume is found through its pool")
    func volume() async throws {
        let fleet = try FakeFleet(machine: MachineRecipe(disks: [DiskRecipe(size: 8 << 20, runs: 1)]))
        let pool = fleet.source.pool
        fleet.source.changeLibvirt { libvirt in
            let file = fleet.machine.disks[0].fileName(machine: "web01")
            libvirt.domains[0].inactiveXML = libvirt.domains[0].inactiveXML
                .replacing("type='file' device", with: "type='volume' device")
                .replacing("<source file='\(pool)/\(file)'/>", with: "<source pool='default' volume='\(file)'/>")
        }
        let listing = await fleet.source.listing(status: nil)
        let vm = try #require(listing.vms.first)
        #expect(vm.disks.first?.size == 8 << 20)
        #expect(vm.disks.first?.path.hasPrefix(pool) == true)
        #expect(vm.problems.isEmpty)
        await fleet.close()
    }
}

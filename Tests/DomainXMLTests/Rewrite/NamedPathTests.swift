import Testing

@testable import DomainXML

@Suite("A path that carries the name")
struct NamedPathTests {
    @Test(
        "follows it where it stands by itself",
        arguments: [
            ("web", "/log/web.log", "/log/new.log"), ("web", "/vms/web/0.sock", "/vms/new/0.sock"),
            ("web", "/vms/web/web-web_web.sock", "/vms/new/new-new_new.sock"),
            ("web", "/log/website.log", "/log/website.log"),
            ("web", "/log/myweb.log", "/log/myweb.log"), ("web", "/log/web2.log", "/log/web2.log"),
            ("web", "/log/2web", "/log/2web"), ("web", "/log/übweb", "/log/übweb"), ("web", "web", "new"),
            ("a", "/a/a.a", "/new/new.new"), ("log", "/var/log/log.txt", "/var/log/new.txt"),
            ("libvirt", "/var/log/libvirt/qemu/libvirt.log", "/var/log/libvirt/qemu/new.log"),
            ("nvram", "/var/lib/libvirt/qemu/nvram/nvram_VARS.fd", "/var/lib/libvirt/qemu/nvram/new_VARS.fd"),
            ("büro", "/x/büro.log", "/x/new.log"), ("VM 1", "/x/VM 1.log", "/x/new.log"), ("", "/x/y", "/x/y"),
            ("new", "/x/new.log", "/x/new.log"), ("web.", "/log/web.log", "/log/web.log"),
        ])
    func follows(_ name: String, _ path: String, _ wanted: String) {
        #expect(NamedPath.replacing(name, with: "new", in: path) == wanted)
    }

    @Test(
        "is known for libvirt's own",
        arguments: [
            ("/var/lib/libvirt/qemu/channel/target/domain-3-web/org.qemu.guest_agent.0", true),
            ("/run/libvirt/qemu/channel/3-web/org.qemu.guest_agent.0", true),
            ("/var/lib/libvirt/qemu/channel/target/web.org.qemu.guest_agent.0", true),
            ("/var/lib/libvirt/qemu/channel/target/mine.sock", false),
            ("/srv/agents/web/org.qemu.guest_agent.0", false),
        ])
    func madeByLibvirt(_ path: String, _ wanted: Bool) {
        #expect(NamedPath.isMadeByLibvirt(path, channel: "org.qemu.guest_agent.0") == wanted)
    }
}

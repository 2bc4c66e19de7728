/// The nodes that a rewrite of everything may change, as an oracle that is independent of the rewriter.
enum DeclaredNodes {
    private static let copied = "/domain/devices/disk[not(@device) or @device='disk' or @device='lun']"
    private static let ports = "serial or self::parallel or self::console or self::channel"

    static let xpaths =
        [
            "/domain/name", "/domain/uuid", "/domain/genid", "/domain/sysinfo/system/entry[@name='uuid']/text()",
            "/domain/os/nvram[not(@*) and not(*)]", "/domain/os/nvram/text()", "/domain/os/nvram/source/@file",
            "/domain/seclabel[@type='static']",
            "/domain/metadata/kc:*", "/domain/devices/interface/mac", "/domain/devices/interface/@type",
            "/domain/devices/vsock/cid/@auto", "/domain/devices/vsock/cid/@address",
            "/domain/devices/memory/source/path/text()", "/domain/devices/audio/@path",
            "/domain/devices/rng/backend/source/@path", "/domain/devices/interface/source[@type='unix']/@path",
            "/domain/devices/*[self::\(ports)]/source/@path", "/domain/devices/*[self::\(ports)]/log/@file",
            "/domain/devices/graphics/@socket", "/domain/devices/graphics/listen/@socket",
        ]
        + ["network", "bridge", "dev", "mode", "portgroup"].map { "/domain/devices/interface/source/@\($0)" }
        + ["port", "tlsPort", "autoport", "websocket"].map { "/domain/devices/graphics/@\($0)" }
        + [
            "\(copied)/@type", "\(copied)/backingStore", "\(copied)/driver/@type",
            "\(copied)/driver[count(@*) = 1 and @name='qemu' and not(*)]",
            "\(copied)/auth", "\(copied)/source/seclabel[label]", "\(copied)/source/host", "\(copied)/source/auth",
            "\(copied)/source/snapshot", "\(copied)/source/config", "\(copied)/source/initiator",
            "\(copied)/source/address", "\(copied)/source/reservations", "\(copied)/source/reconnect",
        ]
        + [
            "file", "dev", "dir", "pool", "volume", "mode", "protocol", "name", "type", "path", "namespace", "managed",
        ].map { "\(copied)/source/@\($0)" }
}

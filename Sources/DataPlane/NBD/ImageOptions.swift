/// A chain of images as QEMU's `--image-opts` takes it: every driver and file is named, so that QEMU neither probes a
/// format nor follows what a header says.
enum ImageOptions {
    /// One option string for all layers.
    static func string(for layers: [ImageLayer]) -> String {
        var options: [String] = []
        var prefix = ""
        for layer in layers {
            options.append("\(prefix)driver=\(layer.format.rawValue)")
            options.append("\(prefix)file.driver=\(layer.identity.isBlockDevice ? "host_device" : "file")")
            options.append("\(prefix)file.filename=\(escape(layer.path))")
            prefix += "backing."
        }
        return options.joined(separator: ",")
    }

    /// A comma in a value is written twice.
    private static func escape(_ value: String) -> String {
        value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}

import AgentProtocol
import DataPlane
import Glibc
import Model

/// Looks at folders and images, and changes nothing.
enum Inspection {
    static func measure(_ path: String) -> MeasureFolders.Folder {
        var folder = MeasureFolders.Folder(path: path, exists: false, writable: false, free: 0, total: 0)
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, let space = try? FreeSpace(at: path) else {
            return folder
        }
        folder.exists = true
        folder.writable = access(path, W_OK | X_OK) == 0
        folder.free = space.available
        folder.total = space.total
        return folder
    }

    static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    static func inspect(_ request: InspectDisk) throws -> InspectDisk.Response {
        let chain = try chain(of: request)
        return chain.layers.map(InspectDisk.Layer.init)
    }

    /// Only the top of each image: a listing doesn't follow chains. What can't be read is nil.
    static func inspect(_ request: InspectImages) -> InspectImages.Response {
        request.images.map { image in
            guard let allowance = try? ReadAllowance(files: [image.path]),
                let format = ImageFormat(rawValue: image.format),
                let layer = try? ImageLayer.inspect(image.path, format: format, allowance: allowance)
            else { return nil }
            var found = InspectDisk.Layer(layer)
            // Where a link leads to the device, the answer is still about the name that was asked for.
            found.path = image.path
            return found
        }
    }

    static func chain(of request: InspectDisk) throws -> BackingChain {
        try chain(request.image, declared: request.declaredChain, roots: request.roots)
    }

    static func chain(
        _ image: ImageReference, declared: [ImageReference], roots: [String]
    ) throws -> BackingChain {
        let allowance = try ReadAllowance(files: [image.path] + declared.map(\.path), roots: roots)
        var formats: [String: ImageFormat] = [:]
        for layer in declared { formats[layer.path] = try format(of: layer) }
        return try BackingChain.inspect(
            image.path, format: try format(of: image), backingFormats: formats, allowance: allowance)
    }

    static func format(of image: ImageReference) throws(KVMCloneError) -> ImageFormat {
        guard let format = ImageFormat(rawValue: image.format) else {
            throw KVMCloneError(
                .clone, "\(Validation.printable(image.path)) is of format '\(Validation.printable(image.format))'",
                whatToDo: "convert it to raw or qcow2 with qemu-img convert")
        }
        return format
    }
}

extension InspectDisk.Layer {
    init(_ layer: ImageLayer) {
        self.init(
            path: layer.path, format: layer.format.rawValue, isBlockDevice: layer.identity.isBlockDevice,
            virtualSize: layer.virtualSize, fileSize: layer.fileSize,
            allocated: layer.identity.isBlockDevice ? layer.fileSize : layer.allocated,
            modified: layer.identity.modified / 1_000_000)
    }
}

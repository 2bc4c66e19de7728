import Glibc
import Model

/// Results that go to a file.
public enum OutputFile {
    /// Writes all of `text`, in place of what the file had. Blocks. `field` is the option that named the file.
    public static func write(_ text: String, to path: String, field: String) throws(KVMCloneError) {
        func failure(_ number: Int32) -> KVMCloneError {
            KVMCloneError(
                .invalidPath, "can't write '\(Validation.printable(path))'", cause: String(cString: strerror(number)),
                whatToDo: "check the folder and its permissions", field: field)
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(errno) }
        do throws(SystemError) {
            defer { close(descriptor) }
            try FileDescriptorWriter.write(Array(text.utf8), to: descriptor)
        } catch {
            throw failure(error.number)
        }
    }
}

import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct ConfigTests {
        @Test("config set, show and unset work on the user's file; flags and variables come first")
        func roundTrip() async throws {
            let tool = try Tool()
            let made = try await tool("config", "init")
            #expect(made.code == 0 && made.trimmed == tool.scratch.path("config/kvm-clone/config.yaml"), "\(made)")
            #expect(try await tool("config", "init").code != 0, "an existing file must not be overwritten")
            #expect(try await tool("config", "set", "transfer.parallel", "7").code == 0)
            let set = try await tool("config", "show", "transfer.parallel", "--origin")
            #expect(set.output.contains("7") && set.output.contains("config.yaml"), "\(set)")
            var other = tool
            other.environment["KVM_CLONE_TRANSFER_PARALLEL"] = "3"
            let variable = try await other("config", "show", "transfer.parallel", "--origin")
            #expect(variable.output.contains("3") && variable.output.contains("KVM_CLONE_TRANSFER_PARALLEL"))
            #expect(try await tool("config", "unset", "transfer.parallel").code == 0)
            #expect(try await tool("config", "unset", "transfer.parallel").code == 10)
            #expect(try await tool("config", "show", "transfer.parallel", "--origin").output.contains("default"))
        }

        @Test(
            "a value or a key that can't be is refused",
            arguments: [["set", "transfer.parallel", "99"], ["set", "no.such.key", "1"], ["set", "ssh.port", "x"]])
        func refused(_ words: [String]) async throws {
            let outcome = try await Tool()(["config"] + words)
            #expect(outcome.code == 64 || outcome.code == 78, "\(outcome)")
            #expect(outcome.error.contains("try: "))
        }

        @Test("the old place of the configuration is still read")
        func oldPlace() async throws {
            let tool = try Tool()
            let folder = tool.scratch.path("home/.kvm-clone")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try tool.scratch.write("home/.kvm-clone/config.yaml", "ssh:\n  port: 2022\n")
            let shown = try await tool("config", "show", "ssh.port", "--origin")
            #expect(shown.output.contains("2022") && shown.output.contains(".kvm-clone/config.yaml"), "\(shown)")
        }

        @Test(
            "completion scripts are printed for each shell, and bash takes its own", arguments: ["bash", "zsh", "fish"])
        func completion(_ shell: String) async throws {
            let tool = try Tool()
            let outcome = try await tool("completion", shell)
            #expect(outcome.code == 0 && outcome.output.contains("replicate"))
            if shell == "bash" {
                let script = try tool.scratch.write("completion.bash", outcome.output)
                #expect(try await run(["bash", "-n", script]).code == 0)
            }
        }

        @Test(
            "help and version are data on standard output",
            arguments: [["--help"], ["clone", "--help"], ["--version"]])
        func help(_ words: [String]) async throws {
            let outcome = try await Tool()(words)
            #expect(outcome.code == 0 && !outcome.output.isEmpty && outcome.error.isEmpty, "\(outcome)")
        }
    }
}

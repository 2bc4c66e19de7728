import Testing

@testable import SSH

@Suite("What ssh(1) prints")
struct DiagnosisTests {
    private let diagnosis = Diagnosis(
        host: "h", port: 22, user: "u", knownHostsName: "h", knownHostsFiles: ["/known"])

    @Test(
        "messages become typed errors",
        arguments: [
            (
                "ssh: Could not resolve hostname h: Name or service not known",
                .unreachable(host: "h", port: 22, reason: "Name or service not known")
            ),
            (
                "ssh: connect to host h port 22: No route to host",
                .unreachable(host: "h", port: 22, reason: "No route to host")
            ),
            (
                "ssh: connect to host h port 22: Connection timed out",
                .timedOut(host: "h", port: 22, phase: "Connection timed out")
            ),
            (
                "debug1: Offering public key: /k ED25519 SHA256:x explicit\r\nu@h: Permission denied (publickey,password).",
                .authenticationFailed(host: "h", user: "u", tried: ["/k", "the host allows publickey, password"])
            ),
            (
                "Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures",
                .authenticationFailed(host: "h", user: "u", tried: ["too many failures"])
            ),
            (
                "/c: line 1: Bad configuration option: nonsense",
                .configuration("/c: line 1: Bad configuration option: nonsense")
            ),
            (
                "kex_exchange_identification: Connection closed by remote host",
                .lost(host: "h", reason: "kex_exchange_identification: Connection closed by remote host")
            ),
            ("debug1: only this", .lost(host: "h", reason: "ssh ended without a message")),
        ] as [(String, SSHError)])
    func messages(text: String, error: SSHError) {
        #expect(diagnosis.error(from: text) == error)
    }

    @Test("an unknown host key is named with its fingerprint and the command that accepts it")
    func unknownKey() {
        let error = diagnosis.error(
            from: """
                debug1: Server host key: ssh-ed25519 SHA256:abc
                No ED25519 host key is known for h and you have requested strict checking.
                Host key verification failed.
                """)
        let problem = HostKeyProblem(
            host: "h", port: 22, keyType: "ssh-ed25519", fingerprint: "SHA256:abc", files: ["/known"], place: nil)
        #expect(error == .hostKeyUnknown(problem))
        #expect("\(error)" == "the host key of h is not known (ssh-ed25519 SHA256:abc), see /known")
        #expect(error.whatToDo.contains("`ssh-keyscan -p 22 h >> /known`"))
    }

    @Test("every error says what happened and what to do")
    func texts() {
        let problem = HostKeyProblem(host: "h", port: 2222, keyType: nil, fingerprint: nil, files: [], place: "/k:3")
        let errors: [SSHError] = [
            .invalid("x"), .configuration("x"), .unreachable(host: "h", port: 1, reason: "r"),
            .timedOut(host: "h", port: 1, phase: "p"), .hostKeyUnknown(problem), .hostKeyChanged(problem),
            .hostKeyRevoked(problem), .authenticationFailed(host: "h", user: "u", tried: []),
            .keyFile(path: "/p", problem: "x"), .secret(source: "s", problem: "x"), .needsOpenSSH(reason: "r"),
            .channel(host: "h", reason: "r"), .lost(host: "h", reason: "r"), .process("x"), .cancelled,
        ]
        for error in errors {
            #expect(!error.description.isEmpty)
            #expect(error.whatToDo.hasSuffix(".") || error.whatToDo.hasSuffix("`"))
        }
        #expect(errors.filter(\.isTransient).count == 3)
        #expect(problem.forgetCommand == "ssh-keygen -R '[h]:2222' -f /k")
        #expect(problem.acceptCommand == "ssh-keyscan -p 2222 h >> ~/.ssh/known_hosts")
    }
}

// swift-tools-version: 6.2
import PackageDescription

// Layers, lowest first. Arrows point down only: `make check` compares this manifest with the table in
// docs/architecture.md.

// Warnings are errors here. A newer compiler may know more of them: KVM_CLONE_ALLOW_WARNINGS=1 builds all the same.
let allowsWarnings = Context.environment["KVM_CLONE_ALLOW_WARNINGS"] == "1"
let strict: [SwiftSetting] =
    [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]
    + (allowsWarnings ? [] : [.treatAllWarnings(as: .error)])
let strictC: [CSetting] = allowsWarnings ? [] : [.treatAllWarnings(as: .error)]

func system(_ name: String, _ pkgConfig: String, apt package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies, resources: resources,
        swiftSettings: strict)
}

// The agent is copied onto hosts: release builds of the executables carry no symbol table. -Xlinker
// --strip-all is what `strip` does, without a second step. Debug builds keep everything.
let stripped = LinkerSetting.unsafeFlags(["-Xlinker", "--strip-all"], .when(configuration: .release))

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "kvm-clone",
    products: [
        .library(name: "KVMClone", targets: ["KVMClone"]),
        .executable(name: "kvm-clone", targets: ["kvm-clone"]),
        .executable(name: "kvm-clone-agent", targets: ["kvm-clone-agent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // 0: the C libraries as they are, and inline shims for what Swift can't import.
        system("CLibvirt", "libvirt", apt: "libvirt-dev"),
        system("CSSH2", "libssh2", apt: "libssh2-1-dev"),
        system("CZstd", "libzstd", apt: "libzstd-dev"),
        system("CXML2", "libxml-2.0", apt: "libxml2-dev"),
        system("CYAML", "yaml-0.1", apt: "libyaml-dev"),
        system("CCrypto", "libcrypto", apt: "libssl-dev"),
        .target(name: "CLinux", cSettings: strictC),
        // 1: the words of the domain, threads, and texts read strictly.
        library("Model"),
        library("Executors", ["CLinux"]),
        library("YAML", ["CYAML"]),
        library("DomainXML", ["CXML2"]),
        // 2: connections, what is decided and how bytes move.
        library("Topology", ["Model", "YAML"]),
        library("Planner", ["Model"]),
        library("AgentProtocol", ["Model"]),
        library("Libvirt", ["CLibvirt", "Executors"]),
        library("SSH", ["CSSH2", "CLinux", "Executors"]),
        library("DataPlane", ["Executors", "Model", "CZstd", "CCrypto", "CLinux"]),
        // 3: both ends of the control channel.
        library("Agent", ["AgentProtocol", "CLinux", "DataPlane", "Executors", "Model"]),
        library("Coordinator", ["AgentProtocol", "DomainXML", "Model", "Planner", "Topology", logging]),
        // 4: the real world behind the coordinator's seams.
        library(
            "Hosts",
            [
                "AgentProtocol", "CCrypto", "CLinux", "Coordinator", "DomainXML", "Executors", "Libvirt", "Model",
                "SSH",
                "Topology", logging,
            ]),
        library("Store", ["Coordinator", "Model", grdb]),
        // 5: what others build on.
        library(
            "KVMClone", ["AgentProtocol", "Coordinator", "Hosts", "Model", "SSH", "Store", "Topology", "YAML", logging]),
        library("Interface", ["Model", "YAML", "CLinux", logging]),
        // 6: commands and wiring only.
        .executableTarget(
            name: "kvm-clone",
            dependencies: [
                "KVMClone", "Interface", "DomainXML", "Model", "Topology", "YAML", "CLinux", logging, argumentParser,
            ],
            swiftSettings: strict, linkerSettings: [stripped]),
        .executableTarget(
            name: "kvm-clone-agent", dependencies: ["Agent"], swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags(["-static-executable"]), stripped, .linkedLibrary("_FoundationCShims"),
                .linkedLibrary("_FoundationCollections"),
                .linkedLibrary("swiftSynchronization"),
            ]),
        // Tests mirror the targets.
        tests("YAML"),
        tests("DomainXML", resources: [.copy("Fixtures")]),
        tests("Libvirt"),
        tests("Executors"),
        tests("SSH", ["CLinux"]),
        tests("Topology", ["YAML"]),
        tests("Planner", ["Model", "Topology"], resources: [.copy("Golden")]),
        tests("DataPlane", ["CCrypto", "CLinux", "CZstd"]),
        // A support library for tests: hosts in memory with the real agent behind them.
        .target(
            name: "Simulation",
            dependencies: [
                "Agent", "AgentProtocol", "Coordinator", "DomainXML", "Executors", "Model", "Topology", logging,
            ],
            path: "Tests/Simulation", swiftSettings: strict),
        tests("Coordinator", ["AgentProtocol", "Model", "Planner", "Simulation", "Topology", logging]),
        tests("Agent", ["AgentProtocol", "Executors", "Model", "Simulation"]),
        tests("AgentProtocol", ["Model"]),
        tests("Model"),
        tests("Store", ["AgentProtocol", "Coordinator", "Model", "Simulation"]),
        tests(
            "Hosts",
            [
                "AgentProtocol", "Coordinator", "Executors", "Libvirt", "Model", "SSH", "Simulation", "Topology",
                logging,
            ]),
        // Documented examples, which the tests compile and run.
        .target(name: "Examples", dependencies: ["KVMClone"], path: "Examples", swiftSettings: strict),
        tests("KVMClone", ["Examples", "Simulation"]),
        tests(
            "Interface",
            ["kvm-clone", "Coordinator", "KVMClone", "Model", "Planner", "Topology", "YAML", logging, argumentParser],
            resources: [.copy("Golden")]),
    ]
)

// swift-tools-version: 6.1
import PackageDescription

// Drives the built binaries and never imports the product: see README.md in this folder.
let package = Package(
    name: "IntegrationTests",
    targets: [
        .testTarget(
            name: "IntegrationTests",
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")])
    ]
)

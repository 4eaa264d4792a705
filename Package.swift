// swift-tools-version:6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The dependencies that more than one target has.
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioExtras: Target.Dependency = .product(name: "NIOExtras", package: "swift-nio-extras")
let nioSOCKS: Target.Dependency = .product(name: "NIOSOCKS", package: "swift-nio-extras")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "fdl",
    platforms: [.macOS(.v15)],
    // A library brings the targets below it whose types its API has.
    products: [
        .library(name: "FDLCore", targets: ["FDLCore"]),
        .library(name: "FDLTrust", targets: ["FDLTrust", "FDLCrypto", "FDLSystem"]),
        .library(name: "FDLPublishing", targets: ["FDLPublishing"]),
        .library(name: "FDLServer", targets: ["FDLServer"]),
        .library(name: "FDLClient", targets: ["FDLClient", "FDLTLS"]),
        .executable(name: "fdl-sign", targets: ["fdl-sign"]),
        .executable(name: "fdl-secure-server", targets: ["fdl-secure-server"]),
        .executable(name: "fdl-secure", targets: ["fdl-secure"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.8.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLinux"),

        .target(name: "FDLCore", swiftSettings: settings),
        .target(name: "FDLPlan", dependencies: ["FDLCore"], swiftSettings: settings),
        .target(name: "FDLSystem", dependencies: ["CLinux", "FDLCore"], swiftSettings: settings),
        .target(name: "FDLOpenSSL", dependencies: ["COpenSSL", "FDLSystem"], swiftSettings: settings),
        .target(
            name: "FDLCrypto",
            dependencies: ["COpenSSL", "FDLCore", "FDLOpenSSL"],
            swiftSettings: settings
        ),
        .target(name: "FDLTrust", dependencies: ["FDLCore", "FDLCrypto", "FDLSystem"], swiftSettings: settings),
        .target(
            name: "FDLTLS",
            dependencies: ["CLinux", "COpenSSL", "FDLCore", "FDLOpenSSL", "FDLSystem", nioCore, nioPosix],
            swiftSettings: settings
        ),
        .target(name: "FDLCompression", dependencies: ["CZlib"], swiftSettings: settings),
        .target(
            name: "FDLPublishing",
            dependencies: ["FDLCompression", "FDLCore", "FDLCrypto", "FDLOpenSSL", "FDLSystem", "FDLTrust"],
            swiftSettings: settings
        ),
        .target(
            name: "FDLServer",
            dependencies: [
                "FDLCore", "FDLCrypto", "FDLTLS", "FDLCompression", "FDLSystem",
                nioCore, nioPosix, nioHTTP1, logging, lifecycle, metrics,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "FDLClient",
            dependencies: [
                "FDLCore", "FDLCrypto", "FDLTLS", "FDLTrust", "FDLCompression", "FDLPlan", "FDLSystem",
                nioCore, nioPosix, nioHTTP1, nioExtras, nioSOCKS, logging,
            ],
            swiftSettings: settings
        ),
        .target(name: "FDLCommand", dependencies: ["FDLCore", "FDLSystem", argumentParser], swiftSettings: settings),
        .executableTarget(
            name: "fdl-sign",
            dependencies: [
                "FDLClient", "FDLCommand", "FDLCore", "FDLCrypto", "FDLPublishing", "FDLSystem", "FDLTLS", "FDLTrust",
                argumentParser,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "fdl-secure-server",
            dependencies: [
                "FDLCommand", "FDLCore", "FDLServer", "FDLSystem", argumentParser, logging, nioCore,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "fdl-secure",
            dependencies: [
                "FDLCommand", "FDLCore", "FDLCrypto", "FDLClient", "FDLOpenSSL", "FDLSystem", "FDLTLS", "FDLTrust",
                argumentParser,
            ],
            swiftSettings: settings
        ),

        // What tools/bench runs, and what it measures besides the programs.
        .executableTarget(
            name: "bench",
            dependencies: ["FDLCommand", "FDLCore", "FDLSystem", argumentParser],
            path: "Benchmarks/bench",
            swiftSettings: settings
        ),
        .target(
            name: "Fleet",
            dependencies: ["FDLCore", "FDLPlan", nioCore],
            path: "Benchmarks/fleet",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "measure",
            dependencies: [
                "COpenSSL", "FDLCore", "FDLCrypto", "FDLPlan", "FDLSystem", "FDLTLS", "Fleet", nioCore, nioEmbedded,
            ],
            path: "Benchmarks/measure",
            swiftSettings: settings
        ),

        // Without the package's own access: they have what any other program has.
        .executableTarget(
            name: "EmbedWorker",
            dependencies: ["FDLServer"],
            path: "Examples/Embed/EmbedWorker",
            packageAccess: false,
            swiftSettings: settings
        ),
        .executableTarget(
            name: "EmbedPublisher",
            dependencies: ["FDLPublishing"],
            path: "Examples/Embed/EmbedPublisher",
            packageAccess: false,
            swiftSettings: settings
        ),
        .executableTarget(
            name: "EmbedClient",
            dependencies: ["FDLClient"],
            path: "Examples/Embed/EmbedClient",
            packageAccess: false,
            swiftSettings: settings
        ),

        // What README.md and the articles show.
        .target(
            name: "EmbedArticles",
            dependencies: ["FDLClient", "FDLPublishing", "FDLServer"],
            path: "Examples/Embed/Articles",
            packageAccess: false,
            swiftSettings: settings
        ),

        .target(
            name: "TestSupport",
            dependencies: ["FDLCore", "FDLCrypto"],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .testTarget(name: "FDLCoreTests", dependencies: ["FDLCore", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "FDLPlanTests", dependencies: ["FDLCore", "FDLPlan", "Fleet"], swiftSettings: settings),
        .testTarget(
            name: "FDLSystemTests",
            dependencies: ["FDLCore", "FDLSystem", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLCryptoTests",
            dependencies: ["FDLCore", "FDLCrypto", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLTrustTests",
            dependencies: ["FDLCore", "FDLCrypto", "FDLSystem", "FDLTrust", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLTLSTests",
            dependencies: ["COpenSSL", "FDLCore", "FDLTLS", "TestSupport", nioCore, nioPosix, nioEmbedded],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLCompressionTests",
            dependencies: ["FDLCompression", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLPublishingTests",
            dependencies: ["FDLCore", "FDLCrypto", "FDLPublishing", "FDLSystem", "FDLTrust", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLServerTests",
            dependencies: [
                "FDLCore", "FDLCompression", "FDLCrypto", "FDLServer", "FDLSystem", "FDLTLS", "TestSupport",
                nioCore, nioEmbedded, nioHTTP1, nioPosix, logging, metrics,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLClientTests",
            dependencies: [
                "FDLCore", "FDLCrypto", "FDLCompression", "FDLClient", "FDLPlan", "FDLSystem", "FDLTLS", "TestSupport",
                nioCore, nioPosix, nioEmbedded, nioHTTP1,
            ],
            swiftSettings: settings
        ),
        // What a person is told of every cause, whichever target it comes from.
        .testTarget(
            name: "FailureTests",
            dependencies: [
                "FDLClient", "FDLCore", "FDLCrypto", "FDLOpenSSL", "FDLPlan", "FDLPublishing", "FDLServer", "FDLSystem",
                "FDLTLS", "FDLTrust",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FDLCommandTests",
            dependencies: ["FDLCommand", "FDLCore", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(name: "BenchTests", dependencies: ["bench", argumentParser], swiftSettings: settings),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "FDLCore", "FDLCrypto", "FDLTLS", "TestSupport", nioCore, nioPosix, "fdl-sign", "fdl-secure-server",
                "fdl-secure",
            ],
            swiftSettings: settings
        ),
    ]
)

// The fuzzers, for `tools/fuzz` alone: they reach into the targets as tests do, and need libFuzzer to be linked.
if Context.environment["FDL_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "FDLClient", "FDLCompression", "FDLCore", "FDLCrypto", "FDLPlan", "FDLServer", "FDLTLS", "FDLTrust",
                nioCore, nioEmbedded, nioHTTP1,
            ],
            path: "Fuzz",
            exclude: ["Seeds"],
            swiftSettings: settings,
            // gold fails on what -sanitize=address and -sanitize=fuzzer make together.
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]
        )
    )
}

// swift-tools-version:6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

// The modules below the products (FDLTLS, FDLCrypto, FDLSystem, COpenSSL) come along with the product that is built
// on them: they are measured here without being made public for it.
let package = Package(
    name: "fdl-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "fdl", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark.git", exact: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    ],
    targets: [
        // What tools/bench measures beside the programs themselves.
        .executableTarget(
            name: "measure",
            dependencies: [
                .product(name: "FDLCore", package: "fdl"),
                .product(name: "FDLPublishing", package: "fdl"),
            ],
            swiftSettings: settings
        ),
        // swift package --package-path Benchmarks benchmark
        .executableTarget(
            name: "HotPaths",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "FDLCore", package: "fdl"),
                .product(name: "FDLClient", package: "fdl"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Benchmarks/HotPaths",
            swiftSettings: settings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
    ]
)

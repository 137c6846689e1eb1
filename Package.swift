// swift-tools-version: 6.2
import PackageDescription

// ScanForge is two towers that meet in ScanPipeline (docs/architecture.md). The targets stand here in layer order.
// Tests/ArchitectureTests compares this file and every `import` line with the table of allowed arrows.
//
// SCANFORGE_TOWER=forge builds the Forge tower alone: no DICOM, no SQLite, nothing but libc and libstdc++.

let tower = Context.environment["SCANFORGE_TOWER"] ?? "both"
let hasScan = tower != "forge"

/// SCANFORGE_FUZZING=1 adds the fuzz targets and builds the Scan tower for them: covered and under the address sanitizer (Tests/Fuzzing).
let isFuzzed = hasScan && Context.environment["SCANFORGE_FUZZING"] == "1"

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]
let fuzzedSwift: [SwiftSetting] = isFuzzed ? [.unsafeFlags(["-sanitize=address,fuzzer"])] : []
// gold stops with an internal error on sanitized objects.
let fuzzedLink: [LinkerSetting] = [.unsafeFlags(["-sanitize=address,fuzzer", "-use-ld=lld"])]
let fuzzedC = isFuzzed ? ["-fsanitize=address,fuzzer-no-link"] : []
let cWarnings: [CSetting] = [.unsafeFlags(["-Wall", "-Wextra", "-Werror"] + fuzzedC)]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
/// SQLite itself, as GRDB links it: BareStatement reads columns in place.
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency] = [], optimized: Bool = false) -> Target {
  .target(
    name: name, dependencies: dependencies,
    swiftSettings: swiftSettings + fuzzedSwift + (optimized ? [.unsafeFlags(["-Ounchecked"], .when(configuration: .release))] : []))
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: swiftSettings)
}

/// Forge: tensors, gradients, networks. Imports nothing of the Scan tower.
let forge: [Target] = [
  // Layer 0
  .target(
    name: "CForgeKernels",
    cSettings: [
      // -ffp-contract=off: a fused multiply-add happens by name only, so every ISA's rounding is what the source says.
      .unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"])
    ],
    linkerSettings: [.linkedLibrary("pthread"), .linkedLibrary("m")]),
  library("Diagnostics"),
  library("PixelMath"),
  // Layer 1
  library("ForgeTensor", ["Diagnostics", "CForgeKernels"]),
  // Layer 2
  library("ForgeGrad", ["Diagnostics", "ForgeTensor"]),
  // Layer 3
  library("ForgeNN", ["Diagnostics", "ForgeTensor", "ForgeGrad"]),
  // Layer 4
  library("ForgeGAN", ["Diagnostics", "PixelMath", "ForgeTensor", "ForgeGrad", "ForgeNN"]),
  // Layer 6
  .executableTarget(
    name: "scanforge-bench",
    dependencies: ["Diagnostics", "CForgeKernels", "ForgeTensor", "ForgeGrad", "ForgeNN", "ForgeGAN"]
      + (hasScan ? ["ScanModel", "ScanDeid", "ScanCatalog", grdb, crypto] : []),
    exclude: hasScan ? [] : ["Suites/Records"],
    swiftSettings: swiftSettings + (hasScan ? [.define("SCAN_TOWER")] : [])),
]

let forgeTests: [Target] = [
  .target(name: "TestSupport", dependencies: [], path: "Tests/Support", swiftSettings: swiftSettings),
  tests("PixelMathTests", ["PixelMath", "TestSupport"]),
  tests("BackendConformanceTests", ["CForgeKernels", "ForgeTensor", "ForgeGrad", "TestSupport"]),
  tests("ForgeTensorTests", ["Diagnostics", "ForgeTensor", "TestSupport"]),
  tests("ForgeGradTests", ["ForgeTensor", "ForgeGrad", "TestSupport"]),
  tests("ForgeNNTests", ["Diagnostics", "ForgeTensor", "ForgeGrad", "ForgeNN", "TestSupport"]),
  tests("BenchTests", ["ForgeTensor", "ForgeGrad", "ForgeNN", "ForgeGAN", "scanforge-bench"]),
  tests("ForgeGANTests", ["Diagnostics", "PixelMath", "ForgeTensor", "ForgeGrad", "ForgeNN", "ForgeGAN", "TestSupport"]),
]

/// Scan: files, privacy, records. Imports nothing of the Forge tower.
let scan: [Target] = [
  // Layer 0
  .target(
    name: "CDCMTK",
    cxxSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"] + fuzzedC)],
    linkerSettings: [
      "dcmjpls", "dcmtkcharls", "dcmjpeg", "ijg8", "ijg12", "ijg16", "dcmimage", "dcmimgle", "dcmnet", "dcmdata", "oflog", "ofstd",
    ].map { .linkedLibrary($0) }),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
  .target(name: "CTIFF", cSettings: cWarnings, linkerSettings: [.linkedLibrary("tiff"), .linkedLibrary("z")]),
  .target(name: "CPNG", cSettings: cWarnings, linkerSettings: [.linkedLibrary("png16")]),
  .target(
    name: "COpenJPEG", cSettings: [.unsafeFlags(["-I/usr/include/openjpeg-2.5", "-Wall", "-Wextra", "-Werror"] + fuzzedC)],
    linkerSettings: [.linkedLibrary("openjp2")]),
  // Layer 1
  library("ScanModel", ["Diagnostics"]),
  // Layer 2
  library("ScanImaging", ["Diagnostics", "ScanModel", "PixelMath"]),
  library("ScanDeid", ["Diagnostics", "ScanModel", crypto]),
  // Layer 3
  library("ScanIO", ["Diagnostics", "ScanModel", "ScanDeid", "CZlib", "CTIFF", "CPNG", crypto]),
  library("ScanCodec", ["Diagnostics", "ScanModel", "CDCMTK", "CTIFF", "CPNG", "COpenJPEG"]),
  library("ScanCatalog", ["Diagnostics", "ScanModel", "ScanDeid", grdb, sqlite, crypto]),
  // Layer 4
  library("ScanExport", ["Diagnostics", "ScanModel", "ScanImaging", "ScanDeid", "ScanIO", "ScanCatalog", crypto]),
  // Layer 5: the only place where the towers meet
  library(
    "ScanPipeline",
    [
      "Diagnostics", "PixelMath", "ScanModel", "ScanImaging", "ScanDeid", "ScanIO", "ScanCatalog", "ScanExport",
      "ForgeTensor", "ForgeGrad", "ForgeNN", "ForgeGAN", yams, crypto,
    ]),
  // Layer 6
  .executableTarget(
    name: "scanforge",
    dependencies: [
      "Diagnostics", "ScanModel", "ScanDeid", "ScanIO", "ScanCatalog", "ScanExport", "ScanPipeline", argumentParser,
    ],
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "scanforge-decode", dependencies: ["Diagnostics", "ScanModel", "ScanCodec"], swiftSettings: swiftSettings),
  .executableTarget(
    name: "make-phantoms", dependencies: ["Diagnostics", "ScanModel", "CDCMTK", "CTIFF"], path: "Fixtures/make",
    swiftSettings: swiftSettings),
]

let scanTests: [Target] = [
  tests("ArchitectureTests", ["TestSupport"]),
  tests("DiagnosticsTests", ["Diagnostics", "TestSupport"]),
  tests("ScanModelTests", ["Diagnostics", "ScanModel", "TestSupport"]),
  tests("ScanImagingTests", ["Diagnostics", "ScanModel", "ScanImaging", "PixelMath", "TestSupport"]),
  tests("ScanDeidTests", ["Diagnostics", "ScanModel", "ScanDeid", "TestSupport"]),
  tests("ScanIOTests", ["Diagnostics", "ScanModel", "ScanDeid", "ScanIO", "CDCMTK", "CTIFF", "CPNG", "TestSupport"]),
  tests("ScanCatalogTests", ["Diagnostics", "ScanModel", "ScanDeid", "ScanCatalog", grdb, crypto, "TestSupport"]),
  tests("ScanExportTests", ["Diagnostics", "ScanModel", "ScanImaging", "ScanDeid", "ScanIO", "ScanCatalog", "ScanExport", crypto, "TestSupport"]),
  tests("ScanPipelineTests", ["Diagnostics", "ForgeTensor", "ScanModel", "ScanImaging", "ScanDeid", "ScanIO", "ScanCatalog", "ScanPipeline", "ForgeNN", "ForgeGAN", "PixelMath", "TestSupport"]),
  tests("EndToEndTests", ["ScanModel", "ScanIO", "TestSupport", crypto]),
]

/// A fuzz target: an endless run of one `FuzzPath` function under libFuzzer.
func fuzzer(_ name: String) -> Target {
  .executableTarget(
    name: "fuzz-\(name)", dependencies: ["CFuzzer", "FuzzPath"], path: "Tests/Fuzzing/\(name)", swiftSettings: swiftSettings + fuzzedSwift,
    linkerSettings: fuzzedLink)
}

let fuzzing: [Target] = [
  .target(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
  .target(
    name: "FuzzPath", dependencies: ["Diagnostics", "ScanModel", "ScanDeid", "ScanIO", "ScanCodec"], path: "Tests/Fuzzing/FuzzPath",
    swiftSettings: swiftSettings + fuzzedSwift),
  fuzzer("prescan"), fuzzer("dicom"), fuzzer("tiff"),
  .target(
    name: "CSeeds", path: "Fixtures/fuzzing/CSeeds", cSettings: [.unsafeFlags(["-I/usr/include/openjpeg-2.5"])],
    linkerSettings: [.linkedLibrary("tiff"), .linkedLibrary("openjp2")]),
  .executableTarget(
    name: "make-fuzz-seeds", dependencies: ["ScanModel", "CDCMTK", "CSeeds"], path: "Fixtures/fuzzing/make", swiftSettings: swiftSettings,
    linkerSettings: fuzzedLink),
]

let package = Package(
  name: "ScanForge",
  dependencies: hasScan
    ? [
      .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
      .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
      .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
      .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ] : [],
  targets: forge + forgeTests + (hasScan ? scan + scanTests : []) + (isFuzzed ? fuzzing : []),
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)

/// The table of docs/architecture.md: which target may import what. This literal is the rule; Package.swift and the sources obey it.
struct LayerRule {
  let target: String
  let layer: Int
  let tower: Tower
  /// Folder under the root.
  let folder: String
  /// Targets of ours.
  let ours: [String]
  /// Modules from outside.
  let outside: [String]

  enum Tower { case scan, forge, ground, meeting }

  init(
    _ target: String, _ layer: Int, _ tower: Tower, folder: String? = nil, ours: [String] = [], outside: [String] = []
  ) {
    self.target = target
    self.layer = layer
    self.tower = tower
    self.folder = folder ?? "Sources/\(target)"
    self.ours = ours
    self.outside = outside
  }
}

enum LayerTable {
  /// Modules of the toolchain that any Swift target may import.
  static let toolchain: Set<String> = ["Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc"]

  static let rules: [LayerRule] = [
    // Layer 0
    LayerRule("CForgeKernels", 0, .forge),
    LayerRule("CDCMTK", 0, .scan),
    LayerRule("CTIFF", 0, .scan),
    LayerRule("CPNG", 0, .scan),
    LayerRule("COpenJPEG", 0, .scan),
    LayerRule("CZlib", 0, .scan),
    LayerRule("Diagnostics", 0, .ground),
    LayerRule("PixelMath", 0, .ground),
    // Scan tower
    LayerRule("ScanModel", 1, .scan, ours: ["Diagnostics"]),
    LayerRule("ScanImaging", 2, .scan, ours: ["Diagnostics", "ScanModel", "PixelMath"]),
    LayerRule("ScanDeid", 2, .scan, ours: ["Diagnostics", "ScanModel"], outside: ["Crypto"]),
    LayerRule("ScanIO", 3, .scan, ours: ["Diagnostics", "ScanModel", "ScanDeid", "CZlib", "CTIFF", "CPNG"], outside: ["Crypto"]),
    LayerRule("ScanCodec", 3, .scan, ours: ["Diagnostics", "ScanModel", "CDCMTK", "CTIFF", "CPNG", "COpenJPEG"]),
    LayerRule("ScanCatalog", 3, .scan, ours: ["Diagnostics", "ScanModel", "ScanDeid"], outside: ["GRDB", "GRDBSQLite", "Crypto"]),
    LayerRule(
      "ScanExport", 4, .scan, ours: ["Diagnostics", "ScanModel", "ScanImaging", "ScanDeid", "ScanIO", "ScanCatalog"], outside: ["Crypto"]),
    // Forge tower
    LayerRule("ForgeTensor", 1, .forge, ours: ["Diagnostics", "CForgeKernels"]),
    LayerRule("ForgeGrad", 2, .forge, ours: ["Diagnostics", "ForgeTensor"]),
    LayerRule("ForgeNN", 3, .forge, ours: ["Diagnostics", "ForgeTensor", "ForgeGrad"]),
    LayerRule("ForgeGAN", 4, .forge, ours: ["Diagnostics", "PixelMath", "ForgeTensor", "ForgeGrad", "ForgeNN"]),
    // Where they meet
    LayerRule(
      "ScanPipeline", 5, .meeting,
      ours: [
        "Diagnostics", "PixelMath", "ScanModel", "ScanImaging", "ScanDeid", "ScanIO", "ScanCatalog", "ScanExport", "ForgeTensor", "ForgeGrad",
        "ForgeNN", "ForgeGAN",
      ], outside: ["Yams", "Crypto"]),
    // Programs
    LayerRule(
      "scanforge", 6, .meeting, ours: ["Diagnostics", "ScanModel", "ScanDeid", "ScanIO", "ScanCatalog", "ScanExport", "ScanPipeline"],
      outside: ["ArgumentParser"]),
    LayerRule("scanforge-decode", 6, .scan, ours: ["Diagnostics", "ScanModel", "ScanCodec"]),
    LayerRule("make-phantoms", 6, .scan, folder: "Fixtures/make", ours: ["Diagnostics", "ScanModel", "CDCMTK", "CTIFF"]),
    // With the Forge tower alone it has no suites of records.
    LayerRule(
      "scanforge-bench", 6, .meeting,
      ours: ["Diagnostics", "CForgeKernels", "ForgeTensor", "ForgeGrad", "ForgeNN", "ForgeGAN", "ScanModel", "ScanDeid", "ScanCatalog"],
      outside: ["GRDB", "Crypto"]),
  ]

  static let byTarget = Dictionary(uniqueKeysWithValues: rules.map { ($0.target, $0) })
}

package import ScanModel

/// An image that a generator made from noise and a label. It has no patient, and no field that an identity could ride on.
package struct SyntheticScan: Sendable {
  package let pixels: PixelBuffer
  package let label: Label?
  package let spacingMillimeters: SpacingMillimeters?
  package let modality: String
  package let window: WindowSetting?
  /// Name and digest of the model, seed and index; never a path.
  package let derivation: String

  package init(
    pixels: PixelBuffer, label: Label?, spacingMillimeters: SpacingMillimeters?, modality: String, window: WindowSetting?,
    derivation: String
  ) {
    self.pixels = pixels
    self.label = label
    self.spacingMillimeters = spacingMillimeters
    self.modality = modality
    self.window = window
    self.derivation = derivation
  }
}

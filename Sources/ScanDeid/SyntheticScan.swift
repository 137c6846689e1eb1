package import ScanModel

/// An image that a generator made from noise and a label. It has no patient, and no field that an identity could ride on.
package struct SyntheticScan: Sendable {
  package let pixels: PixelBuffer
  package let label: Label?
  /// What the generator was told to show beside the label.
  package let attributes: [ScanAttribute: String]
  package let spacingMillimeters: SpacingMillimeters?
  /// Of all images that the model learned from, which tells what the numbers mean; `OT` when they differ.
  package let modality: String
  package let window: WindowSetting?
  /// Name and digest of the model, seed and index; never a path.
  package let derivation: String

  package init(
    pixels: PixelBuffer, label: Label?, attributes: [ScanAttribute: String] = [:], spacingMillimeters: SpacingMillimeters?, modality: String,
    window: WindowSetting?, derivation: String
  ) {
    self.pixels = pixels
    self.label = label
    self.attributes = attributes
    self.spacingMillimeters = spacingMillimeters
    self.modality = modality
    self.window = window
    self.derivation = derivation
  }
}

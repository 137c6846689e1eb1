import Diagnostics
import ForgeGAN
import ScanCatalog

extension TrainingOptions {
  /// Refuses a training that has no room, before an image is loaded for it.
  ///
  /// - Throws: `MemoryShortage`; `ForgeGANError` for options that the model does not take.
  func checkMemory(for records: [ArtifactRecord], available: Int? = AvailableMemory.bytes) throws {
    // Nothing to learn from has an error of its own.
    guard !records.isEmpty else { return }
    try MemoryShortage.check(
      "training \(model) on \(records.count) slices", needs: try memory(for: records), available: available,
      remedy: "Lower batch, size or width (accumulate: K makes one step of K batches), take fewer images, end other programs, or allow it more memory.")
  }

  /// Bytes of the images as numbers, which are there twice while they are brought to one size or range, and of the steps.
  private func memory(for records: [ArtifactRecord]) throws -> Int {
    let areas = records.reduce(0) { $0 + ($1.attributes.rows ?? 0) * ($1.attributes.columns ?? 0) }
    let isSized = try ModelRegistry.entry(model).data == .images
    let side = size ?? records.first?.attributes.rows ?? 0
    let made = isSized ? records.count * side * side : areas
    return 4 * (areas + made) + (try TrainingMemory.bytes(model: model, options: modelOptions, side: side))
  }
}

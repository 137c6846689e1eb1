import ForgeNN
import ForgeTensor

/// Patches at random, a batch per step.
package struct PatchBatches: BatchSource {
  private let patches: SuperResolutionPatches
  private let count: Int

  /// - Parameter count: patches per batch.
  package init(_ patches: SuperResolutionPatches, count: Int) {
    self.patches = patches
    self.count = count
  }

  package func makeRoom() -> SuperResolutionPatches.Batch { patches.makeRoom(count: count) }

  package mutating func fill(_ room: inout SuperResolutionPatches.Batch, seed: UInt64, step: Int) {
    patches.fill(&room, stream: RandomStream(seed: seed, named: "patches"), counter: TrainingMoment.counter(step: step))
  }
}

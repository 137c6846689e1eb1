/// Makes what a training's steps read from its data: one batch per step.
///
/// A batch is a function of the source, the training's seed and the step's number alone. So it can be made ahead on another thread while an
/// earlier step runs, and again after a resume: nothing of it is stored.
package protocol BatchSource<Batch>: Sendable {
  associatedtype Batch: Sendable

  /// Memory for a batch; holds anything.
  func makeRoom() -> Batch

  /// Writes the batch of `step` over an older one.
  ///
  /// Takes no tensors and runs no kernels, since those belong to the step that runs meanwhile.
  ///
  /// - Parameter step: steps done before it.
  mutating func fill(_ room: inout Batch, seed: UInt64, step: Int) throws(ForgeGANError)
}

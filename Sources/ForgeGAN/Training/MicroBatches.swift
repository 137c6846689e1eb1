/// Batches of a source, several per step: what a step with accumulated gradients works through. Step s takes the source's batches
/// `s·parts ..< (s + 1)·parts`.
struct MicroBatches<Source: BatchSource>: BatchSource {
  private var source: Source
  private let parts: Int

  init(_ source: Source, parts: Int) {
    self.source = source
    self.parts = parts
  }

  func makeRoom() -> [Source.Batch] { (0..<parts).map { _ in source.makeRoom() } }

  mutating func fill(_ room: inout [Source.Batch], seed: UInt64, step: Int) throws(ForgeGANError) {
    for part in 0..<parts { try source.fill(&room[part], seed: seed, step: step * parts + part) }
  }
}

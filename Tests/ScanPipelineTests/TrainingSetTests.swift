import Foundation
import PixelMath
import ScanCatalog
import ScanDeid
import ScanIO
import ScanImaging
import ScanModel
import ScanPipeline
import TestSupport
import Testing

/// What a training says of its images before it begins.
@Suite struct TrainingSetTests {
  /// The warning about `count` slices, each of a patient of its own, that show `different` pictures in turn.
  private func warning(_ count: Int, different: Int, model: String = "cgan") throws -> String? {
    setenv("SCANFORGE_DECODE", Program.url("scanforge-decode").path, 1)
    let root = try TestData.temporaryFolder("alike")
    defer { try? FileManager.default.removeItem(at: root) }
    let catalog = try Catalog.openOrCreate(at: root.appendingPathComponent("workspace"))
    let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    let drafts = try (0..<count).flatMap { number in
      let patient = try #require(Pseudonym(stored: "P" + String(format: "%016x", number)))
      let plane = Plane(rows: 8, columns: 8, values: (0..<64).map { Float($0 * (number % different) % 64) / 64 })
      let bytes = try TIFFWriter.encode(SliceDepth.sixteen.encode(plane), photometric: .monochrome2, spacing: nil)
      let object = try catalog.objects.store(bytes, of: patient)
      return [
        ArtifactDraft.acquired(object, media: "image/tiff"),
        .derived(object, media: "image/tiff", from: [(.draft(2 * number), "normalized")], label: Label("a")),
      ]
    }
    let slices = try run.record(drafts).enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    try run.finish()
    let context = RunContext(catalog: catalog, seed: 0, threads: 2, progress: { _ in })
    let set = try TrainingSet(catalog.artifacts(slices), for: TrainingOptions(model: model, size: 8), context: context)
    #expect(set.items.count == count && set.different == different)
    return set.warning
  }

  @Test func `a training on copies, or on few images, warns that they will be learned by heart`() throws {
    #expect(try warning(40, different: 1) == "only 1 different among 40 training images: the model will learn them by heart")
    #expect(try warning(2, different: 2) == "only 2 training images: the model will learn them by heart")
    #expect(try warning(60, different: 25) == "only 25 different among 60 training images: the others are copies of these")
    #expect(try warning(40, different: 19) != nil)
    #expect(try warning(40, different: 20) == nil)
  }

  @Test func `super-resolution, which learns from patches, is warned of copies alone`() throws {
    #expect(try warning(4, different: 4, model: "srgan") == nil)
    #expect(try warning(40, different: 1, model: "srgan")?.hasPrefix("only 1 different among 40 training images: ") == true)
  }
}

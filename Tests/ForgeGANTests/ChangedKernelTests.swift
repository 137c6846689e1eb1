import Diagnostics
import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Synchronization
import Testing

/// A training that goes on with other kernels than it was begun with.
@Suite(.serialized) struct ChangedKernelTests {
  /// Trains with the kernels of that name up to `stop`; gives the warnings.
  private static func run(on kernels: String, to stop: Int, _ folder: ModelFolder) throws -> (warnings: [String], record: TrainingRecord) {
    let warnings = Mutex<[String]>([])
    var trainer = Trainer(plan: try TrainingPlan(steps: 8, stopAfter: stop), seed: 5)
    trainer.progress = { event in
      if case .warning(_, let text) = event { warnings.withLock { $0.append(text) } }
    }
    let isBegun = FileManager.default.fileExists(atPath: folder.state.path)
    let summary = try KernelTable.$current.withValue(KernelTable.named(kernels)) {
      try trainer.train(LineModel(), into: folder, resume: isBegun)
    }
    return (warnings.withLock { $0 }, summary.record)
  }

  @Test func `going on with other kernels is told once, and kept in the record`() throws {
    let told = "the kernels are portable, before they were scalar: the result will not be the same bytes as without the break, at step 4"
    try Tiny.withFolder { folder in
      for stop in [2, 4] { #expect(try Self.run(on: "scalar", to: stop, folder).warnings.isEmpty) }
      // No step is done.
      #expect(try Self.run(on: "portable", to: 4, folder).warnings.isEmpty)
      let (warnings, record) = try Self.run(on: "portable", to: 6, folder)
      #expect(warnings == [told] && record.warnings.map(\.sentence) == [told] && record.kernels == "portable")
      let end = try Self.run(on: "portable", to: 8, folder)
      #expect(end.warnings.isEmpty && end.record.warnings == record.warnings)
      #expect(try JSON.parse(Data(contentsOf: folder.summary))["training"]?["record"] == end.record.json)
    }
  }

  @Test func `the model file does not name the kernels, and a state that does not either goes on without a word`() throws {
    try Tiny.withFolder { folder in
      _ = try Self.run(on: "scalar", to: 4, folder)
      #expect(try !SafeTensors(contentsOf: folder.model).metadata.values.contains { $0.contains("scalar") })
      try folder.editState { description in
        var record = description["record"]!.objectValue!
        #expect(record.removeValue(forKey: "kernels") == "scalar")
        description["record"] = .object(record)
      }
      let (warnings, record) = try Self.run(on: "portable", to: 6, folder)
      #expect(warnings.isEmpty && record.kernels == "portable")
    }
  }
}

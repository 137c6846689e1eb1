import ForgeGAN
import ForgeNN
import Foundation
import Testing

@Suite struct TrainingMemoryTests {
  private func mebibytes(_ model: String, _ options: JSON, side: Int = 0) throws -> Double {
    Double(try TrainingMemory.bytes(model: model, options: options, side: side)) / 0x1p20
  }

  /// Peak resident memory less 45 MiB, of trainings of three steps: `scanforge train`, AVX-512 kernels, two threads.
  @Test func `estimates are those of measured trainings`() throws {
    let measured: [(String, JSON, Int, Double)] = [
      ("cgan", ["batch": 32, "width": 32], 64, 174), ("cgan", ["batch": 64, "width": 32], 64, 254), ("cgan", ["batch": 8, "width": 128], 64, 1487),
      ("cgan", ["batch": 16, "width": 32], 128, 336), ("srgan", ["batch": 16, "patch": 48, "phase": "content"], 0, 87),
      ("srgan", ["batch": 16, "patch": 48, "phase": "adversarial"], 0, 219),
      ("srgan", ["batch": 16, "patch": 48, "phase": "adversarial", "discriminatorWidth": 64], 0, 357),
      ("srgan", ["batch": 16, "patch": 24, "phase": "content", "factor": 4], 0, 55),
      ("srgan", ["batch": 8, "patch": 24, "phase": "content", "factor": 4, "network": "published"], 0, 196),
    ]
    for (model, options, side, peak) in measured {
      let estimate = try mebibytes(model, options, side: side)
      #expect((0.8 * peak...1.05 * peak).contains(estimate), "\(model) \(options): \(estimate) for \(peak)")
    }
  }

  /// As above, with VGG16 as feature network: a file of its size stands for it.
  @Test func `a feature network takes its share`() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("vgg-\(UInt64.random(in: 0...UInt64.max)).safetensors")
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 58_861_304)
    try handle.close()
    for (batch, patch, factor, peak) in [(16, 24, 4, 698.0), (4, 24, 4, 305), (16, 16, 4, 400), (32, 24, 4, 1231), (16, 48, 2, 733)] {
      let options: JSON = [
        "batch": .integer(batch), "patch": .integer(patch), "factor": .integer(factor), "phase": "adversarial", "featureNetwork": .string(file.path),
      ]
      let estimate = try mebibytes("srgan", options)
      #expect((0.8 * peak...1.05 * peak).contains(estimate), "\(options): \(estimate) for \(peak)")
    }
  }

  @Test func `more images or wider networks never take less`() throws {
    for (model, key) in [("cgan", "batch"), ("cgan", "width"), ("srgan", "batch"), ("srgan", "patch"), ("srgan", "width"), ("srgan", "discriminatorWidth")] {
      let estimates = try [8, 16, 64, 256].map { try mebibytes(model, .object([key: .integer($0)]), side: 64) }
      #expect(estimates == estimates.sorted() && estimates[0] < estimates[3], "\(model) \(key): \(estimates)")
    }
  }
}

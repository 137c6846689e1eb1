import ForgeGrad
import ForgeNN
import ForgeTensor
import Foundation
import TestSupport
import Testing

@Suite struct PlanFileTests {
  private func graph(seed: UInt64) throws -> InferenceGraph {
    let store = ParameterStore(seed: seed)
    let first = Convolution(store.root["first"], inputs: 1, outputs: 32, kernel: 9)
    let second = Convolution(store.root["second"], inputs: 32, outputs: 32, kernel: 3)
    let third = Convolution(store.root["third"], inputs: 32, outputs: 4, kernel: 3)
    return try InferenceGraph(tracing: [1, 4, 4, 1]) { x in
      pixelShuffle(third(relu(second(first(x, .inference), .inference)), .inference), 2)
    }
  }

  @Test(arguments: Precision.allCases)
  func `stored weights give the same bytes and are used only for what they were made of`(precision: Precision) throws {
    let folder = try TestData.temporaryFolder("plan")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = InferencePlan.file(beside: folder.appendingPathComponent("model.safetensors"), precision: precision)
    #expect(file.lastPathComponent == "model.\(KernelTable.current.name).\(precision.rawValue).plan")
    let x = RandomStream(seed: 1, stream: 1).normal([1, 20, 30, 1], counter: 0)
    let fresh = InferencePlan(try graph(seed: 1), precision: precision)
    let expected = fresh.images(x)

    _ = try InferencePlan(graph(seed: 1), precision: precision, file: file, isStoring: false)
    #expect(!FileManager.default.fileExists(atPath: file.path))
    _ = try InferencePlan(graph(seed: 1), precision: precision, file: file, isStoring: true)
    let bytes = try Data(contentsOf: file)
    #expect(bytes.count > fresh.weightBytes)
    let read = try InferencePlan(graph(seed: 1), precision: precision, file: file, isStoring: false)
    #expect(read.layers == fresh.layers)
    #expect(read.images(x) == expected)

    // Another network's, and a file with one bit changed, are passed over.
    let other = InferencePlan(try graph(seed: 2), precision: precision).images(x)
    #expect(try InferencePlan(graph(seed: 2), precision: precision, file: file, isStoring: false).images(x) == other)
    for place in [30, bytes.count - 3] {
      var changed = bytes
      changed[place] ^= 16
      try changed.write(to: file)
      #expect(try InferencePlan(graph(seed: 1), precision: precision, file: file, isStoring: false).images(x) == expected)
      #expect(try Data(contentsOf: file) == changed)
    }
    // Storing puts a damaged file right.
    _ = try InferencePlan(graph(seed: 1), precision: precision, file: file, isStoring: true)
    #expect(try Data(contentsOf: file) == bytes)
  }
}

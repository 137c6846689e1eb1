import Diagnostics
import ForgeNN
import ForgeTensor
import Foundation
import TestSupport
import Testing

@Suite struct CheckpointTests {
  private func network(seed: UInt64) -> ParameterStore {
    let store = ParameterStore(seed: seed)
    _ = Convolution(store.root["conv"], inputs: 2, outputs: 3, kernel: 3, spectralNorm: true)
    _ = TransposedConvolution(store.root["up"], inputs: 3, outputs: 2)
    _ = Linear(store.root["linear"], inputs: 4, outputs: 2)
    _ = BatchNorm(store.root["norm"], channels: 3)
    return store
  }

  private func reader(_ writer: CheckpointWriter) throws -> CheckpointReader {
    try CheckpointReader(SafeTensors(parsing: writer.serialized(), name: "m"), fileName: "m")
  }

  @Test func `a network reads back exactly`() throws {
    let (first, second) = (network(seed: 1), network(seed: 2))
    var writer = CheckpointWriter(description: ["model": "test"])
    writer.add(first.parameters)
    let checkpoint = try reader(writer)
    #expect(checkpoint.description == ["model": "test"])
    try checkpoint.restore(second.parameters)
    try checkpoint.finish()
    for (a, b) in zip(first.parameters, second.parameters) { #expect(a.value == b.value, "\(a.name)") }
  }

  @Test func `weights lie on disk in PyTorch's order`() throws {
    let store = network(seed: 1)
    var writer = CheckpointWriter(description: [:])
    writer.add(store.parameters)
    let entries = try SafeTensors(parsing: writer.serialized(), name: "m").entries
    #expect(entries["conv/weight"]?.shape == [3, 2, 3, 3])
    #expect(entries["conv/weight_v"]?.shape == [1, 2, 3, 3])
    #expect(entries["up/weight"]?.shape == [3, 2, 4, 4])
    #expect(entries["linear/weight"]?.shape == [2, 4])
    // Output 2, input 1, row 0, column 2 of [O, I, R, S] is row 0, column 2, input 1, output 2 of [R, S, I, O].
    let memory: [Float] = store["conv/weight"]!.value.values
    let disk: [Float] = entries["conv/weight"]!.floats!
    let (onDisk, inMemory): (Int, Int) = ((2 * 2 + 1) * 9 + 2, (2 * 2 + 1) * 3 + 2)
    #expect(disk[onDisk] == memory[inMemory])
  }

  @Test func `missing, unknown, misshapen and unsound tensors are named`() throws {
    let store = ParameterStore(seed: 1)
    let layer = Linear(store.root["linear"], inputs: 2, outputs: 3)
    var writer = CheckpointWriter(description: [:])
    writer.add([layer.weight])
    #expect(throws: CheckpointError.missingTensor(file: "m", name: "linear/bias")) { try reader(writer).restore(store.parameters) }
    writer.add(Tensor.zeros([3]), as: "linear/bias")
    writer.add(Tensor.zeros([1]), as: "stray")
    let checkpoint = try reader(writer)
    try checkpoint.restore(store.parameters)
    #expect(throws: CheckpointError.unknownTensor(file: "m", name: "stray")) { try checkpoint.finish() }

    let wider = ParameterStore(seed: 1)
    _ = Linear(wider.root["linear"], inputs: 4, outputs: 3)
    let before = wider.parameters.map(\.value)
    #expect(throws: CheckpointError.wrongShape(file: "m", name: "linear/weight", found: [3, 2], expected: [3, 4])) {
      try reader(writer).restore(wider.parameters)
    }
    #expect(wider.parameters.map(\.value) == before)

    var unsound = CheckpointWriter(description: [:])
    unsound.add(Tensor([1], [.nan]), as: "x")
    unsound.add(counter: 3, as: "n")
    #expect(throws: CheckpointError.notFinite(file: "m", name: "x")) { try reader(unsound).tensor("x", shape: [1]) }
    #expect(throws: CheckpointError.wrongElementType(file: "m", name: "n", found: "I64", expected: "F32")) {
      try reader(unsound).tensor("n", shape: [1])
    }
    #expect(try reader(unsound).counter("n") == 3)
  }

  @Test func `a change of any one byte shows`() throws {
    let store = network(seed: 1)
    var writer = CheckpointWriter(description: ["model": "test"])
    writer.add(store.parameters)
    writer.add(counter: 7, as: "n")
    let sound = writer.serialized()
    for place in sound.indices {
      var bytes = sound
      bytes[place] ^= 0x10
      do {
        let found = try CheckpointReader(SafeTensors(parsing: bytes, name: "m"), fileName: "m")
        // The one change that passes makes the key another: the content is whole.
        #expect(try found.tensor("linear/weight", shape: [4, 2], layout: .linear) == store["linear/weight"]?.value)
        #expect(try found.counter("n") == 7)
      } catch {
        #expect(error.place == "m", "byte \(place)")
      }
    }
    #expect(throws: CheckpointError.altered(file: "m")) {
      var bytes = sound
      bytes[sound.count - 1] ^= 1
      _ = try CheckpointReader(SafeTensors(parsing: bytes, name: "m"), fileName: "m")
    }
  }

  @Test func `a file that does not say what it holds is refused`() throws {
    let file = SafeTensors(entries: ["x": .init(shape: [1], floats: [1])])
    #expect(throws: CheckpointError.wrongKind(file: "m", reason: "the file does not say what model it holds")) {
      try CheckpointReader(file, fileName: "m")
    }
  }

  @Test func `Adam goes on as if it had not stopped`() throws {
    func make() -> (Parameter, Adam) {
      let parameter = ParameterStore(seed: 3).root.weight("w", [2, 3], layout: .linear, start: .normal(deviation: 1))
      return (parameter, Adam([parameter], learningRate: 0.1))
    }
    let gradients = (0..<6).map { RandomStream(seed: 1, stream: UInt64($0)).normal([2, 3], counter: 0) }
    let (straight, whole) = make()
    for gradient in gradients { whole.update([gradient]) }
    let (broken, first) = make()
    for gradient in gradients[..<3] { first.update([gradient]) }
    var writer = CheckpointWriter(description: [:])
    writer.add([broken])
    first.save(to: &writer, path: "optimizer/g")
    let (resumed, second) = make()
    let checkpoint = try reader(writer)
    try checkpoint.restore([resumed])
    try second.restore(from: checkpoint, path: "optimizer/g")
    try checkpoint.finish()
    for gradient in gradients[3...] { second.update([gradient]) }
    #expect(resumed.value == straight.value)
  }

  @Test func `writing replaces the file whole and leaves nothing beside it`() throws {
    let folder = try TestData.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("model.safetensors")
    try Data("left over".utf8).write(to: AtomicFile.neighbor(of: url))
    try AtomicFile.write(Data("first".utf8), to: url)
    try AtomicFile.write(Data("second".utf8), to: url)
    #expect(try Data(contentsOf: url) == Data("second".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.safetensors"])
  }

  @Test func `a failed write names the cause and keeps the old file`() throws {
    let folder = try TestData.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = CheckpointError.unwritable(file: "m.safetensors", reason: "No such file or directory")
    #expect(throws: error) { try AtomicFile.write(Data(), to: folder.appendingPathComponent("none/m.safetensors")) }
    #expect(
      error.description
        == "m.safetensors: the model file cannot be written: No such file or directory. Check free space and permissions of the folder.")
    #expect(error.kind == .surroundings)
  }

  @Test func `an absent file is told from a broken one`() throws {
    let folder = try TestData.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("m.safetensors")
    #expect(throws: CheckpointError.unreadable(file: "m.safetensors", reason: "No such file or directory")) {
      try SafeTensors(contentsOf: url)
    }
    try Data("GIF89a..".utf8).write(to: url)
    #expect(throws: CheckpointError.self) { try SafeTensors(contentsOf: url) }
  }
}

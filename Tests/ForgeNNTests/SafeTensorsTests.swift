import ForgeNN
import ForgeTensor
import Foundation
import Testing

@Suite struct SafeTensorsTests {
  private var sample: SafeTensors {
    SafeTensors(
      metadata: ["scanforge": "{}"],
      entries: [
        "b": .init(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]), "a": .init(shape: [1], integers: [-7]),
        "empty": .init(shape: [0, 4], floats: []), "c": .init(shape: [2], doubles: [0.5, -0.25]),
      ])
  }

  @Test func `a file reads back with names, shapes and values`() throws {
    let read = try SafeTensors(parsing: sample.serialized(), name: "m")
    #expect(read.metadata == sample.metadata)
    #expect(read.entries == sample.entries)
    #expect(read.entries["b"]?.floats == [1, 2, 3, 4, 5, 6])
    #expect(read.entries["a"]?.integers == [-7])
    #expect(read.entries["c"]?.doubles == [0.5, -0.25])
    #expect(read.entries["b"]?.integers == nil)
  }

  @Test func `equal content gives equal bytes, aligned to the elements`() throws {
    let bytes = sample.serialized()
    #expect(bytes == sample.serialized())
    let length = Int(bytes[0]) | Int(bytes[1]) << 8
    #expect(length % 8 == 0)
    let header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    #expect(header.contains(#""a":{"data_offsets":[0,8],"dtype":"I64","shape":[1]}"#))
    #expect(header.contains(#""b":{"data_offsets":[24,48],"dtype":"F32","shape":[2,3]}"#))
  }

  private func file(_ header: String, dataBytes: Int) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: Array(header.utf8))
    data.append(Data(count: dataBytes))
    return data
  }

  @Test(arguments: [
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12,
      "tensors overlap or leave a hole at byte 8"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "tensors overlap or leave a hole at byte 0"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 9, "5 bytes belong to no tensor"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}"#, 8, "tensor a: its offsets lie outside the data"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "tensor a: its offsets lie outside the data"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "tensor a: its offsets lie outside the data"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "tensor a: its offsets span 8 bytes, its shape needs 12"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "tensor a: its shape is too large"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#, 8, "tensor a: an extent is not a whole number"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}"#, 8, "tensor a: an extent is not a whole number"),
    (#"{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}"#, 8, "tensor a: its element type is not one of F64, F32, I64, I32, U8"),
    (
      #"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}"#, 8,
      "tensor a: its shape is not a list of at most 8 extents"
    ),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "tensor a: its entry must hold dtype, shape and data_offsets"),
    (#"{"a":1}"#, 8, "tensor a: its entry must hold dtype, shape and data_offsets"),
    (#"{"__metadata__":{"x":1}}"#, 0, "__metadata__ holds something that is not a text"),
    (#"{"__metadata__":[]}"#, 0, "__metadata__ is not an object"),
    (
      #"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, 0,
      "the header is not strict JSON at byte 106: a key occurs twice"
    ),
    ("[]", 0, "the header is not a JSON object"),
  ])
  func `a hostile header is refused with a reason`(header: String, dataBytes: Int, reason: String) {
    #expect(throws: CheckpointError.malformed(file: "m", reason: reason)) {
      try SafeTensors(parsing: file(header, dataBytes: dataBytes), name: "m")
    }
  }

  @Test func `a header length beyond the file or the limit is refused before anything is allocated`() {
    for length in [UInt64.max, 1 << 40, UInt64(SafeTensors.maximumHeaderBytes) + 1, 3] {
      var data = Data()
      withUnsafeBytes(of: length.littleEndian) { data.append(contentsOf: $0) }
      data.append(contentsOf: [0x7B, 0x7D])
      #expect(throws: CheckpointError.malformed(file: "m", reason: "the header claims \(length) bytes")) {
        try SafeTensors(parsing: data, name: "m")
      }
    }
    #expect(throws: CheckpointError.malformed(file: "m", reason: "it is shorter than 8 bytes")) {
      try SafeTensors(parsing: Data([1, 2]), name: "m")
    }
  }

  @Test func `three thousand damaged files are read or refused, never worse`() {
    let sound = Array(sample.serialized())
    let random = RandomStream(seed: 5, stream: 1)
    var refused = 0
    for trial in 0..<3000 {
      let counter = UInt64(trial) * 16
      var bytes = sound
      for change in 0..<1 + random.integer(below: 4, counter: counter) {
        let place = random.integer(below: bytes.count, counter: counter + UInt64(change) * 3 + 1)
        bytes[place] = UInt8(random.integer(below: 256, counter: counter + UInt64(change) * 3 + 2))
      }
      if trial % 3 == 0 { bytes.removeLast(random.integer(below: bytes.count, counter: counter + 15)) }
      do { _ = try SafeTensors(parsing: Data(bytes), name: "m") } catch { refused += 1 }
    }
    #expect(refused > 1500)
  }
}

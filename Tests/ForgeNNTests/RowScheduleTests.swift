import ForgeGrad
import ForgeNN
import ForgeTensor
import Foundation
import Testing

@Suite(.serialized) struct RowScheduleTests {
  /// A small published SRResNet: norms, PReLUs, a global skip, two shuffles, wide first and last kernels.
  private struct Network {
    let store = ParameterStore(seed: 8)
    let head, middle, tail: Convolution
    let blocks: [(Convolution, BatchNorm, PReLU, Convolution, BatchNorm)]
    let ups: [(Convolution, PReLU)]

    init(width: Int, blocks count: Int) {
      let root = store.root
      head = Convolution(root["head"], inputs: 1, outputs: width, kernel: 9)
      blocks = (0..<count).map { index in
        let scope = root["block\(index)"]
        return (
          Convolution(scope["a"], inputs: width, outputs: width, kernel: 3, hasBias: false), BatchNorm(scope["na"], channels: width),
          PReLU(scope["act"], channels: width), Convolution(scope["b"], inputs: width, outputs: width, kernel: 3, hasBias: false),
          BatchNorm(scope["nb"], channels: width)
        )
      }
      middle = Convolution(root["middle"], inputs: width, outputs: width, kernel: 3)
      ups = (0..<2).map { index in
        (
          Convolution(root["up\(index)"]["conv"], inputs: width, outputs: width * 4, kernel: 3),
          PReLU(root["up\(index)"]["act"], channels: width)
        )
      }
      tail = Convolution(root["tail"], inputs: width, outputs: 1, kernel: 9)
      PlanSample.train(store)
    }

    func callAsFunction(_ x: Variable) -> Variable {
      let first = head(x, .inference)
      var y = first
      for (a, na, act, b, nb) in blocks {
        y = y + nb(b(act(na(a(y, .inference), .inference), .inference), .inference), .inference)
      }
      y = first + middle(y, .inference)
      for (up, act) in ups { y = act(pixelShuffle(up(y, .inference), 2), .inference) }
      return tail(y, .inference)
    }

    func plan(_ precision: Precision = .float32) throws -> InferencePlan {
      try InferencePlan(tracing: [1, 8, 8, 1], precision: precision) { self($0) }
    }
  }

  private func streamed(_ plan: InferencePlan, _ x: Tensor, scale: Int, _ budget: InferencePlan.StreamBudget = .init()) throws -> Tensor {
    let (rows, columns) = (x.shape[1], x.shape[2])
    let values = x.values
    var result = [Float](repeating: .nan, count: rows * columns * scale * scale)
    var nextRow: [Int: Int] = [:]
    try plan.stream(rows: rows, columns: columns, budget: budget) { piece, pointer in
      for row in piece.rows {
        for column in piece.columns {
          pointer[(row - piece.rows.lowerBound) * piece.rowFloats + column - piece.columns.lowerBound] = values[row * columns + column]
        }
      }
    } sink: { piece, pointer in
      // Rows come in order and once.
      #expect(nextRow[piece.columns.lowerBound, default: 0] == piece.rows.lowerBound)
      nextRow[piece.columns.lowerBound] = piece.rows.upperBound
      for row in piece.rows {
        for column in piece.columns {
          result[row * columns * scale + column] =
            pointer[(row - piece.rows.lowerBound) * piece.rowFloats + column - piece.columns.lowerBound]
        }
      }
    }
    return Tensor([1, rows * scale, columns * scale, 1], result)
  }

  private func picture(_ rows: Int, _ columns: Int) -> Tensor {
    RandomStream(seed: 6, named: "picture").normal([1, rows, columns, 1], counter: 0)
  }

  @Test(arguments: [(1, 1), (2, 5), (3, 40), (7, 8), (24, 24), (61, 37), (130, 20)])
  func `rows give what the whole image gives`(rows: Int, columns: Int) throws {
    let network = Network(width: 8, blocks: 3)
    let x = picture(rows, columns)
    let direct = withoutRecording { network(Variable(x)).value }
    let plan = try network.plan()
    #expect(plan.layers.count == 11)
    #expect(PlanSample.error(try streamed(plan, x, scale: 4), direct) < 1e-5)
  }

  @Test(arguments: Precision.allCases)
  func `bands, strips and threads do not show in the bytes`(precision: Precision) throws {
    let plan = try Network(width: 32, blocks: 2).plan(precision)
    let x = picture(75, 210)
    let whole = try streamed(plan, x, scale: 4, .init(bandBytes: 1 << 30))
    for bandBytes in [1, 40_000, 200_000] {
      #expect(try streamed(plan, x, scale: 4, .init(bandBytes: bandBytes)) == whole)
    }
    let threads = KernelTable.threads
    KernelTable.threads = 1
    #expect(try streamed(plan, x, scale: 4) == whole)
    KernelTable.threads = threads
    // Less than the whole width takes: strips.
    let full = try plan.streamBytes(columns: 210, bandBytes: 1)
    for bytes in [full * 7 / 10, full * 9 / 10] {
      #expect(try streamed(plan, x, scale: 4, .init(bytes: bytes, bandBytes: 1)) == whole)
    }
  }

  @Test func `16-bit arithmetic stays close to fp32 and says where it runs`() throws {
    let network = Network(width: 64, blocks: 3)
    let x = picture(40, 52)
    let exact = try streamed(network.plan(), x, scale: 4)
    let plan = try network.plan(.int16)
    let short = try streamed(plan, x, scale: 4)
    let wide = plan.layers.filter { $0.name == "convolution 3x3 64 to 64" || $0.name == "convolution 3x3 64 to 256" }
    #expect(wide.count == 9 && wide.allSatisfy { $0.precision == wide[0].precision })
    let (a, b) = (exact.values, short.values)
    let square = zip(a, b).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) } / Double(a.count)
    let range = Double((a.max() ?? 0) - (a.min() ?? 0))
    let decibels = 10 * log10(range * range / max(square, 1e-30))
    #expect(decibels >= 60, "\(decibels) dB")
    #expect((wide[0].precision == .int16) == (short != exact))
  }

  @Test func `memory does not grow with the height and sharing keeps it small`() throws {
    let plan = try Network(width: 16, blocks: 8).plan()
    // 17 maps in the body of 16 channels and 32 columns: two rolling buffers and the skip's, not one for each.
    let bytes = try plan.streamBytes(columns: 32, bandBytes: 1)
    let row = 4 * 32 * 16
    #expect(bytes < 3 * row * 48 + 4 * row * 60 + (2 << 20))
  }
}

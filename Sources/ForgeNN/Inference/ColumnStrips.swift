import ForgeTensor

/// Cuts wide images into strips of columns that overlap by exactly what their results need, so that the line buffers stay within a budget.
///
/// Kernels work on tiles of 4 columns, and rounding makes every output of a tile depend on all its inputs; a strip therefore begins at a
/// multiple of 4 and its margin counts whole tiles at every layer. The pixels kept are then, bit by bit, those of the whole image.
struct ColumnStrips {
  struct Strip: Equatable {
    /// Columns of the input that are computed.
    var window: Range<Int>
    /// Columns of the input whose result is kept.
    var core: Range<Int>
  }

  private let graph: InferenceGraph
  private let layout: RowLayout

  init(_ graph: InferenceGraph, _ layout: RowLayout) {
    self.graph = graph
    self.layout = layout
  }

  /// The strips of an image of `columns`, each window at most `width` where that leaves room for a core of 16 columns.
  func strips(columns: Int, width: Int) -> [Strip] {
    guard columns > width else { return [Strip(window: 0..<columns, core: 0..<columns)] }
    // The margin of a column in the middle of an image without end.
    let far = 1 << 20
    let needed = window(far..<far + 4, columns: far * 2)
    let margin = max(far - needed.lowerBound, needed.upperBound - far - 4)
    let core = max(16, width - 2 * margin) / 4 * 4
    var strips: [Strip] = []
    var start = 0
    while start < columns {
      // What a border strip saves on one margin goes to its core.
      let room = start == 0 ? core + margin / 4 * 4 : core
      let end = start + room + margin >= columns ? columns : start + room
      strips.append(Strip(window: window(start..<end, columns: columns), core: start..<end))
      start = end
    }
    return strips
  }

  /// Input columns that decide the result's bits for the input columns `core`; begins at a multiple of 4.
  func window(_ core: Range<Int>, columns: Int) -> Range<Int> {
    var needed = [Range<Int>?](repeating: nil, count: graph.layers.count + 1)
    let scale = layout.segments[layout.segments.count - 1].scale
    needed[graph.output] = core.lowerBound * scale..<core.upperBound * scale
    func add(_ range: Range<Int>, to value: Int) {
      needed[value] = needed[value].map { min($0.lowerBound, range.lowerBound)..<max($0.upperBound, range.upperBound) } ?? range
    }
    for (index, layer) in graph.layers.enumerated().reversed() {
      guard let wanted = needed[index + 1] else { continue }
      var (margin, factor) = (0, 1)
      if case .filter(let filter) = layer.kind { (margin, factor) = (filter.geometry.paddingLeft, filter.shuffleFactor) }
      let limit = columns * layout.segments[layout.steps[index].segment].scale
      let tiles = wanted.lowerBound / factor / 4 * 4..<min(limit, ((wanted.upperBound + factor - 1) / factor + 3) / 4 * 4)
      add(max(0, tiles.lowerBound - margin)..<min(limit, tiles.upperBound + margin), to: layer.input)
      if let residual = layer.residual { add(tiles, to: residual) }
    }
    let range = needed[0] ?? core
    return range.lowerBound / 4 * 4..<min(columns, (range.upperBound + 3) / 4 * 4)
  }
}

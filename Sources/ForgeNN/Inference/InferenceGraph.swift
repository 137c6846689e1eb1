package import ForgeTensor

/// A trained network as inference sees it: few kinds of layers, each with all that was folded into it.
///
/// Made by `InferenceGraph(tracing:)`. Value 0 is the input, value `i + 1` the result of layer `i`. Every value is a batch of images
/// `[N, H, W, C]`; vectors are images of one pixel.
package struct InferenceGraph: Sendable {
  /// Rows, columns and channels of one image.
  package struct Extents: Sendable, Hashable {
    package var rows: Int
    package var columns: Int
    package var channels: Int

    package init(rows: Int, columns: Int, channels: Int) {
      self.rows = rows
      self.columns = columns
      self.channels = channels
    }

    package var count: Int { rows * columns * channels }
  }

  /// A convolution or transposed convolution.
  package struct Filter: Sendable {
    package var role: PreparedConvolution.Role
    /// `[R, S, C / groups, K]`, in the layers' order of channels.
    package var weights: Tensor
    /// One value per output channel, before a shuffle.
    package var bias: [Float]
    /// Kernel, strides, padding, dilation and groups; its image extents are those of the trace.
    package var geometry: ConvolutionGeometry
    package var arrangement = Arrangement.plain
  }

  /// How a filter's output channels become the result's.
  package enum Arrangement: Sendable, Hashable {
    case plain
    /// Channel `c·factor² + i·factor + j` becomes row `i`, column `j` of channel `c`.
    case shuffled(factor: Int)
    /// One pixel's channels become an image of `rows · columns` pixels, row-major, channels last.
    case unfolded(rows: Int, columns: Int)
  }

  package enum Kind: Sendable {
    case filter(Filter)
    case map(PixelwiseMap)
    /// Channels of the image's row of a table `[T, C]`, behind the input's or before them.
    case appendRow(Tensor, isFirst: Bool)
  }

  package struct Layer: Sendable {
    package var kind: Kind
    package var input: Int
    /// A value of the result's shape that is added before the activation.
    package var residual: Int?
    package var activation = Activation.identity
  }

  package var layers: [Layer] = []
  /// The value that the network returns.
  package var output = 0
  package let input: Extents
  /// Rows of the tables from which each image chooses by what it is to show; 1 when there are none.
  package internal(set) var tableRows: Int

  package init(input: Extents, tableRows: Int) {
    self.input = input
    self.tableRows = tableRows
  }

  /// Extents of every value for an input of these extents.
  package func extents(of input: Extents) -> [Extents] {
    layers.reduce(into: [input]) { values, layer in values.append(layer.extents(of: values[layer.input])) }
  }
}

extension InferenceGraph.Filter {
  /// Output channels before the arrangement.
  package var channels: Int { role == .forward ? geometry.outputChannels : geometry.inputChannels }

  /// The result's channel that output channel `k` becomes a part of.
  package func finalChannel(_ k: Int) -> Int {
    switch arrangement {
    case .plain: k
    case .shuffled(let factor): k / (factor * factor)
    case .unfolded(let rows, let columns): k % (channels / (rows * columns))
    }
  }

  package var finalChannels: Int {
    switch arrangement {
    case .plain: channels
    case .shuffled(let factor): channels / (factor * factor)
    case .unfolded(let rows, let columns): channels / (rows * columns)
    }
  }

  /// The geometry for images of `rows` × `columns`.
  package func geometry(batch: Int, rows: Int, columns: Int) -> ConvolutionGeometry {
    var sized = geometry
    sized.batch = batch
    func output(_ extent: Int, _ padding: Int, _ kernel: Int, _ dilation: Int, _ stride: Int, traced: (input: Int, output: Int)) -> Int {
      if role == .forward { return (extent + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1 }
      // What the trace's output has beyond the least is the same for all sizes.
      return (extent - traced.output) * stride + traced.input
    }
    let height = output(
      rows, geometry.paddingTop, geometry.kernelHeight, geometry.dilationHeight, geometry.strideHeight,
      traced: (geometry.inputHeight, geometry.outputHeight))
    let width = output(
      columns, geometry.paddingLeft, geometry.kernelWidth, geometry.dilationWidth, geometry.strideWidth,
      traced: (geometry.inputWidth, geometry.outputWidth))
    (sized.inputHeight, sized.inputWidth) = role == .forward ? (rows, columns) : (height, width)
    (sized.outputHeight, sized.outputWidth) = role == .forward ? (height, width) : (rows, columns)
    return sized
  }
}

extension InferenceGraph.Layer {
  func extents(of input: InferenceGraph.Extents) -> InferenceGraph.Extents {
    switch kind {
    case .map: return input
    case .appendRow(let table, _):
      return .init(rows: input.rows, columns: input.columns, channels: input.channels + table.shape[-1])
    case .filter(let filter):
      let sized = filter.geometry(batch: 1, rows: input.rows, columns: input.columns)
      let (rows, columns) = filter.role == .forward ? (sized.outputHeight, sized.outputWidth) : (sized.inputHeight, sized.inputWidth)
      switch filter.arrangement {
      case .plain: return .init(rows: rows, columns: columns, channels: filter.channels)
      case .shuffled(let factor): return .init(rows: rows * factor, columns: columns * factor, channels: filter.finalChannels)
      case .unfolded(let height, let width): return .init(rows: height, columns: width, channels: filter.finalChannels)
      }
    }
  }
}

internal import CForgeKernels

/// Arithmetic of a prepared convolution.
package enum Precision: String, Sendable, Hashable, CaseIterable {
  case float32 = "fp32"
  /// Products of 16-bit integers, summed exactly in 32 bits; inputs, outputs and epilogues stay float32.
  case int16
}

/// A function of one value that a kernel applies as it stores.
package enum Activation: Sendable, Equatable {
  case identity
  /// `x > 0 ? x : slope · x`; slope 0 is ReLU.
  case leakyReLU(slope: Float)
  /// `x > 0 ? x : slopes[channel] · x`
  case prelu(slopes: Tensor)
  case tanh
}

/// What happens to each output pixel of a prepared convolution, in this order: bias, residual, activation, shuffle.
package struct ConvolutionEpilogue: Sendable {
  /// `[K]`, K before the shuffle.
  package var bias: Tensor?
  package var activation = Activation.identity
  /// Pixel shuffle by this factor when above 1. The K channels are then `(dy, dx, channel)`; slopes have K / shuffle² values.
  package var shuffle = 1

  package init(bias: Tensor? = nil, activation: Activation = .identity, shuffle: Int = 1) {
    self.bias = bias
    self.activation = activation
    self.shuffle = shuffle
  }
}

/// A convolution, or its adjoint, whose weights were brought into a kernel's own layout once.
///
/// The layout serves images of any size and any band of their rows. It belongs to the kernel table that was current when it was made,
/// and runs by that table ever after.
package struct PreparedConvolution: Sendable {
  package enum Role: Sendable, Hashable {
    /// `x` `[N, H, W, C]` to `[N, P, Q, K]`.
    case forward
    /// The transposed convolution: `[N, P, Q, K]` to `[N, H, W, C]`.
    case transposed

    var kernel: fk_conv_role { self == .forward ? FK_CONV_FORWARD : FK_CONV_DATA_GRADIENT }
  }

  package let role: Role
  package let precision: Precision
  private let table: KernelTable
  private let weights: AlignedMemory

  /// Bytes of the current table's layout; 0 where the precision has no kernel for the geometry, never for `float32`.
  package static func byteCount(_ geometry: ConvolutionGeometry, _ role: Role, _ precision: Precision) -> Int {
    var kernel = geometry.kernel
    return KernelTable.current.slots.pointee.prepared_bytes(&kernel, role.kernel, precision.kernel)
  }

  /// The precision itself where the current table has a kernel for it, else `float32`.
  package static func available(_ precision: Precision, _ geometry: ConvolutionGeometry, _ role: Role) -> Precision {
    byteCount(geometry, role, precision) > 0 ? precision : .float32
  }

  /// Prepares `weights` `[R, S, C / groups, K]`. Where `precision` has no kernel, `float32` takes its place.
  package init(_ weights: Tensor, _ geometry: ConvolutionGeometry, _ role: Role, _ precision: Precision = .float32) {
    promise(weights.shape == geometry.weightShape, "prepared convolution: weights \(weights.shape) where \(geometry.weightShape) belong")
    self.role = role
    self.precision = PreparedConvolution.available(precision, geometry, role)
    table = KernelTable.current
    self.weights = AlignedMemory(byteCount: PreparedConvolution.byteCount(geometry, role, self.precision))
    var kernel = geometry.kernel
    require(
      table.slots.pointee.prepare(&kernel, role.kernel, self.precision.kernel, weights.pointer, self.weights.pointer),
      "prepare role \(role), \(geometry)")
    withExtendedLifetime(weights) {}
  }

  /// Takes a layout that an earlier process of the same build stored; nil when its size is not what the current table makes.
  package init?(stored bytes: UnsafeRawBufferPointer, _ geometry: ConvolutionGeometry, _ role: Role, _ precision: Precision) {
    guard bytes.count > 0, bytes.count == PreparedConvolution.byteCount(geometry, role, precision), let start = bytes.baseAddress else {
      return nil
    }
    self.role = role
    self.precision = precision
    table = KernelTable.current
    weights = AlignedMemory(byteCount: bytes.count)
    weights.pointer.copyMemory(from: start, byteCount: bytes.count)
  }

  /// The layout as bytes, for storing.
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(weights) { try body(UnsafeRawBufferPointer(start: weights.pointer, count: weights.byteCount)) }
  }

  package var byteCount: Int { weights.byteCount }

  /// Bytes of working memory for these extents.
  package func workspaceBytes(_ geometry: ConvolutionGeometry) -> Int {
    var kernel = geometry.kernel
    return table.slots.pointee.prepared_workspace(&kernel, role.kernel, precision.kernel)
  }

  /// Computes into `y`. Extents and top padding may differ from the prepared geometry's, kernel, channels and strides may not.
  ///
  /// Bands of the output's rows that begin at multiples of 4 give the bytes of the whole.
  /// - Parameters:
  ///   - residual: of `y`'s shape, added after the bias; may be `y`. Not with a shuffle.
  ///   - workspace: at least `workspaceBytes(geometry)`.
  package func run(
    _ geometry: ConvolutionGeometry, from x: UnsafePointer<Float>, residual: UnsafePointer<Float>? = nil,
    _ epilogue: ConvolutionEpilogue, to y: UnsafeMutablePointer<Float>, workspace: AlignedMemory
  ) {
    var kernel = geometry.kernel
    var last = fk_epilogue()
    last.bias = epilogue.bias.map { UnsafePointer($0.pointer) }
    last.residual = residual
    last.shuffle = Int32(epilogue.shuffle)
    switch epilogue.activation {
    case .identity: last.activation = FK_ACT_NONE
    case .leakyReLU(let slope): (last.activation, last.slope) = (FK_ACT_LEAKY_RELU, slope)
    case .prelu(let slopes): (last.activation, last.slopes) = (FK_ACT_PRELU, UnsafePointer(slopes.pointer))
    case .tanh: last.activation = FK_ACT_TANH
    }
    require(
      table.slots.pointee.convolution_prepared(
        &kernel, role.kernel, precision.kernel, x, weights.pointer, &last, y, workspace.pointer, workspace.byteCount),
      "prepared convolution role \(role), \(geometry)")
    withExtendedLifetime((weights, epilogue.bias, epilogue.activation)) {}
  }
}

extension Precision {
  var kernel: fk_precision { self == .float32 ? FK_FLOAT32 : FK_INT16 }
}

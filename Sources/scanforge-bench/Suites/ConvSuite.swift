import CForgeKernels

/// Single convolution layers, each in its three roles: those of the peers' `models.py` (MICRO) first, then what our networks add. Forward and
/// data gradient also with weights prepared once, as inference has them, in each precision that has a kernel.
enum ConvSuite {
  /// What is measured of a layer.
  struct Case {
    var role: fk_conv_role
    /// The arithmetic of prepared weights; nil where weights come as they are, as in training.
    var prepared: fk_precision?
  }

  struct Layer {
    var name: String
    var c: Int, k: Int, kernel: Int, stride: Int, padding: Int, images: Int, size: Int
    /// A transposed convolution: the data gradient is its forward pass.
    var isTransposed = false
  }

  static let layers = [
    Layer(name: "3x3_64_64@256", c: 64, k: 64, kernel: 3, stride: 1, padding: 1, images: 1, size: 256),
    Layer(name: "3x3_64_64@64n16", c: 64, k: 64, kernel: 3, stride: 1, padding: 1, images: 16, size: 64),
    Layer(name: "3x3_64_64@24n16", c: 64, k: 64, kernel: 3, stride: 1, padding: 1, images: 16, size: 24),
    Layer(name: "3x3_64_256@256", c: 64, k: 256, kernel: 3, stride: 1, padding: 1, images: 1, size: 256),
    Layer(name: "4x4s2_64_128@64n64", c: 64, k: 128, kernel: 4, stride: 2, padding: 1, images: 64, size: 64),
    Layer(name: "t4x4s2_256_128@16n64", c: 128, k: 256, kernel: 4, stride: 2, padding: 1, images: 64, size: 32, isTransposed: true),
    Layer(name: "9x9_1_64@256", c: 1, k: 64, kernel: 9, stride: 1, padding: 4, images: 1, size: 256),
    Layer(name: "9x9_64_1@256", c: 64, k: 1, kernel: 9, stride: 1, padding: 4, images: 1, size: 256),
    Layer(name: "1x1_256_256@128", c: 256, k: 256, kernel: 1, stride: 1, padding: 0, images: 1, size: 128),
    Layer(name: "3x3_32_32@64n16", c: 32, k: 32, kernel: 3, stride: 1, padding: 1, images: 16, size: 64),
    Layer(name: "3x3_1_32@64n16", c: 1, k: 32, kernel: 3, stride: 1, padding: 1, images: 16, size: 64),
    Layer(name: "4x4s2_256_512@8n64", c: 256, k: 512, kernel: 4, stride: 2, padding: 1, images: 64, size: 8),
    Layer(name: "3x3_512_512@6n16", c: 512, k: 512, kernel: 3, stride: 1, padding: 1, images: 16, size: 6),
  ]

  static func run(_ arguments: BenchArguments) throws(BenchError) -> BenchReport {
    let cases = [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT, FK_CONV_WEIGHT_GRADIENT].flatMap { role in
      (role == FK_CONV_WEIGHT_GRADIENT ? [nil] : [nil, FK_FLOAT32, FK_INT16]).map { Case(role: role, prepared: $0) }
    }
    let all = layers.flatMap { layer in cases.map { (layer: layer, item: $0, name: name(of: layer, $0)) } }
    let wanted = try arguments.wanted(among: all.map(\.name), known: layers.map(\.name))
    let meter = PeakMeter(arguments)
    let results = meter.around {
      all.filter { wanted.contains($0.name) }.compactMap { one in
        meter.sample(seconds: 0.02)
        return measure(arguments, one.layer, one.item, one.name)
      }
    }
    return BenchReport(suite: "conv", arguments, meter, results: results)
  }

  /// `3x3_64_64@256 fwd`, `… fwd prepared`, `… fwd int16`; roles are the layer's: a transposed layer's forward pass is the data gradient.
  private static func name(of layer: Layer, _ item: Case) -> String {
    let isForward = (item.role == FK_CONV_FORWARD) != layer.isTransposed
    let role = item.role == FK_CONV_WEIGHT_GRADIENT ? "bwd_weight" : isForward ? "fwd" : "bwd_data"
    guard let precision = item.prepared else { return "\(layer.name) \(role)" }
    return "\(layer.name) \(role) \(precision == FK_INT16 ? "int16" : "prepared")"
  }

  /// Nil where the precision has no kernel for the layer.
  private static func measure(_ arguments: BenchArguments, _ layer: Layer, _ item: Case, _ name: String) -> BenchResult? {
    let (table, role) = (arguments.table.pointee, item.role)
    let out = (layer.size + 2 * layer.padding - layer.kernel) / layer.stride + 1
    var geometry = fk_conv_geometry(
      n: Int32(layer.images), h: Int32(layer.size), w: Int32(layer.size), c: Int32(layer.c), k: Int32(layer.k), r: Int32(layer.kernel),
      s: Int32(layer.kernel), p: Int32(out), q: Int32(out), stride_h: Int32(layer.stride), stride_w: Int32(layer.stride),
      pad_top: Int32(layer.padding), pad_left: Int32(layer.padding), dilation_h: 1, dilation_w: 1, groups: 1)
    if let precision = item.prepared, table.prepared_bytes(&geometry, role, precision) == 0 { return nil }
    let x = random(arguments, layer.images * layer.size * layer.size * layer.c, stream: 1)
    let weights = random(arguments, layer.kernel * layer.kernel * layer.c * layer.k, stream: 2)
    let g = random(arguments, layer.images * out * out * layer.k, stream: 3)
    let bytes =
      item.prepared.map { table.prepared_workspace(&geometry, role, $0) } ?? table.convolution_workspace(&geometry, role)
    let workspace = fk_allocate(bytes)
    let preparedWeights = item.prepared.map { fk_allocate(table.prepared_bytes(&geometry, role, $0)) } ?? nil
    defer {
      for tensor in [x, weights, g] { fk_free(tensor.baseAddress) }
      fk_free(workspace)
      fk_free(preparedWeights)
    }
    // The measured role writes over the tensor that it does not read.
    let (a, b, target) =
      role == FK_CONV_FORWARD ? (x, weights, g) : role == FK_CONV_DATA_GRADIENT ? (g, weights, x) : (x, g, weights)
    if let precision = item.prepared {
      let status = table.prepare(&geometry, role, precision, weights.baseAddress, preparedWeights)
      precondition(status == FK_OK, "\(name): status \(status.rawValue) of its preparation")
    }
    let watch = Stopwatch(arguments) {
      let status =
        item.prepared.map {
          table.convolution_prepared(&geometry, role, $0, a.baseAddress, preparedWeights, nil, target.baseAddress, workspace, bytes)
        } ?? table.convolution(&geometry, role, a.baseAddress, b.baseAddress, nil, target.baseAddress, workspace, bytes)
      precondition(status == FK_OK, "\(name): status \(status.rawValue)")
    }
    let flops = 2.0 * Double(layer.kernel * layer.kernel * layer.c * layer.k) * Double(layer.images * out * out)
    return BenchResult(name: name, watch, operations: flops, images: layer.images)
  }

  private static func random(_ arguments: BenchArguments, _ count: Int, stream: UInt64) -> UnsafeMutableBufferPointer<Float> {
    guard let memory = fk_allocate(count * MemoryLayout<Float>.stride)?.assumingMemoryBound(to: Float.self) else {
      fatalError("no memory for \(count) floats")
    }
    _ = arguments.table.pointee.random_uniform(1, stream, 0, count, -1, 1, memory)
    return UnsafeMutableBufferPointer(start: memory, count: count)
  }
}

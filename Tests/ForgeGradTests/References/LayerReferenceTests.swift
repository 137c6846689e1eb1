import ForgeGrad
import ForgeTensor
import TestSupport
import Testing

@Suite struct ResampleReferenceTests {
  @Test(arguments: tables)
  func `resampling and pooling equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("resample") {
        let name = reference.name
        let output: Layout = name == "global_avg" ? .plain : .image
        try reference.check(["x": .image], output: output) { v in
          let x = v["x"]!
          let factor = reference.integer("r", 1)
          if name.hasPrefix("pixel_shuffle") { return pixelShuffle(x, factor) }
          if name.hasPrefix("pixel_unshuffle") { return pixelUnshuffle(x, factor) }
          if name == "up2_nearest" { return upsampleNearest(x, 2) }
          if name == "avgpool2" { return averagePool(x, 2) }
          if name == "maxpool2" { return maxPool(x, size: 2) }
          if name == "maxpool3s2p1" { return maxPool(x, size: 3, stride: 2, padding: 1) }
          if name == "global_avg" { return globalAverage(x) }
          let result = try reference.file.entry("\(name)/y").shape
          let interpolation: Interpolation =
            switch name {
            case "up2_bilinear": .bilinear
            case "up2_bicubic": .bicubic
            default: .bicubicAntialiased
            }
          #expect(interpolation != .bicubicAntialiased || name.hasPrefix("bicubic_antialias"), "unknown case \(name)")
          return resize(x, height: result[2], width: result[3], interpolation)
        }
      }
    }
  }
}

@Suite struct ActivationReferenceTests {
  @Test(arguments: tables)
  func `activations equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("activation") {
        let isMap = try reference.file.entry("\(reference.name)/x").shape.count == 4
        let layout: Layout = isMap ? .image : .plain
        var inputs: [String: Layout] = ["x": layout]
        if reference.has("a") { inputs["a"] = .plain }
        try reference.check(inputs, output: layout) { v in
          let x = v["x"]!
          switch reference.name {
          case "relu": return relu(x)
          case "leaky_relu_0_2": return leakyReLU(x, slope: 0.2)
          case "elu_1": return elu(x)
          case "tanh": return tanh(x)
          case "sigmoid": return sigmoid(x)
          case "softplus": return softplus(x)
          case "silu": return silu(x)
          case "gelu": return gelu(x)
          case "lrelu_sqrt2_gain": return leakyReLU(x, slope: 0.2) * 1.414_213_562
          case "prelu_per_channel", "prelu_shared": return prelu(x, slopes: v["a"]!)
          case "softmax": return softmax(x, axis: 1)
          case "dropout_given_mask": return dropout(x, mask: try reference.tensor("mask"), keep: 0.75)
          default:
            Issue.record("unknown case \(reference.name)")
            return x
          }
        }
      }
    }
  }
}

@Suite struct NormReferenceTests {
  @Test(arguments: tables)
  func `normalizations equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("norm") {
        let rank = try reference.file.entry("\(reference.name)/x").shape.count
        let layout: Layout = rank == 4 ? .image : .plain
        var inputs: [String: Layout] = ["x": layout]
        for parameter in ["gamma", "beta", "gain", "bias", "ys", "yb", "T"] where reference.has(parameter) { inputs[parameter] = .plain }
        try reference.check(inputs, output: layout) { v in
          let x = v["x"]!
          switch reference.name {
          case "batchnorm_train":
            let result = batchNormalizeWithStatistics(x, v["gamma"], v["beta"])
            let correction = Float(result.sampleCount) / Float(result.sampleCount - 1)
            let mean = try reference.tensor("running_mean") * 0.9 + result.mean * 0.1
            let variance = try reference.tensor("running_var") * 0.9 + result.variance * (0.1 * correction)
            try reference.expect(mean, equals: "running_mean_after", .plain, within: Tolerance.float32.forward)
            try reference.expect(variance, equals: "running_var_after", .plain, within: Tolerance.float32.forward)
            return result.y
          case "batchnorm_eval":
            return affineNormalize(
              x, v["gamma"], v["beta"], mean: try reference.tensor("running_mean"), variance: try reference.tensor("running_var"))
          case "batchnorm1d_train": return batchNormalize(x, v["gamma"], v["beta"])
          case "conditional_batchnorm": return batchNormalize(x, v["gain"]! + 1, v["bias"])
          case "instancenorm": return instanceNormalize(x)
          case "instancenorm_affine": return instanceNormalize(x, v["gamma"], v["beta"])
          case "adain": return instanceNormalize(x, v["ys"]! + 1, v["yb"], epsilon: 1e-8)
          case "groupnorm2": return groupNormalize(x, groups: 2, v["gamma"], v["beta"])
          case "layernorm": return layerNormalize(x, v["gamma"], v["beta"])
          case "pixelnorm": return pixelNormalize(x)
          case "minibatch_stddev": return minibatchStandardDeviation(x, groupSize: reference.integer("group_size", 4))
          case "minibatch_discrimination": return minibatchDiscrimination(x, projection: v["T"]!)
          default:
            Issue.record("unknown case \(reference.name)")
            return x
          }
        }
      }
    }
  }
}

@Suite struct AttentionReferenceTests {
  @Test(arguments: tables)
  func `attention and conditioning equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("attention") {
        switch reference.name {
        case "biggan_nonlocal":
          try reference.check(
            ["x": .image, "wf": .weights, "wg": .weights, "wh": .weights, "wo": .weights, "gamma": .plain], output: .image
          ) { v in
            nonLocalAttention(v["x"]!, query: v["wf"]!, key: v["wg"]!, content: v["wh"]!, projection: v["wo"]!, gain: v["gamma"]!)
          }
        case "projection_discriminator":
          let labels = try reference.integers("label").map { Int32($0) }
          try reference.check(["h": .plain, "E": .plain, "w": .plain, "b": .plain]) { v in
            let h = v["h"]!
            return matmul(h, v["w"]!, transposeB: true) + v["b"]!
              + sum(gatherRows(v["E"]!, labels) * h, axes: [1], keepingDimensions: true)
          }
        case "cgan_label_concat":
          let labels = try reference.integers("label").map { Int32($0) }
          try reference.check(["z": .plain, "E": .plain]) { v in concatenate([v["z"]!, gatherRows(v["E"]!, labels)], axis: 1) }
        case "linear":
          try reference.check(["input": .plain, "weight": .plain, "bias": .plain]) { v in
            matmul(v["input"]!, v["weight"]!, transposeB: true) + v["bias"]!
          }
        default: Issue.record("unknown case \(reference.name)")
        }
      }
    }
  }
}

@Suite struct StyleGANReferenceTests {
  @Test(arguments: tables)
  func `upfirdn2d, modulated convolution and equalized linear equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("stylegan2") {
        if reference.name.hasPrefix("upfirdn2d") {
          let pad = reference.parameters["pad"] as? [Int] ?? [0, 0, 0, 0]
          let filter = try reference.tensor("f")
          try reference.check(["x": .image], output: .image) { v in
            upfirdn2d(
              v["x"]!, filter, up: reference.integer("up", 1), down: reference.integer("down", 1),
              padding: (pad[0], pad[1], pad[2], pad[3]),
              isFlipped: reference.parameters["flip"] as? Bool ?? false, gain: Float(reference.parameters["gain"] as? Double ?? 1))
          }
        } else if reference.name.hasPrefix("modulated_conv") {
          try reference.check(["x": .image, "w": .weights, "s": .plain], output: .image) { v in
            modulatedConvolution(
              v["x"]!, v["w"]!, style: v["s"]!, isDemodulated: reference.parameters["demod"] as? Bool ?? true,
              isUpsampled: reference.integer("up", 1) == 2)
          }
        } else {
          try reference.check(["x": .plain, "w": .plain, "b": .plain]) { v in
            let w = v["w"]!
            let scale = 0.01 / Float(w.shape[1]).squareRoot()
            return matmul(v["x"]!, w * scale, transposeB: true) + v["b"]! * 0.01
          }
        }
      }
    }
  }
}

@Suite struct NetworkReferenceTests {
  @Test(arguments: tables)
  func `an SRGAN block with its upsampler equals PyTorch in all gradients`(table: String) throws {
    try on(table) {
      guard let reference = try ReferenceCase.named("srgan_block_upsample", in: "network") else { return }
      let plain = ["g1", "b1", "a", "g2", "b2", "au"].map { ($0, Layout.plain) }
      let inputs = Dictionary(uniqueKeysWithValues: [("x", .image), ("w1", .weights), ("w2", .weights), ("wu", .weights)] + plain)
      try reference.check(inputs, output: .image) { v in
        let x = v["x"]!
        let one: (Int, Int) = (1, 1)
        var h = batchNormalize(convolution(x, v["w1"]!, padding: one), v["g1"], v["b1"])
        h = prelu(h, slopes: v["a"]!)
        h = batchNormalize(convolution(h, v["w2"]!, padding: one), v["g2"], v["b2"]) + x
        return prelu(pixelShuffle(convolution(h, v["wu"]!, padding: one), 2), slopes: v["au"]!)
      }
    }
  }
}

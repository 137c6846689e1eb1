import ForgeGrad
import ForgeTensor
import TestSupport
import Testing

@Suite struct LossReferenceTests {
  @Test(arguments: tables)
  func `losses written with ops equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("loss") {
        var inputs: [String: Layout] = [:]
        for input in ["real", "fake", "p", "q", "logits"] where reference.has(input) {
          inputs[input] = try reference.file.entry("\(reference.name)/\(input)").shape.count == 4 ? .image : .plain
        }
        try reference.check(inputs) { v in
          if reference.name.hasPrefix("cross_entropy") {
            let smoothing: Float = reference.name.hasSuffix("0_1") ? 0.1 : 0
            return try crossEntropy(v["logits"]!, reference.integers("label"), smoothing: smoothing)
          }
          return loss(reference.name, v)
        }
      }
    }
  }

  private func loss(_ name: String, _ v: [String: Variable]) -> Variable {
    switch name {
    case "bce_logits_d": mean(softplus(-v["real"]!)) + mean(softplus(v["fake"]!))
    case "hinge_d": mean(relu(1 - v["real"]!)) + mean(relu(1 + v["fake"]!))
    case "lsgan_d": mean(square(v["real"]! - 1)) * 0.5 + mean(square(v["fake"]!)) * 0.5
    case "wgan_d": mean(v["fake"]!) - mean(v["real"]!)
    case "ragan_d":
      mean(softplus(-(v["real"]! - mean(v["fake"]!)))) + mean(softplus(v["fake"]! - mean(v["real"]!)))
    case "bce_logits_g_nonsat": mean(softplus(-v["fake"]!))
    case "bce_logits_g_minimax": -mean(softplus(v["fake"]!))
    case "l1": mean(abs(v["p"]! - v["q"]!))
    case "mse": mean(square(v["p"]! - v["q"]!))
    case "charbonnier": mean(sqrt(square(v["p"]! - v["q"]!) + 1e-12))
    case "total_variation": mean(abs(difference(v["p"]!, axis: 1))) + mean(abs(difference(v["p"]!, axis: 2)))
    default: preconditionFailure("unknown case \(name)")
    }
  }

  private func difference(_ x: Variable, axis: Int) -> Variable {
    var sizes = x.shape.dimensions
    sizes[axis] -= 1
    var starts = [0, 0, 0, 0]
    let lower = crop(x, starts: starts, sizes: sizes)
    starts[axis] = 1
    return crop(x, starts: starts, sizes: sizes) - lower
  }

  private func crossEntropy(_ logits: Variable, _ labels: [Int], smoothing: Float) -> Variable {
    let (n, c) = (logits.shape[0], logits.shape[1])
    var target = [Float](repeating: smoothing / Float(c), count: n * c)
    for (i, label) in labels.enumerated() { target[i * c + label] += 1 - smoothing }
    return -sum(logSoftmax(logits) * Variable(Tensor([n, c], target))) * (1 / Float(n))
  }
}

@Suite struct AugmentReferenceTests {
  @Test(arguments: tables)
  func `augmentations equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("augment") {
        try reference.check(["x": .image], output: .image) { v in
          let x = v["x"]!
          switch reference.name {
          case "xflip": return flip(x, axis: 2)
          case "rot90_ccw": return flip(transpose(x, [0, 2, 1, 3]), axis: 1)
          case "diffaugment": return try diffAugment(x, reference)
          default:
            Issue.record("unknown case \(reference.name)")
            return x
          }
        }
      }
    }
  }

  private func diffAugment(_ x: Variable, _ reference: ReferenceCase) throws -> Variable {
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let perSample: Shape = [n, 1, 1, 1]
    var y = x + Variable(try reference.tensor("bright").reshaped(perSample))
    let center = mean(y, axes: [1, 2, 3], keepingDimensions: true)
    y = (y - center) * Variable(try reference.tensor("contrast").reshaped(perSample)) + center
    let (ty, tx) = (try reference.integers("ty"), try reference.integers("tx"))
    let (cy, cx) = (try reference.integers("cy"), try reference.integers("cx"))
    let samples = (0..<n).map { i in
      let padded = pad(crop(y, starts: [i, 0, 0, 0], sizes: [1, h, w, c]), low: [0, h, w, 0], high: [0, h, w, 0])
      let moved = crop(padded, starts: [0, h - ty[i], w - tx[i], 0], sizes: [1, h, w, c])
      var mask = Tensor.ones([1, h, w, 1])
      mask.withUnsafeMutableBufferPointer { mask in
        let (top, left) = (cy[i] - h / 4, cx[i] - w / 4)
        for row in max(0, top)..<max(0, min(h, top + h / 2)) {
          for column in max(0, left)..<max(0, min(w, left + w / 2)) { mask[row * w + column] = 0 }
        }
      }
      return moved * Variable(mask)
    }
    return concatenate(samples, axis: 0)
  }
}

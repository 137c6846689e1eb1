import ForgeGrad
import ForgeTensor
import Testing

@Suite struct SecondOrderReferenceTests {
  @Test(arguments: tables)
  func `gradient penalties and their weight gradients equal PyTorch`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("second_order") where reference.name.hasPrefix("wgan_gp") || reference.name.hasPrefix("r1") {
        var inputs: [String: Layout] = ["x": .image, "w1": .weights, "w2": .weights]
        for plain in ["b1", "b2", "wl", "bl"] { inputs[plain] = .plain }
        try reference.check(inputs, .secondOrder) { v in
          // x wants a gradient inside the penalty, though none of the penalty is stored for it.
          let x = Variable.parameter(v["x"]!.value)
          let d = critic(x, v, String(reference.name.split(separator: "_").last!))
          try reference.expect(d.value, equals: "d_out", .plain, within: Tolerance.secondOrder.forward)
          let g = gradient(of: d, withRespectTo: [x], keepingGraph: true)[0]
          try reference.expect(g.value, equals: "grad_x", .image, within: Tolerance.secondOrder.gradient)
          let squares = sum(square(g), axes: [1, 2, 3])
          guard reference.name.hasPrefix("wgan_gp") else { return mean(squares) * 0.5 }
          let norm = sqrt(squares)
          try reference.expect(norm.value, equals: "grad_norm", .plain, within: Tolerance.secondOrder.gradient)
          return mean(square(norm - 1)) * 10
        }
      }
    }
  }

  private func critic(_ x: Variable, _ v: [String: Variable], _ activation: String) -> Variable {
    func act(_ x: Variable) -> Variable {
      switch activation {
      case "lrelu": leakyReLU(x, slope: 0.2)
      case "softplus": softplus(x)
      case "tanh": tanh(x)
      default: preconditionFailure("unknown activation \(activation)")
      }
    }
    var h = act(convolution(x, v["w1"]!, bias: v["b1"]!, padding: (1, 1)))
    h = act(convolution(h, v["w2"]!, bias: v["b2"]!, stride: (2, 2), padding: (1, 1)))
    // The stored linear weights count channels first.
    let flat = reshape(transpose(h, [0, 3, 1, 2]), [h.shape[0], h.shape.count / h.shape[0]])
    return matmul(flat, v["wl"]!, transposeB: true) + v["bl"]!
  }

  @Test(arguments: tables)
  func `three unrolled critic steps equal PyTorch`(table: String) throws {
    try on(table) {
      guard let reference = try ReferenceCase.named("unrolled_gan_k3", in: "second_order") else { return }
      try reference.check(["theta": .plain, "wd": .plain, "z": .plain, "xr": .plain], .secondOrder) { v in
        func column(_ x: Variable, _ i: Int) -> Variable { reshape(crop(x, starts: [0, i], sizes: [x.shape[0], 1]), [x.shape[0]]) }
        func critic(_ w: Variable, _ x: Variable) -> Variable {
          let weights = split(w, axis: 0, sizes: [1, 1, 1])
          let (x0, x1) = (column(x, 0), column(x, 1))
          return weights[0] * x0 + weights[1] * x1 + weights[2] * x0 * x1
        }
        let fake = matmul(v["z"]!, v["theta"]!)
        var w = Variable.parameter(v["wd"]!.value)
        for _ in 0..<3 {
          let loss = mean(softplus(-critic(w, v["xr"]!))) + mean(softplus(critic(w, fake)))
          w = w - gradient(of: loss, withRespectTo: [w], keepingGraph: true)[0] * 0.1
        }
        try reference.expect(w.value, equals: "wd_after", .plain, within: Tolerance.secondOrder.forward)
        return mean(softplus(-critic(w, fake)))
      }
    }
  }

  // The stored case of the path length penalty lacks its noise (input and output share the name y), so the second derivative is
  // compared with the first derivative of the penalty worked out by hand: J_wᵀ y = Σ A · 2 (1 − tanh²(w·A)) · y / sqrt(H·W).
  @Test(arguments: tables)
  func `the path length penalty has the gradient of its closed form`(table: String) throws {
    try on(table) {
      let random = RandomStream(seed: 5, stream: 1)
      let a = Variable.parameter(random.uniform([4, 16], counter: 0, low: -0.5, high: 0.5))
      let w = Variable.parameter(random.uniform([3, 4], counter: 100, low: -0.5, high: 0.5))
      let noise = Variable(random.normal([3, 16], counter: 200))
      let image = tanh(matmul(w, a)) * 2
      let j = gradient(of: sum(image * noise) * 0.25, withRespectTo: [w], keepingGraph: true)[0]
      let closed = matmul((1 - square(tanh(matmul(w, a)))) * noise * 0.5, a, transposeB: true)
      func penalty(_ j: Variable) -> Variable { mean(square(sqrt(sum(square(j), axes: [1])) - 1.5)) }
      let (second, first) = (
        gradient(of: penalty(j), withRespectTo: [a])[0].value, gradient(of: penalty(closed), withRespectTo: [a])[0].value
      )
      let largest = first.values.map { Swift.abs($0) }.max()!
      let error = (second - first).values.map { Swift.abs($0) }.max()!
      #expect(error <= 5e-5 * largest)
    }
  }
}

import ForgeGrad
import ForgeTensor
import Testing

@Suite struct ConvolutionReferenceTests {
  @Test(arguments: tables)
  func `convolution equals PyTorch, bit for bit where nothing is transformed`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("conv2d") {
        let inputs: [String: Layout] = ["x": .image, "w": .weights].merging(reference.has("b") ? ["b": .plain] : [:]) { $1 }
        try reference.check(inputs, output: .image, reference.convolutionTolerance(on: table)) { v in
          let isReflected = reference.parameters["padding_mode"] as? String == "reflect"
          let padding = reference.pair("padding", 0)
          let x = isReflected ? reflectionPad(v["x"]!, padding.0) : v["x"]!
          return convolution(
            x, v["w"]!, bias: v["b"], stride: reference.pair("stride", 1), padding: isReflected ? (0, 0) : padding,
            dilation: reference.pair("dilation", 1), groups: reference.integer("groups", 1))
        }
      }
    }
  }

  @Test(arguments: tables)
  func `transposed convolution equals PyTorch, bit for bit where nothing is transformed`(table: String) throws {
    try on(table) {
      for reference in try ReferenceCase.all("conv_transpose2d") {
        let inputs: [String: Layout] = ["x": .image, "w": .weights].merging(reference.has("b") ? ["b": .plain] : [:]) { $1 }
        try reference.check(inputs, output: .image, reference.convolutionTolerance(on: table)) { v in
          convolutionTransposed(
            v["x"]!, v["w"]!, bias: v["b"], stride: reference.pair("stride", 1), padding: reference.pair("padding", 0),
            outputPadding: reference.pair("output_padding", 0), dilation: reference.pair("dilation", 1),
            groups: reference.integer("groups", 1))
        }
      }
    }
  }
}

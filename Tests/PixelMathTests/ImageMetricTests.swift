import Foundation
import PixelMath
import TestSupport
import Testing

/// The images of `reference/metrics.json` are formulas; they are made again here.
private func base(_ height: Int, _ width: Int, shift: Int) -> Plane {
  var values: [Float] = []
  for y in 0..<height { for x in 0..<width { values.append(Float(((3 * x * x + 5 * y * y + 2 * x * y) >> shift) & 255)) } }
  return Plane(rows: height, columns: width, values: values)
}

private func noisy(_ plane: Plane, seed: UInt64, k: Int) -> Plane {
  var random = SplitMix64(seed: seed)
  let values = plane.values.map { value in
    Float(min(255, max(0, Int(value) + Int(random.next() % UInt64(2 * k + 1)) - k)))
  }
  return Plane(rows: plane.rows, columns: plane.columns, values: values)
}

private struct MetricsFile: Decodable {
  struct Image: Decodable {
    struct Inputs: Decodable {
      let height: Int, width: Int, shift: Int, k: Int, seed: UInt64
    }
    let inputs: Inputs
    let mse: Double
    let psnr_255: Double
    let ssim_gaussian_wang: Double
    let ms_ssim: Double?
  }
  let images: [Image]
}

private func isClose(_ a: Double, _ b: Double, relative: Double) -> Bool { abs(a - b) <= relative * abs(b) }

@Test func `PSNR, SSIM and MS-SSIM equal the reference values`() throws {
  guard let url = TestData.shared("reference/metrics.json", for: "image metrics") else { return }
  let file = try JSONDecoder().decode(MetricsFile.self, from: Data(contentsOf: url))
  #expect(!file.images.isEmpty)
  for image in file.images {
    let a = base(image.inputs.height, image.inputs.width, shift: image.inputs.shift)
    let b = noisy(a, seed: image.inputs.seed, k: image.inputs.k)
    #expect(isClose(meanSquaredError(a, b), image.mse, relative: 1e-9))
    #expect(isClose(psnr(a, b, range: 255), image.psnr_255, relative: 1e-9))
    #expect(isClose(ssim(a, b, range: 255), image.ssim_gaussian_wang, relative: 1e-9))
    if let expected = image.ms_ssim { #expect(isClose(multiScaleSSIM(a, b, range: 255), expected, relative: 1e-9)) }
  }
}

@Test func `an image equals itself in every metric`() {
  let a = base(192, 200, shift: 5)
  #expect(psnr(a, a, range: 255) == .infinity)
  #expect(abs(ssim(a, a, range: 255) - 1) < 1e-12)
  #expect(abs(multiScaleSSIM(a, a, range: 255) - 1) < 1e-12)
}

@Test func `metrics do not change when image and range are scaled together`() {
  let a = base(64, 48, shift: 4)
  let b = noisy(a, seed: 3, k: 9)
  func scaled(_ plane: Plane) -> Plane { Plane(rows: plane.rows, columns: plane.columns, values: plane.values.map { $0 * 257 }) }
  #expect(isClose(psnr(scaled(a), scaled(b), range: 65535), psnr(a, b, range: 255), relative: 1e-12))
  #expect(isClose(ssim(scaled(a), scaled(b), range: 65535), ssim(a, b, range: 255), relative: 1e-12))
}

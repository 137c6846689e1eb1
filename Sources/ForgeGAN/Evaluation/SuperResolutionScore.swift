import PixelMath

/// How well a network restores images that were made small, beside plain bicubic enlargement: means over images.
///
/// Small = the image cropped to a multiple of the factor and made small as the model was trained to undo (anti-aliased bicubic unless it was
/// told otherwise), rounded and clipped to the integer range; results are rounded and clipped too; PSNR and SSIM leave out a border of `factor` pixels.
package struct SuperResolutionScore: Sendable, Equatable {
  package var count = 0
  /// Decibels.
  package var psnr = 0.0
  package var ssim = 0.0
  package var bicubicPSNR = 0.0
  package var bicubicSSIM = 0.0

  /// Decibels above bicubic.
  package var gain: Double { psnr - bicubicPSNR }

  /// - Parameter limit: evaluates this many images, evenly spread; nil for all. Images too small for SSIM's window are left out.
  package init(of resolver: SuperResolver, on source: any PatchSource, limit: Int? = nil) throws {
    let factor = resolver.factor
    let step = limit.map { max(1, source.count / max(1, $0)) } ?? 1
    for index in stride(from: 0, to: source.count, by: step) {
      let item = source.plane(index)
      guard item.range > 0, min(item.plane.rows, item.plane.columns) >= 11 + 3 * factor else { continue }
      let truth = item.plane.croppedToMultiple(of: factor)
      let small = resolver.degradation.scored(truth, factor: factor, range: item.range, maximum: item.maximum, index: index)
      let bicubic = small.resampled(rows: truth.rows, columns: truth.columns)
      let restored = try resolver.upscale(small, range: item.range)
      let inner = truth.cropped(border: factor)
      for (image, isRestored) in [(restored, true), (bicubic, false)] {
        let shown = image.quantized(to: 0...item.maximum).cropped(border: factor)
        let decibels = PixelMath.psnr(inner, shown, range: Double(item.range))
        let similarity = PixelMath.ssim(inner, shown, range: Double(item.range))
        if isRestored {
          psnr += decibels
          ssim += similarity
        } else {
          bicubicPSNR += decibels
          bicubicSSIM += similarity
        }
      }
      count += 1
    }
    guard count > 0 else { throw ForgeGANError.unsuitablePlane(reason: "no image is large enough to compare") }
    psnr /= Double(count)
    ssim /= Double(count)
    bicubicPSNR /= Double(count)
    bicubicSSIM /= Double(count)
  }
}

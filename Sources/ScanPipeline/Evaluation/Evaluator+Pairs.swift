import Foundation
import ForgeGAN
import ForgeTensor
import PixelMath
import ScanCatalog

extension Evaluator {
  /// Synthetic images whose name, less an ending `_xN` of super-resolution, is that of exactly one real image, each compared at its own size;
  /// figures are means over the pairs. The range is that of the real image.
  ///
  /// - Throws: `EvaluationError.pairSizes` for a super-resolved image that has another size than the real one. Other images of one name may have
  ///   it by chance: those are no pair when their sizes differ. Nor are images of 8 and of more bits whose values have other
  /// ranges. Both are counted in `notMeasured`.
  static func pairs(
    _ real: EvaluationImages, _ synthetic: EvaluationImages, _ extractors: [any FeatureExtractor]
  ) throws(EvaluationError) -> (pairs: Evaluation.Pairs?, notMeasured: [String]) {
    let byName = Dictionary(grouping: real.origins.indices.filter { real.origins[$0].file != nil }) { real.origins[$0].file?.stem ?? "" }
    var (otherSizes, otherDepths) = (0, 0)
    var (psnrs, ssims, scales): ([Double], [Double], [Double]) = ([], [], [])
    var distances = [MapDistance?](repeating: .zero, count: extractors.count)
    for (index, origin) in synthetic.origins.enumerated() {
      guard let file = origin.file else { continue }
      let stem = file.stem
      let name = byName[stem] == nil ? String(stem[..<(stem.range(of: "_x", options: .backwards)?.lowerBound ?? stem.endIndex)]) : stem
      guard let found = byName[name], found.count == 1, let known = real.origins[found[0]].file else { continue }
      let (a, b) = (real.stored(found[0], known.range), synthetic.stored(index, file.range))
      guard a.rows == b.rows, a.columns == b.columns else {
        guard name == stem else { throw .pairSizes(index + 1, found: [b.rows, b.columns], expected: [a.rows, a.columns]) }
        otherSizes += 1
        continue
      }
      guard min(a.rows, a.columns) >= 11 else { continue }
      if known.isNarrow != file.isNarrow, !isLike(known.range, file.range) {
        otherDepths += 1
        continue
      }
      let bounds = known.range
      let range = Double(bounds.upperBound - bounds.lowerBound)
      psnrs.append(PixelMath.psnr(a, b, range: range))
      ssims.append(PixelMath.ssim(a, b, range: range))
      if min(a.rows, a.columns) >= 16 {
        let pair = [a, b].map { plane in
          Tensor([1, plane.rows, plane.columns, 1], plane.values.map { ($0 - bounds.lowerBound) / Float(range) * 2 - 1 })
        }
        for (place, extractor) in extractors.enumerated() {
          let distance = extractor.distance(of: pair[1], to: pair[0])
          distances[place] = distances[place].flatMap { sum in distance.map { sum + $0 } }
        }
      } else {
        distances = distances.map { _ in nil }
      }
      if min(a.rows, a.columns) >= 176 { scales.append(PixelMath.multiScaleSSIM(a, b, range: range)) }
    }
    let notMeasured =
      (otherSizes > 0 ? ["\(otherSizes) pairs of one name: the two images have different sizes."] : [])
      + (otherDepths > 0 ? ["\(otherDepths) pairs of one name: one image has 8 bits, the other more, and their values have other ranges."] : [])
    let count = psnrs.count
    guard count > 0 else { return (nil, notMeasured) }
    let pairs = Evaluation.Pairs(
      count: count, psnr: Estimate(meanOf: psnrs), ssim: Estimate(meanOf: ssims), multiScaleSSIM: scales.count == count ? Estimate(meanOf: scales) : nil,
      featureDistances: zip(extractors, distances).compactMap { extractor, sum in
        sum.map { (extractor.name, ContentDigest(of: Array(extractor.weights)).hex, $0 / count) }
      })
    return (pairs, notMeasured)
  }

  /// Whether neither range is eight times as wide as the other: 8 bits brought to 16 make it 257 times as wide, 12 bits 16 times.
  private static func isLike(_ a: ClosedRange<Float>, _ b: ClosedRange<Float>) -> Bool {
    let (width, other) = (a.upperBound - a.lowerBound, b.upperBound - b.lowerBound)
    return max(width, other) < 8 * min(width, other)
  }
}

import ForgeNN
import ForgeTensor
package import PixelMath

/// How a small image is made of a large one: what a super-resolution network learns to undo.
package struct Degradation: Sendable, Equatable {
  package enum Sampling: String, Sendable, CaseIterable {
    /// Anti-aliased bicubic (a = −0.5, MATLAB's convention).
    case bicubic
    /// Fewer lines of k-space, and the magnitude of the result: MR measured at a lower resolution.
    case kspace
  }

  package var sampling = Sampling.bicubic
  /// Largest standard deviation of a Gaussian before sampling, in pixels of the large image. Each image gets its own between 0 and this.
  package var blur = 0.0
  /// Largest standard deviation of noise after sampling, as a share of the intensity that becomes 1. Each patch gets its own.
  package var noise = 0.0

  package init(sampling: Sampling = .bicubic, blur: Double = 0, noise: Double = 0) {
    self.sampling = sampling
    self.blur = blur
    self.noise = noise
  }

  /// The small image of a large one whose extents `factor` divides, in whole numbers from 0 to `maximum`, without noise.
  ///
  /// - Parameter share: of the largest blur, 0 to 1.
  package func small(of large: Plane, factor: Int, maximum: Float, share: Double) -> Plane {
    let (rows, columns) = (large.rows / factor, large.columns / factor)
    let soft = large.blurred(sigma: blur * share)
    switch sampling {
    case .bicubic: return soft.resampled(rows: rows, columns: columns).quantized(to: 0...maximum)
    case .kspace:
      let measured = soft.resampled(rows: rows, columns: columns, kernel: .lowFrequencies)
      return Plane(rows: rows, columns: columns, values: measured.values.map(abs)).quantized(to: 0...maximum)
    }
  }

  /// The share of the largest blur that image `index` of a set gets: spread evenly, without a pattern (golden section).
  static func share(ofImage index: Int) -> Double { (Double(index) * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1) }

  /// Adds noise to values whose range is `range`; 1 + count numbers of `stream` from `counter` on.
  func addNoise(to values: UnsafeMutableBufferPointer<Float>, range: Float, stream: RandomStream, counter: UInt64) {
    addNoise(share: stream.real(counter: counter), to: values, range: range, stream: stream, counter: counter + 1)
  }

  /// - Parameter share: of the largest noise, 0 to 1.
  private func addNoise(
    share: Double, to values: UnsafeMutableBufferPointer<Float>, range: Float, stream: RandomStream, counter: UInt64
  ) {
    let deviation = Float(noise * share) * range
    for index in values.indices { values[index] += deviation * stream.bell(counter: counter + UInt64(index)) }
  }

  /// A held-out image as a score sees it: half of the largest blur, half of the largest noise, the same for each training.
  package func scored(_ large: Plane, factor: Int, range: Float, maximum: Float, index: Int) -> Plane {
    var small = small(of: large, factor: factor, maximum: maximum, share: 0.5)
    guard noise > 0 else { return small }
    let stream = RandomStream(seed: 0, named: "noise of scored images")
    small.values.withUnsafeMutableBufferPointer { addNoise(share: 0.5, to: $0, range: range, stream: stream, counter: UInt64(index) << 32) }
    return small.quantized(to: 0...maximum)
  }
}

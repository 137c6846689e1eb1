package import PixelMath

/// A grey image for super-resolution with the two numbers that its intensities need.
package struct IntensityPlane: Sendable, Equatable {
  package var plane: Plane
  /// The intensity that becomes 1: 255 for 8-bit images, the largest value of the slice for MR.
  package var range: Float
  /// The largest intensity that can be stored: 255, 4095, 65535. Smaller images are rounded and clipped to 0...maximum.
  package var maximum: Float

  package init(_ plane: Plane, range: Float, maximum: Float) {
    self.plane = plane
    self.range = range
    self.maximum = maximum
  }
}

/// Images of any size from which patches are cut.
package protocol PatchSource: Sendable {
  var count: Int { get }
  func plane(_ index: Int) -> IntensityPlane
}

/// Planes held in memory.
package struct InMemoryPlanes: PatchSource {
  private let planes: [IntensityPlane]
  package var count: Int { planes.count }

  package init(_ planes: [IntensityPlane]) { self.planes = planes }

  package func plane(_ index: Int) -> IntensityPlane { planes[index] }
}

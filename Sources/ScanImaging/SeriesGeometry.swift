package import ScanModel

/// Where one slice of a series lies: what is needed to order a series and to see what is wrong with it.
package struct SlicePlacement: Sendable, Equatable {
  /// Remapped Series Instance UID.
  package var series: String
  package var orientation: [Double]
  package var position: [Double]
  package var rows: Int
  package var columns: Int

  /// nil when the object has no position and orientation (projections, secondary captures).
  package init?(_ dataset: Dataset, frame: Int = 0) {
    let groups = FunctionalGroups(dataset, frame: frame)
    let position = (groups.planePosition ?? dataset).numbers(.imagePositionPatient)
    let orientation = (groups.planeOrientation ?? dataset).numbers(.imageOrientationPatient)
    guard position.count == 3, orientation.count == 6, (position + orientation).allSatisfy(\.isFinite) else { return nil }
    self.series = dataset.text(.seriesInstanceUID) ?? ""
    self.position = position
    self.orientation = orientation
    rows = dataset.integer(.rows) ?? 0
    columns = dataset.integer(.columns) ?? 0
  }

  /// Unit normal of the slice: row direction x column direction.
  package var normal: [Double] {
    let (r, c) = (orientation[0..<3].map { $0 }, orientation[3..<6].map { $0 })
    let n = [r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]]
    let length = (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).squareRoot()
    return length > 0 ? n.map { $0 / length } : n
  }

  /// Position along the normal, millimeters. Series are ordered by this, never by Instance Number.
  package var depth: Double { zip(position, normal).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// What is remarkable about the spacing of a series. Recorded, never repaired silently.
package enum SeriesFlag: String, Sendable, Codable, CaseIterable {
  case gap, duplicatePosition, mixedSpacing, mixedOrientation, mixedSize
}

/// Order and flags of the slices of one series.
package struct SeriesGeometry: Sendable, Equatable {
  /// Indexes of the placements, from the lowest depth up; equal depths keep their input order.
  package let order: [Int]
  package let flags: Set<SeriesFlag>
  /// Median distance between neighbors, millimeters; nil with fewer than two slices.
  package let spacingMillimeters: Double?

  package init(_ placements: [SlicePlacement]) {
    order = placements.indices.sorted { (placements[$0].depth, $0) < (placements[$1].depth, $1) }
    var flags: Set<SeriesFlag> = []
    if let first = placements.first {
      let isOblique = placements.contains { other in zip(other.normal, first.normal).reduce(0) { $0 + $1.0 * $1.1 } < 0.9999 }
      if isOblique { flags.insert(.mixedOrientation) }
      if placements.contains(where: { $0.rows != first.rows || $0.columns != first.columns }) { flags.insert(.mixedSize) }
    }
    let depths = order.map { placements[$0].depth }
    let steps = zip(depths, depths.dropFirst()).map { $1 - $0 }
    let apart = steps.filter { $0 > 1e-3 }.sorted()
    if apart.count < steps.count { flags.insert(.duplicatePosition) }
    if !apart.isEmpty {
      let median = apart[apart.count / 2]
      spacingMillimeters = median
      // Half a slice more than the usual step is a missing slice; a tenth is a mixed protocol.
      if apart.contains(where: { $0 > 1.5 * median }) { flags.insert(.gap) }
      if apart.contains(where: { abs($0 - median) > 0.1 * median }) { flags.insert(.mixedSpacing) }
    } else {
      spacingMillimeters = nil
    }
    self.flags = flags
  }
}

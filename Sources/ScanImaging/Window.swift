package import ScanModel

extension WindowSetting {
  /// The first window of the file: (0028,1050) and (0028,1051), per frame for enhanced objects; nil when absent or without width.
  package init?(_ dataset: Dataset, frame: Int = 0) {
    let group = FunctionalGroups(dataset, frame: frame).frameVOILUT ?? dataset
    guard let center = group.number(.windowCenter), let width = group.number(.windowWidth), width > 0, center.isFinite, width.isFinite else {
      return nil
    }
    self.init(center: Float(center), width: Float(width))
  }

  /// The values that map to the darkest and the brightest output.
  ///
  /// Source: DICOM PS3.3 C.11.2.1.2.1: the ramp runs from `center - 0.5 - (width - 1) / 2` to `center - 0.5 + (width - 1) / 2`. For a
  /// width of 1 or less the two would meet; the ramp is then `center - width / 2 ... center + width / 2` (C.11.2.1.3.2, LINEAR_EXACT).
  package var bounds: ClosedRange<Float> {
    guard width > 1 else { return center - width / 2...center + width / 2 }
    return center - 0.5 - (width - 1) / 2...center - 0.5 + (width - 1) / 2
  }
}

extension Slice {
  /// This slice with `window.bounds` mapped linearly onto `output`, values outside clipped.
  package func windowed(_ window: WindowSetting, to output: ClosedRange<Float>) -> [Float] {
    let bounds = window.bounds
    let gain = (output.upperBound - output.lowerBound) / (bounds.upperBound - bounds.lowerBound)
    return values.map { value in
      min(max((value - bounds.lowerBound) * gain + output.lowerBound, output.lowerBound), output.upperBound)
    }
  }
}

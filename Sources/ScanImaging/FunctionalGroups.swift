import ScanModel

/// The functional group items that hold for one frame of an enhanced multi-frame object: per-frame first, then shared.
///
/// Source: DICOM PS3.3 C.7.6.16.
struct FunctionalGroups {
  private let perFrame: Dataset?
  private let shared: Dataset?

  init(_ dataset: Dataset, frame: Int) {
    let frames = dataset.items(.perFrameFunctionalGroupsSequence)
    perFrame = frames.indices.contains(frame) ? frames[frame] : nil
    shared = dataset.items(.sharedFunctionalGroupsSequence).first
  }

  /// (0028,9145) Pixel Value Transformation Sequence.
  var pixelValueTransformation: Dataset? { item(Tag(0x0028, 0x9145)) }
  /// (0028,9132) Frame VOI LUT Sequence.
  var frameVOILUT: Dataset? { item(Tag(0x0028, 0x9132)) }
  /// (0028,9110) Pixel Measures Sequence.
  var pixelMeasures: Dataset? { item(Tag(0x0028, 0x9110)) }
  /// (0020,9113) Plane Position Sequence.
  var planePosition: Dataset? { item(Tag(0x0020, 0x9113)) }
  /// (0020,9116) Plane Orientation Sequence.
  var planeOrientation: Dataset? { item(Tag(0x0020, 0x9116)) }

  private func item(_ tag: Tag) -> Dataset? { perFrame?.items(tag).first ?? shared?.items(tag).first }
}

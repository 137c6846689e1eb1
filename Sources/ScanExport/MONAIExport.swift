import Diagnostics
package import ScanCatalog
import ScanIO
import ScanImaging
import ScanModel

/// `monai/datalist.json` and NIfTI pairs: `monai/SPLIT/KEY.nii` in modality units, `monai/SPLIT/KEY_mask.nii` with whole numbers.
///
/// Source: MONAI `load_decathlon_datalist` (keys `training`, `validation`, `test`; `image`, `label`).
package struct MONAIExport: ExportFormat {
  package static let name = "monai"
  package static let needsMasks = true
  /// A mask lies on the grid of the image that came with it.
  package static let defaultQueries = [ArtifactQuery(origins: [.acquired, .enhanced, .generated], kinds: [.image])]

  package init() {}

  package func folder(of item: ExportItem) -> String { item.part }

  package func encode(_ item: ExportItem, from objects: ObjectStore) throws -> [ExportedImage] {
    guard let digest = item.mask?.sha256 else { throw item.unreadable }
    let scan = try ScanReader().read(objects.read(item.sha256), source: Redacted("object"))
    let mask = try ScanReader().read(objects.read(digest), source: Redacted("object"))
    let grid = try VoxelGrid(scan, item.record.attributes)
    let notice = NIfTIWriter.mark(isSynthetic: item.isSynthetic)
    guard let labels = mask.pixels, labels.rows == grid.rows, labels.columns == grid.columns, labels.frames == grid.frames,
      labels.samplesPerPixel == 1,
      !labels.isFloat,
      let image = NIfTIWriter.encode(grid.volume(.float32(try grid.values())), description: "ScanForge; \(notice); not for diagnosis"),
      let outline = NIfTIWriter.encode(
        grid.volume(.integers(words: labels.words, bits: labels.bitsAllocated, isSigned: labels.isSigned)), description: "ScanForge mask; \(notice)")
    else { throw item.unreadable }
    return [
      ExportedImage(
        bytes: image, fileExtension: "nii", columns: ["mask_sha256": .string(ContentDigest(of: outline).hex)],
        companions: [(Self.maskSuffix, outline)])
    ]
  }

  private static let maskSuffix = "_mask.nii"

  package func columns(of file: ExportedFile) -> [String: CanonicalJSON] { ["mask_path": .string(file.path.dropLast(4) + Self.maskSuffix)] }

  package func documents(_ contents: ExportedSet) throws -> [ExportDocument] {
    var lists: [String: [CanonicalJSON]] = ["training": [], "test": []]
    for file in contents.files {
      let image = contents.relative(file)
      var entry = file.allColumns
      entry["image"] = .string(image)
      entry["class_label"] = entry["label"]
      // The reader takes `label` for the mask's path, relative to this file.
      entry["label"] = .string(image.dropLast(4) + Self.maskSuffix)
      lists[Self.key(file.item.part), default: []].append(.object(entry))
    }
    var members: [String: CanonicalJSON] = lists.mapValues { .array($0) }
    members["name"] = .string("ScanForge export")
    members["description"] = .string("De-identified images with masks. For research, not for diagnosis.")
    members["tensorImageSize"] = .string(contents.files.allSatisfy { $0.item.record.attributes.frames ?? 1 == 1 } ? "2D" : "3D")
    return [ExportDocument("datalist.json", CanonicalJSON.object(members).indented)]
  }

  private static func key(_ part: String) -> String {
    switch part {
    case "train": "training"
    case "val": "validation"
    default: part
    }
  }
}

/// The voxels of an image and where they lie.
struct VoxelGrid {
  private let scan: RawScan
  let columns: Int
  let rows: Int
  let frames: Int
  private let spacingMillimeters: [Float]
  private let affine: [[Float]]?

  /// - Throws: `ImagingError.noPixels`.
  init(_ scan: RawScan, _ attributes: ArtifactAttributes) throws {
    guard let pixels = scan.pixels else { throw ImagingError.noPixels }
    self.scan = scan
    (columns, rows, frames) = (pixels.columns, pixels.rows, pixels.frames)
    let plane = attributes.spacingMillimeters
    let first = SlicePlacement(scan.dataset)
    let last = pixels.frames > 1 ? SlicePlacement(scan.dataset, frame: pixels.frames - 1) : nil
    let thickness = scan.dataset.numbers(.spacingBetweenSlices).first ?? scan.dataset.numbers(.sliceThickness).first
    // From one frame to the next, millimeters in DICOM's left, posterior, superior.
    var step = first.map { placement in placement.normal.map { $0 * (thickness ?? 1) } }
    if let first, let last, first.position != last.position {
      step = zip(first.position, last.position).map { ($1 - $0) / Double(pixels.frames - 1) }
    }
    let between = step.map { ($0.reduce(0) { $0 + $1 * $1 }).squareRoot() } ?? thickness ?? 0
    spacingMillimeters = [plane?.column ?? 0, plane?.row ?? 0, between].map { Float($0) }
    guard let first, let step, let plane else {
      affine = nil
      return
    }
    // NIfTI counts right and anterior up, DICOM left and posterior: the first two rows change their sign.
    affine = (0..<3).map { axis in
      let row = [first.orientation[axis] * plane.column, first.orientation[axis + 3] * plane.row, step[axis], first.position[axis]]
      return row.map { Float(axis < 2 ? 0 - $0 : $0) }
    }
  }

  /// Modality units of all frames.
  func values() throws -> [Float] {
    try (0..<frames).flatMap { frame in
      try Slice(
        pixels: scan.pixels, photometric: scan.photometric, dataset: scan.dataset, frame: frame, spacingMillimeters: scan.spacingMillimeters
      ).values
    }
  }

  func volume(_ samples: NIfTIVolume.Samples) -> NIfTIVolume {
    NIfTIVolume(columns: columns, rows: rows, frames: frames, samples: samples, spacingMillimeters: spacingMillimeters, affine: affine)
  }
}

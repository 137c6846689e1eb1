import ScanModel

/// One person who never lived: a kind of anatomy, and slices with their lesions.
struct PhantomPatient {
  enum Anatomy: String {
    case abdomen = "C"
    case head = "M"
  }

  struct Slice {
    let index: Int
    /// Place along the patient, 0 to 1.
    let z: Float
    let kind: LesionKind
    /// Of the lesion's section, as a share of half the image.
    let radius: Float
  }

  let anatomy: Anatomy
  let index: Int
  /// Three characters that stand for the patient in planted texts and file names.
  let code: String
  let slices: [Slice]
  private let random: PhantomRandom

  init(_ anatomy: Anatomy, index: Int, code: String, slices count: Int, random: PhantomRandom) {
    self.anatomy = anatomy
    self.index = index
    self.code = code
    self.random = random
    slices = PhantomPatient.plan(count, random: random.stream("plan"))
  }

  /// Each patient has all kinds, in blocks of neighbouring slices and in an own order, so that a split by patient keeps every label.
  private static func plan(_ count: Int, random: PhantomRandom) -> [Slice] {
    let orders: [[LesionKind]] = [
      [.normal, .cyst, .nodule], [.cyst, .normal, .nodule], [.nodule, .normal, .cyst], [.normal, .nodule, .cyst],
      [.cyst, .nodule, .normal],
      [.nodule, .cyst, .normal],
    ]
    let order = orders[Int(random.bits(0) % 6)]
    return (0..<count).map { index in
      let block = min(2, index * 3 / count)
      let first = (block * count + 2) / 3
      let length = max(1, ((block + 1) * count + 2) / 3 - first)
      // From -0.75 to 0.75 through the lesion, which is an ellipsoid.
      let t = (Float(index - first) + 0.5) / Float(length) * 1.5 - 0.75
      let radius = random.between(0.1, 0.16, block + 1) * (1 - t * t).squareRoot()
      let kind = order[block]
      return Slice(index: index, z: (Float(index) + 0.5) / Float(count), kind: kind, radius: kind == .normal ? 0 : radius)
    }
  }

  /// Modality values (Hounsfield units or MR intensities) and the lesion's mask.
  func image(_ slice: Slice, size: Int) -> (values: [Float], mask: [UInt8]) {
    let noise = random.stream("noise").stream(slice.index)
    let section: LesionSection?
    let canvas: Canvas
    switch anatomy {
    case .abdomen:
      let phantom = AbdomenPhantom(random: random)
      section = slice.kind == .normal ? nil : phantom.lesion(slice.kind, z: slice.z, radius: slice.radius)
      canvas = phantom.slice(z: slice.z, size: size, lesion: section, noise: noise)
    case .head:
      let phantom = HeadPhantom(random: random)
      section = slice.kind == .normal ? nil : phantom.lesion(slice.kind, z: slice.z, radius: slice.radius)
      canvas = phantom.slice(z: slice.z, size: size, lesion: section, noise: noise)
    }
    let mask = section.map { lesion in canvas.mask { lesion.distance($0, $1) } } ?? [UInt8](repeating: 0, count: size * size)
    return (canvas.values, mask)
  }
}

/// How a patient's scanner stores pixels.
struct PhantomStorage {
  var transferSyntaxUID = UID.explicitVRLittleEndian
  var bitsStored = 12
  var isSigned = false
  var slope = 1.0
  var intercept = 0.0
  var isInverted = false
  var padding: Int?

  static let rle = "1.2.840.10008.1.2.5"
  static let jpegLossless = "1.2.840.10008.1.2.4.70"
  static let jpegLS = "1.2.840.10008.1.2.4.80"

  /// Patients take turns through what real archives hold.
  init(_ patient: PhantomPatient) {
    switch (patient.anatomy, patient.index % 6) {
    case (.abdomen, 0): intercept = -1024
    case (.abdomen, 1): (transferSyntaxUID, bitsStored, isSigned, padding) = (UID.implicitVRLittleEndian, 16, true, -2000)
    case (.abdomen, 2): (transferSyntaxUID, bitsStored, slope, intercept) = (UID.deflatedExplicitVRLittleEndian, 13, 0.37, -1025.25)
    case (.abdomen, 3): (transferSyntaxUID, intercept) = (PhantomStorage.jpegLossless, -1024)
    case (.abdomen, 4): (transferSyntaxUID, intercept) = (PhantomStorage.rle, -1024)
    case (.abdomen, _): (transferSyntaxUID, intercept) = (PhantomStorage.jpegLS, -1024)
    case (.head, 0): transferSyntaxUID = UID.implicitVRLittleEndian
    case (.head, 1): break
    case (.head, 2): transferSyntaxUID = UID.explicitVRBigEndian
    case (.head, 3): (transferSyntaxUID, isInverted) = (PhantomStorage.rle, true)
    case (.head, 4): transferSyntaxUID = PhantomStorage.jpegLS
    case (.head, _): transferSyntaxUID = PhantomStorage.jpegLossless
    }
  }

  /// Little-endian 16-bit words. Outside the field of view a CT may store its padding value.
  func words(_ values: [Float], size: Int) -> [UInt8] {
    let range = isSigned ? -(1 << (bitsStored - 1))...(1 << (bitsStored - 1)) - 1 : 0...(1 << bitsStored) - 1
    var words: [UInt8] = []
    words.reserveCapacity(values.count * 2)
    for (index, value) in values.enumerated() {
      var stored = Int(((Double(value) - intercept) / slope).rounded())
      if isInverted { stored = range.upperBound - stored }
      stored = min(max(stored, range.lowerBound), range.upperBound)
      if let padding {
        let (x, y) = (Double(index % size) - Double(size - 1) / 2, Double(index / size) - Double(size - 1) / 2)
        if x * x + y * y > Double(size * size) / 4 { stored = padding }
      }
      words.append(UInt8(truncatingIfNeeded: stored))
      words.append(UInt8(truncatingIfNeeded: stored >> 8))
    }
    return words
  }
}

package import Diagnostics

/// Datasets as Explicit VR Little Endian bytes. PS3.5 chapter 7.
///
/// This is how datasets travel between the decode worker and the program, and how DICOM files are written. `encode` is
/// deterministic, and `decode(encode(x)) == x` for every dataset whose values have even length, with three exceptions that
/// the standard asks for:
/// - group lengths (gggg,0000) are left out: retired since 2008, and stale after any change;
/// - a value over 65,534 bytes in a VR with a 16-bit length is written as UN (PS3.5 section 6.2.2, note on UN);
/// - a sequence is always written as SQ, whatever the element's VR was.
///
/// Sequences and items are written with undefined length and delimiters: one pass, and no 4 GiB ceiling on nested content.
/// Reading takes both forms.
package enum ExplicitStream {
  /// Sequences in sequences that `decode` follows, the limit of DEID.md for hostile input.
  package static let maximumDepth = 64

  static let undefinedLength: UInt32 = 0xFFFF_FFFF
  static let item = Tag(0xFFFE, 0xE000)
  static let itemDelimitation = Tag(0xFFFE, 0xE00D)
  static let sequenceDelimitation = Tag(0xFFFE, 0xE0DD)

  /// - Returns: the dataset's elements in ascending order, each value padded to even length; no preamble and no group 0002 of its own.
  package static func encode(_ dataset: Dataset) -> [UInt8] {
    var writer = ExplicitStreamWriter()
    writer.write(dataset)
    return writer.bytes
  }

  /// Reads a whole stream of elements in explicit VR.
  ///
  /// A UN element of undefined length holds implicit VR content (PS3.5 section 6.2.2, note 1 on UN); it is read and comes out as SQ.
  /// Of elements with equal tags the first is kept; elements out of order are sorted; group lengths are left out.
  /// - Throws: `ExplicitStreamError`.
  package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ExplicitStreamError) -> Dataset {
    var reader = ExplicitStreamReader(bytes)
    return try reader.dataset(until: bytes.count, encoding: .explicit, depth: 0, isItem: false)
  }

  /// Reads a whole stream of elements in implicit VR, Little Endian; VRs are the dictionary's (PS3.5 section A.1).
  package static func decodeImplicit(_ bytes: UnsafeRawBufferPointer) throws(ExplicitStreamError) -> Dataset {
    var reader = ExplicitStreamReader(bytes)
    return try reader.dataset(until: bytes.count, encoding: .implicit, depth: 0, isItem: false)
  }

  package static func decode(_ bytes: [UInt8]) throws(ExplicitStreamError) -> Dataset {
    let result: Result<Dataset, ExplicitStreamError> = bytes.withUnsafeBytes { buffer in
      do throws(ExplicitStreamError) { return .success(try decode(buffer)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Reads a stream of items in implicit VR, as nested in UN values of a known length (a sequence hidden by a tool that did not know it).
  ///
  /// - Returns: nil when the bytes are not a whole stream of items: then the value is something else.
  package static func decodeImplicitItems(_ bytes: [UInt8]) -> [Dataset]? {
    guard bytes.count >= 8 else { return nil }
    return bytes.withUnsafeBytes { buffer in
      var reader = ExplicitStreamReader(buffer)
      return try? reader.items(until: buffer.count, isDelimited: false, encoding: .implicit, depth: 1, tag: item)
    }
  }
}

/// Why bytes are not a dataset.
package enum ExplicitStreamError: ExplainedError, Equatable {
  /// An element or item runs past the end of what holds it.
  case truncated(tag: Tag)
  /// Two bytes that are no VR.
  case unknownVR(tag: Tag)
  /// An item, delimiter or element where another kind belongs.
  case misplaced(tag: Tag)
  /// Sequences nested deeper than `ExplicitStream.maximumDepth`.
  case tooDeep(tag: Tag)

  package var kind: FailureKind { .item }

  package var code: String {
    switch self {
    case .truncated: "dicom.truncated"
    case .unknownVR: "dicom.unknownVR"
    case .misplaced: "dicom.structure"
    case .tooDeep: "dicom.tooDeep"
    }
  }

  package var what: String {
    switch self {
    case .truncated: "the element's length runs past the end of the data"
    case .unknownVR: "the element's value representation is not one that DICOM defines"
    case .misplaced: "an item or delimiter stands where it does not belong"
    case .tooDeep: "sequences are nested more than \(ExplicitStream.maximumDepth) deep"
    }
  }

  package var place: String? {
    switch self {
    case .truncated(let tag), .unknownVR(let tag), .misplaced(let tag), .tooDeep(let tag): tag.description
    }
  }

  package var remedy: String { "Export the file again from its source system; this copy is damaged." }
}

import CDCMTK
import ScanModel

/// Decodes a DICOM object: the dataset as Explicit VR Little Endian, and its samples as words before any LUT or color conversion.
struct DICOMDecoder {
  let output: OutputMemory

  /// - Parameter reply: filled as far as decoding came, also when it throws.
  func decode(_ bytes: UnsafeRawBufferPointer, wantsPixels: Bool, reply: inout DecodeReply) throws(CodecError) {
    let object = try DICOMObject(bytes)
    reply.modality = object.modality.isEmpty ? nil : object.modality
    reply.filePhotometric = object.photometric.isEmpty ? nil : object.photometric
    reply.photometric = reply.filePhotometric
    reply.fileTransferSyntaxUID = object.info.has_meta != 0 ? object.transferSyntaxUID : nil
    reply.transferSyntaxUID = object.isEncapsulated ? object.transferSyntaxUID : UID.explicitVRLittleEndian
    if object.info.has_meta == 0 { reply.warn(.metaMissing) }
    reply.datasetBytes = try object.withDataset { dataset throws(CodecError) in
      try output.write(dataset: dataset)
      return dataset.count
    }
    guard wantsPixels, object.info.pixel_kind != 0 else { return }
    let layout = try DICOMLayout(object.info)
    reply.layout = layout.reply
    if object.isEncapsulated {
      try decodeFrames(object, layout, &reply)
    } else {
      try decodeNative(object, layout, &reply)
    }
  }

  private func decodeNative(_ object: DICOMObject, _ layout: DICOMLayout, _ reply: inout DecodeReply) throws(CodecError) {
    let stored = try object.nativePixels()
    var expected = layout.storedBytes
    // Two bytes a pixel instead of three; a file whose length says three was written upsampled.
    let isHalved = layout.samples == 3 && layout.bitsAllocated == 8 && object.photometric.hasSuffix("_422") && stored.count < expected
    if isHalved {
      guard layout.columns % 2 == 0 else { throw .attribute(.columns, "Columns is odd, and 4:2:2 pixels come in pairs") }
      expected = layout.pixelsPerFrame * layout.frames * 2
    }
    guard stored.count >= expected else {
      reply.warn(.pixelShort)
      throw .pixelShort(expected: expected, found: stored.count)
    }
    if stored.count > expected + expected % 2 { reply.warn(.pixelLong) }
    let image = UnsafeRawBufferPointer(rebasing: stored[0..<expected])
    reply.wordsBytes = layout.wordsBytes
    if layout.isWhole, !isHalved, !layout.isPlanar {
      // Bits above Bits Stored of unsigned samples are left as they are; a negative number is only itself with its sign extended.
      guard hasDirtyBits(image, layout) else {
        reply.wordsAreDatasetBytes = true
        return
      }
      reply.warn(.dirtyBits)
      if !layout.isSigned {
        reply.wordsAreDatasetBytes = true
        return
      }
      let words = try makeRoom(layout, &reply)
      NativePixels.extendSigns(image, wordBytes: layout.wordBytes, bitsStored: layout.bitsStored, into: words)
      return
    }
    let words = try makeRoom(layout, &reply)
    if isHalved {
      NativePixels.upsample422(image, pixels: layout.pixelsPerFrame * layout.frames, into: words)
    } else if layout.isWhole {
      interleaveFrames(image, layout, into: words)
    } else if layout.isPlanar {
      throw .unsupported(.dicom, "Separate color planes of \(layout.bitsAllocated)-bit samples are not supported")
    } else {
      NativePixels.unpackBits(
        image, bits: layout.bitsAllocated, isSigned: layout.isSigned, count: layout.samplesInAll, wordBytes: layout.wordBytes, into: words)
    }
    cleanUnusedBits(words, layout, &reply)
  }

  private func decodeFrames(_ object: DICOMObject, _ layout: DICOMLayout, _ reply: inout DecodeReply) throws(CodecError) {
    guard let codec = FrameCodec(transferSyntaxUID: object.transferSyntaxUID) else {
      throw .unsupported(.dicom, "Pixels in transfer syntax \(object.transferSyntaxUID) are not decoded")
    }
    switch codec {
    case .rle:
      let words = try makeRoom(layout, &reply)
      try decodeRLE(object, layout, into: words)
      cleanUnusedBits(words, layout, &reply)
    case .jpeg2000:
      guard layout.isWhole, layout.wordBytes <= 4 else { throw .attribute(.bitsAllocated, "JPEG 2000 needs Bits Allocated 8, 16 or 32") }
      let words = try makeRoom(layout, &reply)
      try decodeJPEG2000(object, layout, into: words, &reply)
      // The codec undoes its own color transform.
      if object.photometric == "YBR_RCT" || object.photometric == "YBR_ICT" { reply.photometric = "RGB" }
    case .jpeg:
      guard layout.isWhole else { throw .attribute(.bitsAllocated, "JPEG needs Bits Allocated 8 or 16") }
      let (decoded, isPlanar, photometric) = try object.decodedPixels()
      guard decoded.count >= layout.wordsBytes else { throw .pixelShort(expected: layout.wordsBytes, found: decoded.count) }
      let image = UnsafeRawBufferPointer(rebasing: decoded[0..<layout.wordsBytes])
      let words = try makeRoom(layout, &reply)
      if isPlanar, layout.samples > 1 {
        interleaveFrames(image, layout, into: words)
      } else {
        words.copyMemory(from: image)
      }
      if !photometric.isEmpty { reply.photometric = photometric }
    }
  }

  private func makeRoom(_ layout: DICOMLayout, _ reply: inout DecodeReply) throws(CodecError) -> UnsafeMutableRawBufferPointer {
    let (offset, words) = try output.words(count: layout.wordsBytes, after: reply.datasetBytes)
    reply.wordsOffset = offset
    reply.wordsBytes = words.count
    return words
  }

  private func interleaveFrames(_ image: UnsafeRawBufferPointer, _ layout: DICOMLayout, into words: UnsafeMutableRawBufferPointer) {
    let frameBytes = layout.wordsBytes / layout.frames
    for frame in 0..<layout.frames {
      let range = frame * frameBytes..<(frame + 1) * frameBytes
      NativePixels.interleave(
        UnsafeRawBufferPointer(rebasing: image[range]), pixels: layout.pixelsPerFrame, samples: layout.samples, wordBytes: layout.wordBytes,
        into: UnsafeMutableRawBufferPointer(rebasing: words[range]))
    }
  }

  private func decodeRLE(_ object: DICOMObject, _ layout: DICOMLayout, into words: UnsafeMutableRawBufferPointer) throws(CodecError) {
    guard layout.isWhole || layout.bitsAllocated == 1 && layout.samples == 1 else {
      throw .attribute(.bitsAllocated, "RLE needs Bits Allocated 1 or a multiple of 8")
    }
    let frames = try FrameFragments.group(object.items(), frames: layout.frames)
    let frameBytes = layout.wordsBytes / layout.frames
    for (index, fragments) in frames.enumerated() {
      let target = UnsafeMutableRawBufferPointer(rebasing: words[index * frameBytes..<(index + 1) * frameBytes])
      let frame = FrameFragments.frame(fragments)
      let result: Result<Void, CodecError> = frame.withUnsafeBytes { bytes in
        do throws(CodecError) {
          if layout.bitsAllocated == 1 {
            try decodeRLEBits(bytes, pixels: layout.pixelsPerFrame, into: target)
          } else {
            try RLEDecoder.decode(bytes, cells: layout.pixelsPerFrame, samples: layout.samples, wordBytes: layout.wordBytes, into: target)
          }
          return .success(())
        } catch {
          return .failure(error)
        }
      }
      try result.get()
    }
  }

  /// One segment holds the frame's packed bits.
  private func decodeRLEBits(_ frame: UnsafeRawBufferPointer, pixels: Int, into target: UnsafeMutableRawBufferPointer) throws(CodecError) {
    var packed = [UInt8](repeating: 0, count: (pixels + 7) / 8)
    let result: Result<Void, CodecError> = packed.withUnsafeMutableBytes { buffer in
      do throws(CodecError) {
        try RLEDecoder.decode(frame, cells: buffer.count, samples: 1, wordBytes: 1, into: buffer)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
    packed.withUnsafeBytes { NativePixels.unpackBits($0, bits: 1, isSigned: false, count: pixels, wordBytes: 1, into: target) }
  }

  private func decodeJPEG2000(
    _ object: DICOMObject, _ layout: DICOMLayout, into words: UnsafeMutableRawBufferPointer, _ reply: inout DecodeReply
  ) throws(CodecError) {
    let frames = try FrameFragments.group(object.items(), frames: layout.frames)
    let frameBytes = layout.wordsBytes / layout.frames
    for (index, fragments) in frames.enumerated() {
      let target = UnsafeMutableRawBufferPointer(rebasing: words[index * frameBytes..<(index + 1) * frameBytes])
      if try JPEG2000Frame.decode(FrameFragments.frame(fragments), layout, into: target) { reply.warn(.pixelMismatch) }
    }
  }

  private func hasDirtyBits(_ words: UnsafeRawBufferPointer, _ layout: DICOMLayout) -> Bool {
    guard !layout.isFloat, layout.isWhole, layout.bitsStored < layout.wordBits else { return false }
    return NativePixels.hasDirtyBits(words, wordBytes: layout.wordBytes, bitsStored: layout.bitsStored, isSigned: layout.isSigned)
  }

  private func cleanUnusedBits(_ words: UnsafeMutableRawBufferPointer, _ layout: DICOMLayout, _ reply: inout DecodeReply) {
    guard hasDirtyBits(UnsafeRawBufferPointer(words), layout) else { return }
    reply.warn(.dirtyBits)
    guard layout.isSigned else { return }
    NativePixels.extendSigns(UnsafeRawBufferPointer(words), wordBytes: layout.wordBytes, bitsStored: layout.bitsStored, into: words)
  }
}

import ScanModel

extension PixelBuffer {
  /// One frame with the first `samples` samples of each pixel, pixel by pixel; nil when there is no such frame.
  func frame(_ index: Int, samples kept: Int) -> PixelBuffer? {
    let (count, width) = (rows * columns, bytesPerSample)
    guard (0..<frames).contains(index), kept <= samplesPerPixel, words.count >= (index + 1) * bytesPerFrame else { return nil }
    var result = self
    (result.frames, result.samplesPerPixel, result.isPlanar) = (1, kept, false)
    if samplesPerPixel == kept, !isPlanar || kept == 1 {
      result.words = Array(words[index * bytesPerFrame..<(index + 1) * bytesPerFrame])
      return result
    }
    result.words = [UInt8](repeating: 0, count: count * kept * width)
    for pixel in 0..<count {
      for sample in 0..<kept {
        let place = index * samplesPerFrame + (isPlanar ? sample * count + pixel : pixel * samplesPerPixel + sample)
        for byte in 0..<width { result.words[(pixel * kept + sample) * width + byte] = words[place * width + byte] }
      }
    }
    return result
  }
}

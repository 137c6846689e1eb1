package import ForgeNN
package import Foundation

/// Extractors whose weights lie in files.
package enum FeatureExtractors {
  /// A classifier that was trained here, or a VGG network with weights from elsewhere; the file tells.
  package static func read(_ url: URL) throws(CheckpointError) -> any FeatureExtractor {
    let file = try SafeTensors(contentsOf: url)
    if file.metadata[CheckpointWriter.descriptionKey] != nil {
      return try ImageClassifier(CheckpointReader(file, fileName: url.lastPathComponent))
    }
    return try VGGExtractor(VGGNetwork(contentsOf: url))
  }
}

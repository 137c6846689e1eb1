package import ForgeNN
package import Foundation

/// The three files of a trained model, and the best checkpoint of one that is being trained.
package struct ModelFolder: Sendable {
  package let url: URL

  package init(_ url: URL) { self.url = url }

  /// What `generate` and `upscale` use: the averaged generator, with its description in the metadata.
  package var model: URL { url.appendingPathComponent("model.safetensors") }
  /// What a resumed training needs: weights, moments, averages, counters.
  package var state: URL { url.appendingPathComponent("state.safetensors") }
  /// The description for people and programs, with a summary of the training.
  package var summary: URL { url.appendingPathComponent("model.json") }

  /// The checkpoint to return to, a state like `state`. Its name holds its step: the state on the disk names one that is there, whichever
  /// of the two files was written last.
  package func best(step: Int) -> URL { url.appendingPathComponent("best-\(step).safetensors") }
  /// All such checkpoints that lie there.
  package var bests: [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.filter { $0.hasPrefix("best-") && $0.hasSuffix(".safetensors") }.sorted().map { url.appendingPathComponent($0) }
  }

  /// The model file of a folder, or the file itself when `url` is one.
  package static func modelFile(_ url: URL) -> URL {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    return exists && isFolder.boolValue ? ModelFolder(url).model : url
  }
}

/// What a model file says of itself: enough to build the network and to interpret its values.
package struct ModelDescription: Sendable, Equatable {
  package static let format = 1

  package var model: String
  package var configuration: JSON
  package var labelNames: [String]
  /// What images are conditioned on beside their label.
  package var conditions: ConditionTable
  package var seed: UInt64
  /// Facts that belong to whoever supplied the images (window, spacing, normalization); no times, paths or identities.
  package var attributes: [String: JSON]

  package init(
    model: String, configuration: JSON, labelNames: [String], conditions: ConditionTable = .none, seed: UInt64, attributes: [String: JSON]
  ) {
    self.model = model
    self.configuration = configuration
    self.labelNames = labelNames
    self.conditions = conditions
    self.seed = seed
    self.attributes = attributes
  }

  package var json: JSON {
    let members: [String: JSON] = [
      "format": .integer(ModelDescription.format), "model": .string(model), "configuration": configuration,
      "labels": .array(labelNames.map(JSON.string)), "seed": .string(String(seed)), "attributes": .object(attributes),
    ]
    return .object(members.merging(conditions.members) { $1 })
  }

  /// - Parameter file: stands for the file in errors.
  package init(_ json: JSON, file: String) throws(CheckpointError) {
    guard let format = json["format"]?.integerValue, let model = json["model"]?.stringValue, let configuration = json["configuration"],
      let labels = json["labels"]?.arrayValue, let seedText = json["seed"]?.stringValue, let seed = UInt64(seedText)
    else { throw .wrongKind(file: file, reason: "the description of the model is incomplete") }
    guard format == ModelDescription.format else {
      throw .wrongKind(file: file, reason: "the model has format \(format), this program reads format \(ModelDescription.format)")
    }
    var names: [String] = []
    for label in labels {
      guard let name = label.stringValue else { throw .wrongKind(file: file, reason: "a label of the model is not a text") }
      names.append(name)
    }
    guard let conditions = ConditionTable(json, labels: names.count) else {
      throw .wrongKind(file: file, reason: "what it says of its conditions cannot be read")
    }
    self.init(
      model: model, configuration: configuration, labelNames: names, conditions: conditions, seed: seed,
      attributes: json["attributes"]?.objectValue ?? [:])
  }
}

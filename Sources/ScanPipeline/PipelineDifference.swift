import ForgeNN
import ScanCatalog
import ScanDeid

/// What a pipeline that is to be resumed has otherwise than the one of its name that was begun in the workspace.
struct PipelineDifference {
  /// One for each option of a finished stage, with the value of then and the one of now; empty when none was begun, or only later stages differ.
  let phrases: [String]

  init(of spec: PipelineSpec, in catalog: Catalog) throws {
    let finished = try catalog.lastStages(ofPipelineNamed: spec.name)
    var phrases: [String] = []
    if let seed = finished.first?.summary["seed"]?.stringValue, seed != String(spec.seed) { phrases.append("seed \(seed) (now \(spec.seed))") }
    for stage in finished {
      let place = "stage \(stage.position + 1)"
      guard stage.position < spec.steps.count else {
        phrases.append("\(place) \(stage.name) (now none)")
        continue
      }
      let present = spec.steps[stage.position].stage
      let name = type(of: present).name
      guard name == stage.name else {
        phrases.append("\(place) \(stage.name) (now \(name))")
        continue
      }
      let old = (stage.summary["options"]?.objectValue ?? [:]).compactMapValues(\.stringValue)
      let new = StageOptions.texts(of: present)
      for key in Set(old.keys).union(new.keys).sorted() where old[key] != new[key] {
        phrases.append("\(place) \(name): \(key) \(old[key] ?? "unset") (now \(new[key] ?? "unset"))")
      }
    }
    self.phrases = phrases
  }
}

/// The options of a stage by name, as the journal of a pipeline keeps them so that it can later be told which of them differ.
enum StageOptions {
  static func texts(of stage: any Stage) -> [String: String] {
    switch stage {
    case let stage as TrainStage: return flat(stage.options.parameters, under: "")
    case let stage as DeidentifyStage: return ["options": stage.options.map(\.rawValue).sorted().joined(separator: " ")]
    default:
      let texts = flat(stage)
      guard type(of: stage).name == IngestStage.name || type(of: stage).name == ExportStage.name else { return texts }
      return Dictionary(
        uniqueKeysWithValues: texts.map { name, text in
          (name, pathOptions.contains(name) && text != "unset" ? "hash \(ContentDigest(ofText: text).hex.prefix(8))" : text)
        })
    }
  }

  /// Paths may name a patient, so that the journal has a hash of them.
  private static let pathOptions: Set<String> = ["from", "to", "labels", "subjects", "masks"]

  /// The stored properties of a structure, and those of structures in it, by name.
  private static func flat(_ value: Any) -> [String: String] {
    Mirror(reflecting: value).children.reduce(into: [:]) { texts, child in
      guard let name = child.label else { return }
      let mirror = Mirror(reflecting: child.value)
      if mirror.displayStyle == .struct, !mirror.children.isEmpty {
        texts.merge(flat(child.value)) { first, _ in first }
      } else {
        texts[name] = text(child.value)
      }
    }
  }

  private static func text(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    // Sets and dictionaries have another order in each process.
    if mirror.displayStyle == .set || mirror.displayStyle == .dictionary {
      return "[\(mirror.children.map { String(describing: $0.value) }.sorted().joined(separator: ", "))]"
    }
    guard mirror.displayStyle == .optional else { return String(describing: value) }
    return mirror.children.first.map { text($0.value) } ?? "unset"
  }

  private static func flat(_ value: JSON, under name: String) -> [String: String] {
    guard let members = value.objectValue else { return [name: value.stringValue ?? value.text()] }
    return members.reduce(into: [:]) { texts, member in
      let path = name.isEmpty || name == "options" ? member.key : "\(name).\(member.key)"
      texts.merge(flat(member.value, under: path)) { first, _ in first }
    }
  }
}

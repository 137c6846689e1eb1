import ForgeNN

/// What a training that is to go on has otherwise than its stored state: options by name, with the value of then and the one of now.
struct ResumeDifference {
  /// One for each option: `steps 4 (now 5)`.
  let phrases: [String]

  /// - Parameters:
  ///   - stored: members `model`, `plan` and `data` of the state.
  ///   - present: the same of the training that is to go on.
  init(stored: JSON, present: [String: JSON]) {
    func part(_ name: String) -> (JSON, JSON) { (stored[name] ?? .null, present[name] ?? .null) }
    let (old, new) = part("model")
    guard old["model"] == new["model"] else {
      phrases = [Self.phrase("model", old["model"], new["model"])]
      return
    }
    let (oldPlan, newPlan) = part("plan")
    let (oldData, newData) = part("data")
    phrases = Self.options(old, new) + Self.options(oldPlan, newPlan, defaults: Self.planDefaults) + Self.data(oldData, newData)
  }

  /// What a plan that does not say it has.
  private static let planDefaults: [String: JSON] = [
    "accumulate": 1, "returns": .integer(TrainingPlan.defaultReturns), "heedsFindings": true,
  ]

  /// Groups of options whose name says nothing to a user.
  private static let groups: Set<String> = ["configuration", "attributes"]

  private static func options(_ old: JSON, _ new: JSON, under name: String = "", defaults: [String: JSON] = [:]) -> [String] {
    guard old != new else { return [] }
    guard let olds = old.objectValue, let news = new.objectValue else { return [phrase(name, old, new)] }
    return Set(olds.keys).union(news.keys).sorted().flatMap { key -> [String] in
      let path = groups.contains(key) ? name : name.isEmpty ? key : "\(name).\(key)"
      let (then, now) = (olds[key] ?? defaults[key], news[key] ?? defaults[key])
      guard let then, let now else { return [phrase(path, then, now)] }
      return options(then, now, under: path)
    }
  }

  private static func data(_ old: JSON, _ new: JSON) -> [String] {
    guard old != new else { return [] }
    if old["count"] != new["count"] || old["size"] != new["size"] {
      return ["count", "size"].filter { old[$0] != new[$0] }.map { phrase($0 == "count" ? "training images:" : "their size", old[$0], new[$0]) }
    }
    if old["fingerprint"] != new["fingerprint"] { return ["other training images (as many, of other content, labels or order)"] }
    return ["other attributes of the training images"]
  }

  private static let mostCharacters = 60

  private static func phrase(_ name: String, _ old: JSON?, _ new: JSON?) -> String { "\(name) \(text(old)) (now \(text(new)))" }

  private static func text(_ value: JSON?) -> String {
    guard let value, value != .null else { return "unset" }
    let text = value.stringValue ?? value.text()
    return text.count > mostCharacters ? text.prefix(mostCharacters) + "…" : text
  }
}

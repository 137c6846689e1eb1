package import Foundation
import Yams

/// A pipeline file, decoded: a name, a seed and stages in order.
package struct PipelineSpec: Sendable {
  package struct Step: Sendable {
    package let stage: any Stage
    package let position: PlanError.Position
  }

  package let name: String
  package let seed: UInt64
  package let steps: [Step]

  /// Reads a file strictly: an unknown key is an error with line and column.
  package init(contentsOf url: URL) throws(PlanError) {
    try self.init(yaml: YAMLFile.text(of: url))
  }

  package init(yaml: String) throws(PlanError) {
    let root: Node
    do {
      guard let node = try Yams.compose(yaml: yaml) else { throw PlanError.noStages }
      root = node
    } catch let error as PlanError {
      throw error
    } catch {
      throw PipelineSpec.syntaxError(error)
    }
    var options = try OptionReader(root, section: "the pipeline")
    guard let name = try options.string("name") else { throw options.missing("name") }
    guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }), name.count <= 64, name.first != "." else {
      throw .outOfRange(key: "name", allowed: "letters, digits, - and _, at most 64", options.positionOf("name"))
    }
    let seed = try options.int("seed", in: 0...Int.max) ?? 0
    guard options.has("stages") else { throw options.missing("stages") }
    let list = root.mapping?.first { $0.key.string == "stages" }?.value
    guard let sequence = list?.sequence else { throw .wrongType(key: "stages", expected: "a list", options.positionOf("stages")) }
    try options.finish()
    var steps: [Step] = []
    for item in sequence { steps.append(try PipelineSpec.step(item)) }
    guard !steps.isEmpty else { throw .noStages }
    self.name = name
    self.seed = UInt64(seed)
    self.steps = steps
  }

  package init(name: String, seed: UInt64, stages: [any Stage]) {
    self.name = name
    self.seed = seed
    steps = stages.map { Step(stage: $0, position: PlanError.Position(line: 1, column: 1)) }
  }

  /// `- stage: { options }`, or `- stage` alone.
  private static func step(_ item: Node) throws(PlanError) -> Step {
    let position = PlanError.Position(item)
    let name: String
    let body: Node
    if let mapping = item.mapping {
      guard mapping.count == 1, let only = mapping.first, let key = only.key.string else {
        throw .wrongType(key: "a stage", expected: "one name with its options", position)
      }
      (name, body) = (key, only.value)
    } else if let scalar = item.scalar {
      (name, body) = (scalar.string, .scalar(Node.Scalar("", .implicit, .any, item.mark)))
    } else {
      throw .wrongType(key: "a stage", expected: "a name with its options", position)
    }
    guard let type = StageRegistry.stages.first(where: { $0.name == name }) else {
      throw .unknownStage(name, known: StageRegistry.stages.map { $0.name }, position)
    }
    var options = try OptionReader(body, section: name)
    let stage = try type.init(&options)
    try options.finish()
    return Step(stage: stage, position: position)
  }

  static func syntaxError(_ error: any Error) -> PlanError {
    guard let yaml = error as? YamlError else { return .syntax("it could not be parsed", nil) }
    switch yaml {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      return .syntax(problem, PlanError.Position(line: mark.line, column: mark.column))
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.first.map { String(describing: $0) } ?? ""
      return .duplicateKey(key, in: "a mapping", PlanError.Position(line: context.mark.line, column: context.mark.column))
    default: return .syntax("it could not be parsed", nil)
    }
  }
}

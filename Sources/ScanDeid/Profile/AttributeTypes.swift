package import ScanModel

/// The Types (1, 2, 3) that PS3.3 gives attributes in the IOD of an instance; they settle the compound codes of Table E.1-1.
package enum AttributeTypes {
  /// Requirement Type of an attribute; conditional Types count as if their condition held, since the attribute is there.
  package enum Requirement: Int, Sendable, Comparable {
    case required = 1
    case mayBeEmpty = 2
    case optional = 3

    package static func < (a: Requirement, b: Requirement) -> Bool { a.rawValue < b.rawValue }
  }

  /// The Types inside one sequence: of its attributes, and of what lies in the sequences below.
  final class Node: Sendable {
    let requirements: [UInt32: Requirement]
    let children: [UInt32: Node]

    init(requirements: [UInt32: Requirement], children: [UInt32: Node]) {
      self.requirements = requirements
      self.children = children
    }

    static let none = Node(requirements: [:], children: [:])
  }

  /// Which IOD and which of its conditional modules an instance has: instances with equal keys share their Types.
  struct Key: Hashable, Sendable {
    var iod: Int
    /// Ordinals of the C and U modules in use, in the IOD's order.
    var used: [Int]
  }

  /// - Returns: nil for a SOP class that is not in PS3.4.
  ///
  /// A module of usage C or U counts when the instance has a top-level attribute of it that no mandatory module of the IOD has, or, for
  /// functional groups, one of the functional groups sequences.
  static func key(for dataset: Dataset) -> Key? {
    guard let sopClass = dataset.text(.sopClassUID), sopClass.hasPrefix(UID.standardRoot) else { return nil }
    guard let index = parsed.iodOfClass[String(sopClass.dropFirst(UID.standardRoot.count))] else { return nil }
    let hasFunctionalGroups = dataset[.sharedFunctionalGroupsSequence] != nil || dataset[.perFrameFunctionalGroupsSequence] != nil
    let used = parsed.iods[index].conditional.filter { candidate in
      (hasFunctionalGroups && parsed.modules[candidate.module].isFunctionalGroups)
        || candidate.evidence.contains { dataset[Tag(packed: $0)] != nil }
    }
    return Key(iod: index, used: used.map(\.module))
  }

  /// The strictest Type over the modules of `key`, by path.
  static func tree(for key: Key) -> Node {
    let builder = Builder()
    for module in parsed.iods[key.iod].mandatory + key.used {
      for (path, requirement) in parsed.modules[module].entries { builder.insert(path[...], requirement) }
    }
    return builder.node
  }

  private final class Builder {
    var requirements: [UInt32: Requirement] = [:]
    var children: [UInt32: Builder] = [:]

    func insert(_ path: ArraySlice<UInt32>, _ requirement: Requirement) {
      guard let first = path.first else { return }
      if path.count == 1 {
        requirements[first] = min(requirements[first] ?? requirement, requirement)
      } else {
        let child = children[first] ?? Builder()
        children[first] = child
        child.insert(path.dropFirst(), requirement)
      }
    }

    var node: Node { Node(requirements: requirements, children: children.mapValues(\.node)) }
  }

  private struct Module: Sendable {
    var entries: [(path: [UInt32], requirement: Requirement)] = []
    var isFunctionalGroups = false

    var topLevel: Set<UInt32> { Set(entries.map { $0.path[0] }) }
  }

  private struct IOD: Sendable {
    var mandatory: [Int] = []
    var conditional: [(module: Int, evidence: [UInt32])] = []
  }

  private struct Parsed: Sendable {
    var modules: [Module] = []
    var iods: [IOD] = []
    var iodOfClass: [String: Int] = [:]
  }

  /// Parsed on first use, once.
  private static let parsed: Parsed = {
    var parsed = Parsed()
    for record in TableText.records(moduleRows) {
      let fields = record.split(separator: "|")
      var module = Module(isFunctionalGroups: fields[0].hasSuffix("functional-groups"))
      for entry in fields[1].split(separator: " ") {
        let sides = entry.split(separator: "=")
        let path = sides[0].split(separator: "/").compactMap { UInt32($0, radix: 16) }
        guard let requirement = Int(sides[1]).flatMap(Requirement.init(rawValue:)) else { preconditionFailure("Types: \(entry)") }
        module.entries.append((path, requirement))
      }
      parsed.modules.append(module)
    }
    for record in TableText.records(iodRows) {
      let fields = record.split(separator: "|", omittingEmptySubsequences: false)
      for sopClass in fields[1].split(separator: " ") { parsed.iodOfClass[String(sopClass)] = parsed.iods.count }
      let uses = fields[2].split(separator: " ").compactMap { use in
        Int(use.dropFirst()).map { (isMandatory: use.first == "M", module: $0) }
      }
      var iod = IOD(mandatory: uses.filter(\.isMandatory).map(\.module))
      let common = iod.mandatory.reduce(into: Set<UInt32>()) { $0.formUnion(parsed.modules[$1].topLevel) }
      iod.conditional = uses.filter { !$0.isMandatory }.map { ($0.module, parsed.modules[$0.module].topLevel.subtracting(common).sorted()) }
      parsed.iods.append(iod)
    }
    return parsed
  }()

  /// The Type of the attribute at `path` (tags of the enclosing sequences, then its own) in an instance like `dataset`; nil when PS3.3 does not list it.
  package static func requirement(of path: [UInt32], in dataset: Dataset) -> Requirement? {
    guard let key = key(for: dataset), let last = path.last else { return nil }
    var node: Node? = tree(for: key)
    for tag in path.dropLast() { node = node?.children[tag] }
    return node?.requirements[last]
  }
}

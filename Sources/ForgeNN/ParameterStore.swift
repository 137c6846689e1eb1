package import ForgeTensor

/// All parameters of a model, by path, in the order in which its layers asked for them.
package final class ParameterStore {
  /// Every parameter draws its start from a stream of its own, named by its path: adding a layer changes no other layer's start.
  package let seed: UInt64
  package private(set) var parameters: [Parameter] = []
  private var index: [String: Int] = [:]

  /// Whether parameters start as anything, for a checkpoint to fill in: drawing them takes longer than reading them.
  let isBlank: Bool

  package init(seed: UInt64, isBlank: Bool = false) {
    self.seed = seed
    self.isBlank = isBlank
  }

  package var root: ParameterScope { ParameterScope(store: self, path: "") }

  package subscript(name: String) -> Parameter? { index[name].map { parameters[$0] } }

  /// The parameters below a path, in order; all for the empty path.
  package func parameters(under path: String, role: Parameter.Role? = nil) -> [Parameter] {
    parameters.filter { (path.isEmpty || $0.name.hasPrefix(path + "/")) && (role == nil || $0.role == role) }
  }

  /// Number of trainable values.
  package var weightCount: Int { parameters.lazy.filter { $0.role == .weight }.reduce(0) { $0 + $1.shape.count } }

  fileprivate func add(_ parameter: Parameter) -> Parameter {
    precondition(index[parameter.name] == nil, "two parameters are named \(parameter.name)")
    index[parameter.name] = parameters.count
    parameters.append(parameter)
    return parameter
  }
}

/// A place in the tree of names. `scope["up2"]["conv"]` makes names that begin with `up2/conv/`.
package struct ParameterScope {
  package let store: ParameterStore
  package let path: String

  package subscript(child: String) -> ParameterScope {
    precondition(!child.isEmpty, "a scope needs a name")
    return ParameterScope(store: store, path: path.isEmpty ? child : path + "/" + child)
  }

  /// A trainable parameter. `fans` are the numbers of inputs and outputs that meet in one value.
  package func weight(
    _ name: String, _ shape: Shape, layout: ParameterLayout = .plain, start: Initializer, fans: Initializer.Fans = .init(in: 1, out: 1)
  ) -> Parameter {
    make(name, shape, role: .weight, layout: layout, start: start, fans: fans)
  }

  /// A tensor that its layer updates itself.
  package func buffer(
    _ name: String, _ shape: Shape, layout: ParameterLayout = .plain, start: Initializer
  ) -> Parameter {
    make(name, shape, role: .buffer, layout: layout, start: start, fans: .init(in: 1, out: 1))
  }

  private func make(
    _ name: String, _ shape: Shape, role: Parameter.Role, layout: ParameterLayout, start: Initializer, fans: Initializer.Fans
  ) -> Parameter {
    let full = path.isEmpty ? name : path + "/" + name
    let value =
      store.isBlank ? Tensor(blank: shape) : start.tensor(shape, fans: fans, stream: RandomStream(seed: store.seed, named: full))
    return store.add(Parameter(name: full, role: role, layout: layout, value: value))
  }
}

extension RandomStream {
  /// The stream of a purpose: FNV-1a (64 bit) of its name.
  package init(seed: UInt64, named name: String) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    self.init(seed: seed, stream: hash)
  }
}

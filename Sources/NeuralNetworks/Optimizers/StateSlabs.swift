import BackendCore

/// The state of an optimizer, in slabs with the same parameters as the slabs of the model.
struct StateSlabs {
  /// The names of the state tensors of each parameter.
  private let names: [String]
  /// Returns the shapes of the state tensors of a parameter with a shape; nil if all of them have that shape.
  private let shapes: (@Sendable (_ shape: [Int]) -> [[Int]])?
  /// The layout of the parameters.
  private var layout: SlabLayout?
  /// The layout of each name.
  private var layouts: [SlabLayout] = []
  /// For each slab of the layout, one tensor per name.
  private var slabs: [[Tensor]] = []
  /// The state of parameters that are not in the layout: frozen now, or restored and not updated yet.
  private var parked: [String: [Tensor]] = [:]

  init(names: [String], shapes: (@Sendable (_ shape: [Int]) -> [[Int]])? = nil) {
    self.names = names
    self.shapes = shapes
  }

  /// Returns the shapes of the state tensors of a parameter.
  private func stateShapes(of shape: [Int]) -> [[Int]] { shapes?(shape) ?? names.map { _ in shape } }

  /// Arranges the state like the current parameters. New state is initialized to zeros.
  mutating func arrange(as placement: Placement) throws {
    let new = placement.layout
    let values = placement.slabs.map(\.values)
    if let layout, layout.matches(new),
      zip(slabs, values).allSatisfy({ states, slab in
        states.allSatisfy { $0.device == slab.device && $0.dtype == slab.dtype }
      })
    {
      return
    }
    let old = known()
    let faults = new.entries.compactMap { entry -> String? in
      guard let state = old[entry.path] else { return nil }
      let pairs = zip(state.map(\.shape), stateShapes(of: entry.shape))
      return pairs.first { $0 != $1 }.map { "state of \(entry.path) \($0), expected \($1)" }
    }
    if !faults.isEmpty { throw ModelError.parameters(missing: [], unknown: [], shapes: faults) }
    let all = names.indices.map { name in
      shapes.map { shapes in new.replacingShapes { shapes($0)[name] } } ?? new
    }
    let arranged = values.indices.map { slab in
      names.indices.map { name in
        all[name].packed(slab, values[slab].dtype, values[slab].device) { old[$0.path]?[name] }
      }
    }
    for state in arranged.joined() { try state.checkPoison() }
    parked = old.filter { new.entry($0.key) == nil }
    slabs = arranged
    (layout, layouts) = (new, all)
  }

  /// Copies shared tensors, so that they can be written in place.
  mutating func makeUnique() throws {
    for slab in slabs.indices {
      for name in slabs[slab].indices {
        try slabs[slab][name].checkPoison()
        try slabs[slab][name].makeUnique()
      }
    }
  }

  /// Returns the buffers of the states, slab by slab.
  func buffers() throws -> [Buffer] { try slabs.joined().map { try $0.slice.buffer } }

  /// Lets `body` change the tensors of a slab in place, while nothing else references them.
  mutating func withStates(of slab: Int, _ body: (inout [Tensor]) throws -> Void) throws { try body(&slabs[slab]) }

  /// Returns the state of a piece of the current slabs.
  func values(of piece: Piece) -> [Tensor] {
    names.indices.map { name in
      let slab = slabs[piece.slab][name]
      guard shapes != nil, let entry = layouts[name].entry(piece.name) else { return piece.view(of: slab) }
      return Tensor(viewing: slab, offset: entry.target.offset, shape: entry.shape)
    }
  }

  /// Overwrites the state of a piece in place.
  mutating func write(_ state: [Tensor], of piece: Piece) throws {
    for name in names.indices {
      let offset = shapes == nil ? nil : layouts[name].entry(piece.name)?.target.offset
      try slabs[piece.slab][name].overwrite(from: offset ?? piece.offset, with: state[name])
    }
  }

  // MARK: By name

  /// Returns all state by path.
  private func known() -> [String: [Tensor]] {
    var known = parked
    for entry in layout?.entries ?? [] { known[entry.path] = values(of: Piece(entry)) }
    return known
  }

  /// Returns every tensor with a name such as "0.weight.velocity": first in the order of the parameters, then the
  /// parked ones.
  func named() -> [(name: String, value: Tensor)] {
    let known = known()
    let ordered = layout?.entries.map(\.path) ?? []
    let others = parked.keys.sorted()
    return (ordered + others).flatMap { path in
      zip(names, known[path] ?? []).map { ("\(path).\($0)", $1) }
    }
  }

  /// Replaces all state with named tensors.
  mutating func restore(_ tensors: [(name: String, value: Tensor)]) throws {
    let byPath = try sorted(tensors)
    for (_, tensor) in tensors { try tensor.checkPoison() }
    (layout, layouts, slabs, parked) = (nil, [], [], byPath)
  }

  /// Throws if the tensors do not belong to this model.
  func check(_ tensors: [(name: String, value: Tensor)], against parameters: Parameters) throws {
    var unknown: [String] = []
    var shapes: [String] = []
    let known = Dictionary(parameters.map { ($0.path, $0.parameter) }, uniquingKeysWith: { first, _ in first })
    for (path, state) in try sorted(tensors).sorted(by: { $0.key < $1.key }) {
      guard let parameter = known[path] else {
        unknown.append("state of \(path)")
        continue
      }
      for tensor in state where !tensor.dtype.isFloatingPoint {
        shapes.append("state of \(path) \(tensor.dtype), expected floating point")
      }
      guard let shape = parameter.shape else { continue }
      let fault = zip(state.map(\.shape), stateShapes(of: shape)).first { $0 != $1 }
      if let (found, expected) = fault { shapes.append("state of \(path) \(found), expected \(expected)") }
    }
    if !unknown.isEmpty || !shapes.isEmpty {
      throw ModelError.parameters(missing: [], unknown: unknown, shapes: shapes)
    }
  }

  /// Returns the tensors by path, each in the order of the names.
  private func sorted(_ tensors: [(name: String, value: Tensor)]) throws -> [String: [Tensor]] {
    var found: [String: [String: Tensor]] = [:]
    var unknown: [String] = []
    for (name, tensor) in tensors {
      guard let dot = name.lastIndex(of: "."), names.contains(String(name[name.index(after: dot)...])) else {
        unknown.append(name)
        continue
      }
      found[String(name[..<dot]), default: [:]][String(name[name.index(after: dot)...])] = tensor
    }
    var missing: [String] = []
    var shapes: [String] = []
    for (path, states) in found {
      missing += names.filter { states[$0] == nil }.map { "\(path).\($0)" }
      if self.shapes == nil && Set(states.values.map(\.shape)).count > 1 { shapes.append("states of \(path)") }
    }
    if !unknown.isEmpty || !missing.isEmpty || !shapes.isEmpty {
      throw ModelError.parameters(missing: missing.sorted(), unknown: unknown, shapes: shapes.sorted())
    }
    return found.mapValues { states in names.compactMap { states[$0] } }
  }
}

/// A range of a slab that a rule updates at once: a parameter, or the whole slab.
struct Piece {
  /// The path of the parameter, or a name in messages.
  let name: String
  let slab: Int
  let offset: Int
  let shape: [Int]

  /// Creates the piece of a parameter.
  init(_ entry: SlabLayout.Entry) {
    (name, slab, offset, shape) = (entry.path, entry.target.slab, entry.target.offset, entry.shape)
  }

  /// Creates the piece of a whole slab.
  init(slab: Int, count: Int) {
    (name, self.slab, offset, shape) = ("a group of parameters", slab, 0, [count])
  }

  /// Returns the elements in a slab with the same layout.
  func view(of slab: Tensor) -> Tensor { Tensor(viewing: slab, offset: offset, shape: shape) }
}

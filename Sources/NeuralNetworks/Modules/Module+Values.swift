extension Module {
  /// Draws a value for each parameter that has none, and moves the others to the device.
  ///
  /// Every shape must be known: this is for modules whose layers have been called, or need no input to know their shapes. A
  /// layer that goes from one tensor to one tensor is built with `build(inputShape:on:seed:)`.
  ///
  /// A value is a function of the seed and the parameter's path, the same bits on each device. Parameters that have a value
  /// already (from a file, say) keep it.
  /// - Throws: `ModelError.notBuilt` naming the parameters whose shapes are not known, `DeviceError`.
  public func build(on device: Device = .cpu, seed: UInt64 = 0) throws {
    try drawValues(on: device, seed: seed, dtype: .float32)
  }

  /// Finds out the shapes of all parameters by running `body` without numbers, then draws their values.
  ///
  /// ```swift
  /// try decoder.build(on: device, seed: 1) { decoder in _ = decoder(tokens, memory: memory, .inference) }
  /// ```
  /// - Parameters:
  ///   - device: Where the parameters will be.
  ///   - seed: What they are drawn from.
  ///   - body: Calls the module once, on tensors of the shapes it is for; their numbers do not matter.
  /// - Throws: `ModelError` when a layer refuses its input or is not reached by the call, `DeviceError`.
  public func build(on device: Device = .cpu, seed: UInt64 = 0, tracing body: (Self) throws -> Void) throws {
    try ShapeTrace(self).run { try body(self) }
    try drawValues(on: device, seed: seed, dtype: .float32)
  }

  /// Moves every value to a device.
  /// - Throws: `DeviceError`; then everything is where it was.
  public func move(to device: Device) throws {
    let entries = parameters.entries.filter { $0.parameter.slab.map { $0.values.device != device } ?? false }
    let groups = Dictionary(grouping: entries) { ObjectIdentifier($0.parameter.slab!) }
    var moved: [(slab: ParameterSlab, layout: SlabLayout?, members: [Parameter])] = []
    for (_, members) in groups {
      let slab = members[0].parameter.slab!
      if members.count == slab.memberCount {
        moved.append((ParameterSlab(slab.values.moved(to: device)), nil, members.map(\.parameter)))
      } else {
        let (copy, layout) = ParameterSlab.packing(members, slab.values.dtype, device) { $0.currentValue }
        moved.append((copy, layout, members.map(\.parameter)))
      }
    }
    for (slab, _, _) in moved { try slab.values.checkPoison() }
    for (slab, layout, members) in moved {
      for (index, parameter) in members.enumerated() {
        parameter.place(in: slab, at: layout?.entries[index].target.offset ?? parameter.offset)
      }
    }
    (self as? Model)?.moved(to: device)
  }

  /// Gives parameters new values, all or none.
  /// - Parameters:
  ///   - values: By path; shapes as the parameters have them. Parameters without a shape take that of their value.
  ///   - allowingMissing: Lets parameters that are not named keep what they have.
  ///   - device: Where parameters that had no value go; nil means the device of the module, or of the value.
  /// - Throws: `ModelError.parameters` with every fault, `DeviceError`; then nothing has changed.
  package func assign(
    _ values: [(path: String, value: Tensor)], allowingMissing: Bool, on device: Device? = nil
  ) throws {
    let entries = parameters.entries
    let named = Dictionary(values.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    try checkFit(entries, named, allowingMissing: allowingMissing)
    let built = entries.first { $0.parameter.slab != nil }?.parameter.slab?.values
    let target = device ?? built?.device ?? (self as? Model)?.device ?? values.first?.value.device ?? .cpu
    var packed: [(slab: ParameterSlab, layout: SlabLayout, members: [Parameter])] = []
    let assigned = entries.filter { named[$0.path] != nil }
    for (path, parameter) in assigned where parameter.shape == nil { parameter.shape = named[path]?.shape }
    for members in [assigned.filter(\.parameter.isTrainable), assigned.filter { !$0.parameter.isTrainable }]
    where !members.isEmpty {
      let paths = Dictionary(members.map { (LeafKey($0.parameter), $0.path) }, uniquingKeysWith: { first, _ in first })
      let (slab, layout) = ParameterSlab.packing(members, built?.dtype ?? .float32, target) {
        paths[LeafKey($0)].flatMap { named[$0] }
      }
      packed.append((slab, layout, members.map(\.parameter)))
    }
    for (slab, _, _) in packed { try slab.values.checkPoison() }
    for (slab, layout, members) in packed {
      for (entry, parameter) in zip(layout.entries, members) { parameter.place(in: slab, at: entry.target.offset) }
    }
  }

  private func checkFit(
    _ entries: [(path: String, parameter: Parameter)], _ named: [String: Tensor], allowingMissing: Bool
  ) throws {
    let known = Set(entries.map(\.path))
    let missing = allowingMissing ? [] : entries.map(\.path).filter { named[$0] == nil }
    let unknown = named.keys.filter { !known.contains($0) }.sorted()
    let shapes = entries.compactMap { path, parameter -> String? in
      guard let shape = parameter.shape, let value = named[path], value.shape != shape else { return nil }
      return "\(path) \(value.shape), expected \(shape)"
    }
    if !missing.isEmpty || !unknown.isEmpty || !shapes.isEmpty {
      throw ModelError.parameters(missing: missing, unknown: unknown, shapes: shapes)
    }
    for (_, value) in named { try value.checkPoison() }
  }

  /// Draws what has no value on the host, and uploads it in at most two slabs: what is trained, and what is not.
  func drawValues(on device: Device, seed: UInt64, dtype: DType) throws {
    for (_, module) in ModuleWalk(self).modules { try (module as? Model)?.traceIfPossible() }
    let parameters = parameters
    try parameters.checkNamesAndShapes()
    if parameters.entries.contains(where: { $0.parameter.slab.map { $0.values.device != device } ?? false }) {
      try move(to: device)
    }
    let missing = parameters.entries.filter { $0.parameter.slab == nil }
    var drawn: [(slab: ParameterSlab, layout: SlabLayout, members: [Parameter])] = []
    for members in [missing.filter(\.parameter.isTrainable), missing.filter { !$0.parameter.isTrainable }]
    where !members.isEmpty {
      let layout = SlabLayout(packing: members)
      var numbers = [Float](repeating: 0, count: layout.slabCounts[0])
      for (entry, member) in zip(layout.entries, members) {
        let random = RandomStream(seed: seed, purpose: "parameter \(entry.path)", step: 0)
        let values = member.parameter.initializer.values(entry.shape, random)
        numbers.replaceSubrange(entry.target.offset..<(entry.target.offset + entry.target.count), with: values)
      }
      let slab = ParameterSlab(Tensor(numbers, dtype: dtype, on: device))
      try slab.values.checkPoison()
      drawn.append((slab, layout, members.map(\.parameter)))
    }
    for (slab, layout, members) in drawn {
      for (entry, parameter) in zip(layout.entries, members) { parameter.place(in: slab, at: entry.target.offset) }
    }
    (self as? Model)?.moved(to: device)
  }
}

extension ParameterSlab {
  /// A new slab with these parameters one after the other, and where they are in it.
  static func packing(
    _ members: [(path: String, parameter: Parameter)], _ dtype: DType, _ device: Device,
    _ value: (Parameter) -> Tensor?
  ) -> (slab: ParameterSlab, layout: SlabLayout) {
    let layout = SlabLayout(packing: members)
    let parameters = Dictionary(members.map { (LeafKey($0.parameter), $0.parameter) }, uniquingKeysWith: { a, _ in a })
    let values = layout.packed(0, dtype, device) { entry in parameters[entry.key].flatMap(value) }
    return (ParameterSlab(values), layout)
  }
}

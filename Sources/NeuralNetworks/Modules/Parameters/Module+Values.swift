import HostSystem

extension Module {
  /// Initializes each parameter that has no value, and moves the others to the device.
  ///
  /// All shapes must be known. Use this method for modules whose layers have been called, or do not need an input to
  /// determine their shapes. To build a layer that maps one tensor to one tensor, use `build(inputShape:on:seed:)`.
  ///
  /// An initial value is a function of the seed and the parameter's path, with the same bits on every device.
  /// Parameters that already have a value (from a file, for example) keep it.
  /// - Throws: `ModelError.notBuilt`, which names the parameters with unknown shapes; `DeviceError`.
  public func build(on device: Device = .cpu, seed: UInt64 = 0) throws {
    try drawValues(on: device, seed: seed, dtype: .float32)
  }

  /// Infers the shapes of all parameters by running `body` without computing numbers, then initializes them.
  ///
  /// ```swift
  /// try decoder.build(on: device, seed: 1) { decoder in _ = decoder(tokens, memory: memory, .inference) }
  /// ```
  /// - Parameters:
  ///   - device: The device for the parameters.
  ///   - seed: The seed for the initial values.
  ///   - body: Calls the module once with tensors of the expected shapes. Their values do not matter.
  /// - Throws: `ModelError` if a layer rejects its input or is not reached by the call; `DeviceError`.
  public func build(on device: Device = .cpu, seed: UInt64 = 0, tracing body: @escaping (Self) throws -> Void)
    throws
  {
    try ShapeTrace(self).run { try body(self) }
    try drawValues(on: device, seed: seed, dtype: .float32)
  }

  /// Moves all values to a device.
  /// - Throws: `DeviceError`; all values then stay on their devices.
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
    let quantized = try ModuleWalk(self).parameters.compactMap { found in
      try found.parameter.quantized.map { (found.parameter, try $0.moved(to: device)) }
    }
    for (parameter, weight) in quantized { parameter.quantize(as: weight) }
    for (slab, layout, members) in moved {
      for (index, parameter) in members.enumerated() {
        parameter.place(in: slab, at: layout?.entries[index].target.offset ?? parameter.offset)
      }
    }
    (self as? Model)?.moved(to: device)
  }

  /// Assigns new values to parameters, either all or none.
  /// - Parameters:
  ///   - values: The values by path, with the shapes of the parameters. Parameters without a shape adopt the shape of
  ///     their value.
  ///   - integers: The weights in integers, which replace the values of other parameters.
  ///   - allowingMissing: Whether parameters that are not named keep their values.
  ///   - device: The device for parameters that had no value; nil means the device of the module, or of the value.
  /// - Throws: `ModelError.parameters` with every problem; `.invalidConfiguration` for integers that a layer cannot
  ///   compute with; `DeviceError`. If it throws, nothing has changed.
  package func assign(
    _ values: [(path: String, value: Tensor)], integers: [StoredIntegers] = [], allowingMissing: Bool,
    on device: Device? = nil
  ) throws {
    let quantized = Set(integers.map(\.place.path))
    let entries = parameters.entries.filter { !quantized.contains($0.path) }
    let named = Dictionary(values.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    try checkFit(entries, named, allowingMissing: allowingMissing)
    let built = entries.first { $0.parameter.slab != nil }?.parameter.slab?.values
    let target = device ?? built?.device ?? (self as? Model)?.device ?? values.first?.value.device ?? .cpu
    let weights = try integers.map { try QuantizedWeight($0, on: target) }
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
    if weights.isEmpty { return }
    for (stored, weight) in zip(integers, weights) { stored.place.parameter.quantize(as: weight) }
    for (_, module) in ModuleWalk(self).modules { (module as? Model)?.moved(to: target) }
  }

  private func checkFit(
    _ entries: [(path: String, parameter: Parameter)], _ named: [String: Tensor], allowingMissing: Bool
  ) throws {
    let known = Set(entries.map(\.path))
    let missing = allowingMissing ? [] : entries.map(\.path).filter { named[$0] == nil }
    let unknown = named.keys.filter { !known.contains($0) }.sorted()
    let shapes = entries.compactMap { path, parameter -> String? in
      guard let value = named[path] else { return nil }
      if !value.dtype.isFloatingPoint { return "\(path) \(value.dtype), expected floating point" }
      guard let shape = parameter.shape, value.shape != shape else { return nil }
      return "\(path) \(value.shape), expected \(shape)"
    }
    if !missing.isEmpty || !unknown.isEmpty || !shapes.isEmpty {
      throw ModelError.parameters(missing: missing, unknown: unknown, shapes: shapes)
    }
    for (_, value) in named { try value.checkPoison() }
  }

  /// Initializes parameters without a value on the host, and uploads them in at most two slabs: one for trained
  /// parameters and one for all others.
  func drawValues(on device: Device, seed: UInt64, dtype: DType) throws {
    for (_, module) in ModuleWalk(self).modules { try (module as? Model)?.traceIfPossible() }
    let parameters = parameters
    try parameters.checkNamesAndShapes()
    let isElsewhere = ModuleWalk(self).parameters.contains { found in
      (found.parameter.slab?.values.device ?? found.parameter.quantized?.device).map { $0 != device } ?? false
    }
    if isElsewhere {
      try move(to: device)
    }
    let missing = parameters.entries.filter { $0.parameter.slab == nil }
    var drawn: [(slab: ParameterSlab, layout: SlabLayout, members: [Parameter])] = []
    for members in [missing.filter(\.parameter.isTrainable), missing.filter { !$0.parameter.isTrainable }]
    where !members.isEmpty {
      let layout = SlabLayout(packing: members)
      try Self.checkMemory(for: layout)
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

extension Module {
  /// Throws unless there is enough memory to draw values on the host: one Double and two Floats for each element of the
  /// largest parameter, and one Float for each element of all parameters.
  fileprivate static func checkMemory(for layout: SlabLayout) throws(DeviceError) {
    let largest = layout.entries.map(\.target.count).max() ?? 0
    do {
      try HostMemory.check(4 * layout.slabCounts[0] + 16 * largest)
    } catch {
      throw DeviceError(error)
    }
  }
}

extension ParameterSlab {
  /// Returns a new slab with these parameters one after another, and their positions in it.
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

/// The values of all parameters of a module at one moment, by path. It can be sent between tasks.
public struct Snapshot: Sendable {
  package let values: [(path: String, value: Tensor)]

  package init(_ values: [(path: String, value: Tensor)]) { self.values = values }

  /// The paths, in the order of the module's parameters.
  public var paths: [String] { values.map(\.path) }

  /// The value of a parameter; nil if the module has no parameter with this name.
  public subscript(_ path: String) -> Tensor? { values.first { $0.path == path }?.value }
}

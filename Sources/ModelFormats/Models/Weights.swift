import NeuralNetworks

/// Which differences between a file and a model are put up with.
public struct LoadOptions: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Parameters that the file lacks keep what they have.
  public static let allowMissing = LoadOptions(rawValue: 1)
  /// Tensors that the model lacks are passed over.
  public static let allowUnknown = LoadOptions(rawValue: 2)
}

extension Module {
  /// Writes every parameter to a safetensors file: by its path, or where the mapping says. State such as running statistics is
  /// written too. The file appears under its name when it is whole.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mapping: names and layouts of another program; with `.pyTorch`, `load_state_dict` takes what
  ///     `safetensors.torch.load_file` reads.
  ///   - metadata: text of your own.
  /// - Throws: `ModelError.notBuilt` naming parameters that have no value yet; `ModelError.invalidConfiguration` for a mapping
  ///   that does not fit the module; `FormatError`; `DeviceError` if a value cannot be downloaded.
  public func saveWeights(
    to path: String, mapping: WeightMapping = WeightMapping(), metadata: [String: String] = [:]
  ) throws {
    try Safetensors.save(storedWeights(mapping), metadata: metadata, to: path)
  }

  /// Every parameter as it stands in a file.
  func storedWeights(_ mapping: WeightMapping = WeightMapping()) throws -> [(String, Tensor)] {
    let values = Dictionary(snapshot().values.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    let missing = parameters.paths.filter { values[$0] == nil }
    if !missing.isEmpty { throw ModelError.notBuilt(path: missing.joined(separator: ", ")) }
    var tensors: [(String, Tensor)] = []
    var parts: [String: [Tensor]] = [:]
    for place in try mapping.places(of: self) {
      guard let value = values[place.path] else { continue }
      if place.layout.stored(value.shape) == nil {
        throw ModelError.invalidConfiguration(
          layer: place.description, reason: "the mapping does not fit the shape \(value.shape)")
      }
      let stored = place.layout.stored(value)
      guard let part = place.layout.part else {
        tensors.append((place.name, stored))
        continue
      }
      // Parts follow one another in the order of the parameters.
      parts[place.name, default: []].append(stored)
      if let all = parts[place.name], all.count == part.count { tensors.append((place.name, .concatenated(all))) }
    }
    return tensors
  }

  /// Reads parameters from a safetensors file: by their paths, or where the mapping says. Where the module is not built, it is
  /// built by what is read.
  ///
  /// ```swift
  /// try model.loadWeights(from: "torch.safetensors", mapping: .pyTorch)
  /// ```
  ///
  /// Names, shapes and kinds of elements must be those of the module, unless the options say otherwise. Tensors of a checkpoint
  /// that belong to the optimizer, to callbacks or to the unfinished epoch do not count.
  ///
  /// - Throws: `FormatError.parameters` with every difference at once; `FormatError` if the file is damaged;
  ///   `ModelError.invalidConfiguration` for a mapping that does not fit the module. Then nothing has changed.
  public func loadWeights(
    from path: String, _ options: LoadOptions = [], mapping: WeightMapping = WeightMapping()
  ) throws {
    try loadWeights(from: Safetensors(path), options, mapping, on: nil)
  }

  func loadWeights(
    from file: Safetensors, _ options: LoadOptions, _ mapping: WeightMapping = WeightMapping(), on device: Device?
  ) throws {
    try file.checkSum()
    let places = try mapping.places(of: self)
    try checkFit(file, places, mapping, options)
    let parameters = parameters
    var values: [(path: String, value: Tensor)] = []
    for place in places {
      guard let stored = try file.tensor(place.name) else { continue }
      values.append((place.path, place.layout.restored(stored, to: parameters[place.path]?.shape)))
    }
    do {
      try assign(values, allowingMissing: options.contains(.allowMissing), on: device)
    } catch ModelError.parameters(let missing, let unknown, let shapes) {
      throw FormatError.parameters(path: file.path, missing: missing, unknown: unknown, shapes: shapes)
    }
  }

  /// Compares names, shapes and types before any number is read.
  private func checkFit(
    _ file: Safetensors, _ places: [ParameterPlace], _ mapping: WeightMapping, _ options: LoadOptions
  ) throws {
    let parameters = Dictionary(parameters.map { ($0.path, $0.parameter) }, uniquingKeysWith: { first, _ in first })
    var missing: [String] = []
    var shapes: [String] = []
    for place in places {
      guard let found = file.shape(of: place.name), let element = file.element(of: place.name) else {
        missing.append(place.description)
        continue
      }
      if !element.isFloatingPoint { shapes.append("\(place.description) \(element), expected floating point") }
      if let fault = place.fault(found, expected: parameters[place.path]?.shape) { shapes.append(fault) }
    }
    if options.contains(.allowMissing) { missing = [] }
    let known = Set(places.map(\.name))
    let unknown = file.names.filter {
      !known.contains($0) && !CheckpointNames.isBesideWeights($0) && !mapping.isPassedOver($0)
    }
    let refused = options.contains(.allowUnknown) ? [] : unknown.sorted()
    if !missing.isEmpty || !refused.isEmpty || !shapes.isEmpty {
      throw FormatError.parameters(path: file.path, missing: missing, unknown: refused, shapes: shapes)
    }
  }
}

extension ParameterPlace {
  /// What is wrong with the shape that the file has; nil when nothing is.
  /// - Parameter own: the shape of the parameter; nil where it is not known before it is read.
  fileprivate func fault(_ found: [Int], expected own: [Int]?) -> String? {
    guard let own else {
      return layout.canRestore(found) ? nil : "\(description) \(found), which the mapping cannot bring into shape"
    }
    guard let expected = layout.stored(own) else { return "\(description) \(own), which the mapping does not fit" }
    return expected == found ? nil : "\(description) \(found), expected \(expected)"
  }
}

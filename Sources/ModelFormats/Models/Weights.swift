import NeuralNetworks

/// Accepted differences between a file and a model.
public struct LoadOptions: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Parameters that are missing from the file keep their values.
  public static let allowMissing = LoadOptions(rawValue: 1)
  /// Tensors that do not exist in the model are ignored.
  public static let allowUnknown = LoadOptions(rawValue: 2)
}

extension Module {
  /// Writes every parameter to a safetensors file, under its path or as specified by the mapping. This includes state
  /// such as running statistics. The file appears at its path only after it is complete.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - mapping: Names and layouts of another program. With `.pyTorch`, `load_state_dict` accepts the result of
  ///     `safetensors.torch.load_file`.
  ///   - metadata: Custom metadata.
  /// - Throws: `ModelError.notBuilt`, with the parameters that have no value yet; `ModelError.invalidConfiguration` for
  ///   a mapping that does not fit the module; `FormatError`; `DeviceError` if a value cannot be downloaded.
  public func saveWeights(
    to path: String, mapping: WeightMapping = WeightMapping(), metadata: [String: String] = [:]
  ) throws {
    try Safetensors.save(storedWeights(mapping), metadata: metadata, to: path)
  }

  /// Returns every parameter in the form stored in a file.
  func storedWeights(_ mapping: WeightMapping = WeightMapping()) throws -> [(String, Tensor)] {
    try checkFloatingPoint()
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
      // Parts are stored in the order of the parameters.
      parts[place.name, default: []].append(stored)
      if let all = parts[place.name], all.count == part.count {
        tensors.append((place.name, .concatenated(all, axis: part.axis)))
      }
    }
    return tensors
  }

  /// Reads parameters from a file, by their paths or as specified by the mapping. If the module is not built, the
  /// tensors in the file determine its shapes.
  ///
  /// ```swift
  /// try model.loadWeights(from: "model.pt", mapping: .pyTorch)
  /// try encoder.loadWeights(from: "bert/model.safetensors", .allowUnknown, mapping: .huggingFace)
  /// ```
  ///
  /// The file is a safetensors file, a PyTorch file (see `PyTorchFile`), a GGUF file (see `GGUFFile`), or the index of
  /// several such files, whose name ends with `.index.json` (Hugging Face's `model.safetensors.index.json`).
  ///
  /// Names, shapes, and element types must match the module, unless the options specify otherwise. Tensors of a
  /// checkpoint that belong to the optimizer, to callbacks, or to the unfinished epoch are ignored.
  ///
  /// - Throws: `FormatError.parameters` with all differences at once; `FormatError` if the file is damaged;
  ///   `ModelError.invalidConfiguration` for a mapping that does not fit the module. After an error, nothing has
  ///   changed.
  public func loadWeights(
    from path: String, _ options: LoadOptions = [], mapping: WeightMapping = WeightMapping()
  ) throws {
    try loadWeights(from: WeightIndex.open(path), options, mapping, on: nil)
  }

  func loadWeights(
    from file: any WeightSource, _ options: LoadOptions, _ mapping: WeightMapping = WeightMapping(), on device: Device?
  ) throws {
    try checkFloatingPoint()
    try file.checkSum()
    let places = try mapping.places(of: self, in: file)
    try checkFit(file, places, mapping, options)
    let parameters = parameters
    var values: [(path: String, value: Tensor)] = []
    for place in places {
      guard let stored = try file.tensor(place.name, keepingTypes: false, on: .cpu) else { continue }
      values.append((place.path, place.layout.restored(stored, to: parameters[place.path]?.shape)))
    }
    do {
      try assign(values, allowingMissing: options.contains(.allowMissing), on: device)
    } catch ModelError.parameters(let missing, let unknown, let shapes) {
      throw FormatError.parameters(path: file.path, missing: missing, unknown: unknown, shapes: shapes)
    }
  }

  /// Throws for a module with weights in integers, which files cannot hold.
  private func checkFloatingPoint() throws {
    guard let path = quantizedPaths.first else { return }
    throw ModelError.invalidConfiguration(
      layer: path,
      reason:
        "the weight is quantized, but files hold floating-point weights; save or load the original, and quantize it "
        + "afterwards")
  }

  /// Compares names, shapes, and types before any element is read.
  private func checkFit(
    _ file: any WeightSource, _ places: [ParameterPlace], _ mapping: WeightMapping, _ options: LoadOptions
  ) throws {
    let parameters = Dictionary(parameters.map { ($0.path, $0.parameter) }, uniquingKeysWith: { first, _ in first })
    var missing: [String] = []
    var shapes: [String] = []
    for place in places {
      guard let found = file.shape(of: place.name), let code = file.code(of: place.name) else {
        missing.append(place.description)
        continue
      }
      if file.element(of: place.name)?.isFloatingPoint != true {
        let type = file.element(of: place.name).map { "\($0)" } ?? code
        shapes.append("\(place.description) \(type), expected floating point")
      }
      if let fault = place.fault(found, expected: parameters[place.path]?.shape) { shapes.append(fault) }
    }
    if options.contains(.allowMissing) { missing = [] }
    let known = Set(places.map { ByteKey($0.name) })
    let unknown = file.names.filter {
      !known.contains(ByteKey($0)) && !CheckpointNames.isNextToWeights($0) && !mapping.isPassedOver($0)
    }
    let refused = options.contains(.allowUnknown) ? [] : unknown.sorted()
    if !missing.isEmpty || !refused.isEmpty || !shapes.isEmpty {
      throw FormatError.parameters(path: file.path, missing: missing, unknown: refused, shapes: shapes)
    }
  }
}

extension ParameterPlace {
  /// Describes how the shape in the file differs from the expected one; nil if they match.
  /// - Parameter own: The shape of the parameter; nil if it is not known before reading.
  fileprivate func fault(_ found: [Int], expected own: [Int]?) -> String? {
    guard let own else {
      return layout.canRestore(found) ? nil : "\(description) \(found), which the mapping cannot bring into shape"
    }
    guard let expected = layout.stored(own) else { return "\(description) \(own), which the mapping does not fit" }
    return expected == found ? nil : "\(description) \(found), expected \(expected)"
  }
}

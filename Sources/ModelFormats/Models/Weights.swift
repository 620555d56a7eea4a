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
  /// Weights of a quantized model stay in integers: their formats are in the metadata, as `swift-nn quantization`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - mapping: Names and layouts of another program. With `.pyTorch`, `load_state_dict` accepts the result of
  ///     `safetensors.torch.load_file`.
  ///   - metadata: Custom metadata.
  /// - Throws: `ModelError.notBuilt`, with the parameters that have no value yet; `ModelError.invalidConfiguration` for
  ///   a mapping that does not fit the module, or any mapping if weights are in integers; `FormatError`; `DeviceError`
  ///   if a value cannot be downloaded.
  public func saveWeights(
    to path: String, mapping: WeightMapping = WeightMapping(), metadata: [String: String] = [:]
  ) throws {
    let weights = try storedWeights(mapping)
    try Safetensors.save(weights.tensors, metadata: metadata.merging(weights.metadata) { $1 }, to: path)
  }

  /// Returns every parameter in the form stored in a file, and the metadata that describes weights in integers.
  func storedWeights(
    _ mapping: WeightMapping = WeightMapping()
  ) throws -> (tensors: [(String, Tensor)], metadata: [String: String]) {
    let integers = try integersForFile(mapping)
    let values = Dictionary(snapshot().values.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    let missing = parameters.paths.filter { values[$0] == nil }
    if !missing.isEmpty { throw ModelError.notBuilt(path: missing.joined(separator: ", ")) }
    var tensors = integers.tensors
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
    return (tensors, integers.metadata)
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
  /// The weights of a quantized model are loaded as they are: the module then has them in integers, and can no longer be
  /// trained.
  ///
  /// - Throws: `FormatError.parameters` with all differences at once; `FormatError` if the file is damaged;
  ///   `ModelError.invalidConfiguration` for a mapping that does not fit the module, and for a quantized module if the
  ///   file has floating-point numbers for a weight in integers; `DeviceError`. After an error, nothing has changed.
  public func loadWeights(
    from path: String, _ options: LoadOptions = [], mapping: WeightMapping = WeightMapping()
  ) throws {
    try loadWeights(from: WeightIndex.open(path), options, mapping, on: nil)
  }

  func loadWeights(
    from file: any WeightSource, _ options: LoadOptions, _ mapping: WeightMapping = WeightMapping(), on device: Device?
  ) throws {
    try file.checkSum()
    let integers = try integers(in: file, mapping, options)
    let places = try mapping.places(of: self, in: file).filter { !integers.described.contains(ByteKey($0.path)) }
    try checkFit(file, places, integers, mapping, options)
    let parameters = parameters
    var values: [(path: String, value: Tensor)] = []
    for place in places {
      guard let stored = try file.tensor(place.name, keepingTypes: false, on: .cpu) else { continue }
      values.append((place.path, place.layout.restored(stored, to: parameters[place.path]?.shape)))
    }
    do {
      try assign(
        values, integers: integers.places.map { try $0.read(from: file) },
        allowingMissing: options.contains(.allowMissing), on: device)
    } catch ModelError.parameters(let missing, let unknown, let shapes) {
      throw FormatError.parameters(path: file.path, missing: missing, unknown: unknown, shapes: shapes)
    } catch ModelError.invalidConfiguration(let layer, let reason) {
      throw FormatError.malformed(path: file.path, reason: "\(layer): \(reason)")
    }
  }

  /// Compares names, shapes, and types before any element is read.
  private func checkFit(
    _ file: any WeightSource, _ places: [ParameterPlace], _ integers: FileIntegers, _ mapping: WeightMapping,
    _ options: LoadOptions
  ) throws {
    let parameters = Dictionary(parameters.map { ($0.path, $0.parameter) }, uniquingKeysWith: { first, _ in first })
    var missing = integers.missing
    var shapes = integers.faults
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
    let known = Set(places.map { ByteKey($0.name) } + integers.names.map { ByteKey($0) })
    let unknown =
      integers.unknown
      + file.names.filter {
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

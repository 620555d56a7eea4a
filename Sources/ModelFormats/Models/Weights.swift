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
  /// Writes every parameter, by its path, to a safetensors file. State such as running statistics is
  /// written too. The file appears under its name when it is whole.
  ///
  /// - Parameter metadata: text of your own.
  /// - Throws: `ModelError.notBuilt` naming parameters that have no value yet; `FormatError`; `DeviceError` if a value cannot
  ///   be downloaded.
  public func saveWeights(to path: String, metadata: [String: String] = [:]) throws {
    let values = snapshot().values
    let built = Set(values.map(\.path))
    let missing = parameters.paths.filter { !built.contains($0) }
    if !missing.isEmpty { throw ModelError.notBuilt(path: missing.joined(separator: ", ")) }
    try Safetensors.save(values.map { ($0.path, $0.value) }, metadata: metadata, to: path)
  }

  /// Reads parameters from a safetensors file by their paths. Where the module is not built, it is built by what is read.
  ///
  /// Names and shapes must be those of the module, unless the options say otherwise. Tensors of a checkpoint that belong to
  /// an optimizer do not count.
  ///
  /// - Throws: `FormatError.parameters` with every difference at once; `FormatError` if the file is damaged. Then nothing
  ///   has changed.
  public func loadWeights(from path: String, _ options: LoadOptions = []) throws {
    try loadWeights(from: Safetensors(path), options, on: nil)
  }

  func loadWeights(from file: Safetensors, _ options: LoadOptions, on device: Device?) throws {
    let names = file.names.filter { !CheckpointNames.isOptimizer($0) }
    try checkFit(file, names, options)
    var values: [(path: String, value: Tensor)] = []
    let known = Set(parameters.paths)
    for name in names where known.contains(name) {
      if let value = try file.tensor(name) { values.append((name, value)) }
    }
    do {
      try assign(
        values, allowingMissing: options.contains(.allowMissing), allowingUnknown: options.contains(.allowUnknown),
        on: device)
    } catch ModelError.parameters(let missing, let unknown, let shapes) {
      throw FormatError.parameters(path: file.path, missing: missing, unknown: unknown, shapes: shapes)
    }
  }

  /// Compares names and shapes before any number is read.
  private func checkFit(_ file: Safetensors, _ names: [String], _ options: LoadOptions) throws {
    let parameters = parameters
    let paths = Set(parameters.paths)
    let known = Set(names)
    var missing: [String] = []
    var shapes: [String] = []
    for (path, parameter) in parameters {
      if !known.contains(path) {
        missing.append(path)
      } else if let expected = parameter.shape, let found = file.shape(of: path), expected != found {
        shapes.append("\(path) \(found), expected \(expected)")
      }
    }
    if options.contains(.allowMissing) { missing = [] }
    let unknown = options.contains(.allowUnknown) ? [] : names.filter { !paths.contains($0) }
    if !missing.isEmpty || !unknown.isEmpty || !shapes.isEmpty {
      throw FormatError.parameters(path: file.path, missing: missing, unknown: unknown.sorted(), shapes: shapes)
    }
  }
}

import NeuralNetworks

/// The weights that a file has in integers, compared with a module.
struct FileIntegers {
  /// The metadata key of their descriptions: a JSON object of paths and formats.
  static let key = "swift-nn quantization"

  var places: [IntegerPlace] = []
  /// The paths that the file describes.
  var described: Set<ByteKey> = []
  /// The names of their tensors.
  var names: [String] = []
  /// The tensors that the file lacks, and the weights in integers for which it has nothing.
  var missing: [String] = []
  /// The paths of descriptions that belong to no parameter.
  var unknown: [String] = []
  /// Descriptions and tensors of other shapes or types than the module needs.
  var faults: [String] = []

  /// Returns the descriptions in the metadata of a file, in their order.
  static func descriptions(_ file: any WeightSource) throws -> [(path: String, description: IntegerDescription)] {
    guard let text = file.metadata[key] else { return [] }
    func refused(_ reason: String) -> FormatError {
      .malformed(path: file.path, reason: "the formats of weights in integers, \(reason)")
    }
    let object: JSONObject?
    do { object = try JSONValue(parsing: text).object } catch { throw refused("\(error)") }
    guard let object else { throw refused("which are not an object of paths and formats") }
    return try object.map { path, value in
      do { return (path, try value.decode()) } catch let error as JSONError {
        throw refused("\"\(path.shortened(to: 100))\": \(error)")
      }
    }
  }
}

extension Module {
  /// Returns the tensors of weights in integers, and the metadata that describes them; nothing for other modules.
  /// - Throws: `ModelError.invalidConfiguration` if there is a mapping; `DeviceError` if memory is short.
  func integersForFile(_ mapping: WeightMapping) throws -> (tensors: [(String, Tensor)], metadata: [String: String]) {
    if let path = quantizedPaths.first, !mapping.rules.isEmpty {
      throw ModelError.invalidConfiguration(
        layer: path, reason: "the weight is quantized, and mappings are for floating-point weights: save the original")
    }
    var tensors: [(String, Tensor)] = []
    var descriptions = JSONObject()
    for integers in try storedIntegers() {
      let place = integers.place
      descriptions[place.path] = try JSONValue(encoding: place.description)
      for part in place.parts {
        integers.tensors[part.role].map { tensors.append((part.role.name(at: place.path), $0)) }
      }
    }
    if descriptions.isEmpty { return ([], [:]) }
    return (tensors, [FileIntegers.key: try JSONValue.object(descriptions).text()])
  }

  /// Finds the weights that a file has in integers, and compares names, shapes, and types before any element is read.
  /// - Throws: `FormatError` for descriptions that cannot be read, or together with a mapping;
  ///   `ModelError.invalidConfiguration` for a weight in integers that the file has as floating-point numbers.
  func integers(in file: any WeightSource, _ mapping: WeightMapping, _ options: LoadOptions) throws -> FileIntegers {
    let descriptions = try FileIntegers.descriptions(file)
    if !descriptions.isEmpty && !mapping.rules.isEmpty {
      throw FormatError.malformed(
        path: file.path, reason: "its weights are in integers, to which no mapping applies: load it without one")
    }
    var integers = FileIntegers()
    let found = integerPlaces(descriptions)
    (integers.places, integers.unknown) = (found.places, found.unknown)
    for (path, reason) in found.faults {
      integers.faults.append("\(path) \(reason)")
      integers.names += IntegerPart.Role.allCases.map { $0.name(at: path) }
    }
    // Those with tensors are found by their names.
    integers.unknown.removeAll { file.shape(of: $0) != nil }
    for place in integers.places { integers.compare(place, with: file) }
    integers.described = Set(descriptions.map { ByteKey($0.path) })
    for path in quantizedPaths where !integers.described.contains(ByteKey(path)) {
      if mapping.rules.isEmpty && file.shape(of: path) == nil {
        integers.missing.append(path)
        continue
      }
      throw ModelError.invalidConfiguration(
        layer: path,
        reason: "the weight is quantized, but the file has it in floating point; load it into the original, and "
          + "quantize that")
    }
    return integers
  }
}

extension FileIntegers {
  /// Compares the tensors of a place with those of the file.
  fileprivate mutating func compare(_ place: IntegerPlace, with file: any WeightSource) {
    for part in place.parts {
      let name = part.role.name(at: place.path)
      names.append(name)
      guard let found = file.shape(of: name), let code = file.code(of: name) else {
        missing.append(name)
        continue
      }
      let element = file.element(of: name)
      let fits = part.role == .integers ? element == StoredElement(part.dtype) : element?.isFloatingPoint == true
      if !fits { faults.append("\(name) \(element.map { "\($0)" } ?? code), expected \(part.dtype)") }
      if found != part.shape { faults.append("\(name) \(found), expected \(part.shape)") }
    }
  }
}

extension IntegerPlace {
  /// Reads the tensors of the weight.
  func read(from file: any WeightSource) throws -> StoredIntegers {
    var tensors: [IntegerPart.Role: Tensor] = [:]
    for part in parts {
      tensors[part.role] = try file.tensor(
        part.role.name(at: path), keepingTypes: part.role == .integers, on: .cpu)
    }
    return StoredIntegers(self, tensors)
  }
}

import BackendCore
import HostSystem

/// A parameter whose weight a file has in integers.
package struct IntegerPlace {
  package let path: String
  package let description: IntegerDescription
  let parameter: Parameter
  let isMatrix: Bool

  /// The tensors that the file has.
  package var parts: [IntegerPart] { description.parts(isMatrix: isMatrix) }
}

/// A weight in integers in the form stored in files.
package struct StoredIntegers {
  package let place: IntegerPlace
  /// The tensors of the place's parts.
  package let tensors: [IntegerPart.Role: Tensor]

  package init(_ place: IntegerPlace, _ tensors: [IntegerPart.Role: Tensor]) {
    (self.place, self.tensors) = (place, tensors)
  }
}

extension Module {
  /// The weights that layers can have in integers, by path.
  private var quantizableWeights: [ByteKey: (parameter: Parameter, isMatrix: Bool)] {
    let walk = ModuleWalk(self)
    let layers = walk.modules.compactMap { $0.module as? any QuantizableLayer }
    let weights = layers.compactMap { layer in
      walk.paths[ObjectIdentifier(layer.quantizableWeight)].map {
        (ByteKey($0), (layer.quantizableWeight, type(of: layer).multipliesMatrix))
      }
    }
    return Dictionary(weights, uniquingKeysWith: { first, _ in first })
  }

  /// Returns the weights in integers, in the form stored in files.
  /// - Throws: `DeviceError` if memory is short.
  package func storedIntegers() throws -> [StoredIntegers] {
    let weights = quantizableWeights
    return try quantizedPaths.compactMap { path in
      guard let (parameter, isMatrix) = weights[ByteKey(path)], let weight = parameter.quantized else { return nil }
      let (description, tensors) = try weight.stored()
      return StoredIntegers(
        IntegerPlace(path: path, description: description, parameter: parameter, isMatrix: isMatrix), tensors)
    }
  }

  /// Finds the parameters that a file has in integers.
  /// - Returns: The places, the paths of descriptions without a parameter, and descriptions that do not fit.
  package func integerPlaces(
    _ descriptions: [(path: String, description: IntegerDescription)]
  ) -> (places: [IntegerPlace], unknown: [String], faults: [(path: String, reason: String)]) {
    let weights = quantizableWeights
    let known = Set(parameters.paths.map { ByteKey($0) })
    var (places, unknown): ([IntegerPlace], [String]) = ([], [])
    var faults: [(path: String, reason: String)] = []
    for (path, description) in descriptions {
      guard let (parameter, isMatrix) = weights[ByteKey(path)] else {
        if known.contains(ByteKey(path)) {
          faults.append((path, "in integers, expected floating point"))
        } else {
          unknown.append(path)
        }
        continue
      }
      if let objection = description.objection(shape: parameter.shape, isMatrix: isMatrix) {
        faults.append((path, objection))
      } else {
        places.append(IntegerPlace(path: path, description: description, parameter: parameter, isMatrix: isMatrix))
      }
    }
    return (places, unknown, faults)
  }
}

extension QuantizedWeight {
  /// Returns the description and the tensors for a file.
  fileprivate func stored() throws -> (IntegerDescription, [IntegerPart.Role: Tensor]) {
    switch storage {
    case .blocks(let matrix):
      let format = WeightFormat(kind: .blocks(matrix.format))
      return (IntegerDescription(format: format, shape: shape, inputs: nil), [.integers: try matrix.rowBytes()])
    case .integers(let packed, let rounding, _):
      var tensors: [IntegerPart.Role: Tensor] = [
        .integers: Tensor(packed.values, shape: [packed.units, packed.inputs]), .scale: Tensor(Array(packed.scales)),
      ]
      var inputs = IntegerDescription.Inputs.dynamic
      if case .fixed(let scale, let middle) = rounding {
        inputs = .fixed
        tensors[.inputs] = Tensor([scale, middle])
      }
      return (IntegerDescription(format: .int8, shape: shape, inputs: inputs), tensors)
    case .affine(let tensor):
      let rule = tensor.quantization
      var format = WeightFormat.int8
      if case .perGroup(let size) = rule.granularity { format = .int4(groupSize: size) }
      var tensors: [IntegerPart.Role: Tensor] = [.integers: tensor.storage, .scale: rule.scale]
      tensors[.zeroPoint] = rule.zeroPoint
      return (IntegerDescription(format: format, shape: shape, inputs: nil), tensors)
    }
  }

  /// Creates the weight of a parameter from the tensors of a file, which have the types and shapes of its parts.
  /// - Throws: `ModelError.invalidConfiguration` for inputs without a usable scale; `DeviceError` if memory is short.
  init(_ stored: StoredIntegers, on device: Device) throws {
    let (place, description) = (stored.place, stored.place.description)
    func tensor(_ role: IntegerPart.Role) throws -> Tensor {
      guard let tensor = stored.tensors[role] else {
        throw ModelError.invalidConfiguration(layer: place.path, reason: "the file has only a part of its integers")
      }
      return tensor
    }
    let integers = try tensor(.integers)
    let storage: Storage
    switch (description.format.kind, description.inputs) {
    case (.blocks(let block), _): storage = .blocks(try QuantizedMatrix(block, rows: integers))
    case (.int8, let inputs?):
      let rounding = inputs == .fixed ? try InputRounding(tensor(.inputs), at: place.path) : .perRow
      let packed = try PackedIntegers(integers, scales: tensor(.scale))
      storage = .integers(packed, rounding, correction: rounding.correction(for: packed, on: device))
    case (.int8, nil):
      let rule = AffineQuantization(scale: try tensor(.scale), granularity: .perChannel(axis: 0))
      storage = .affine(QuantizedTensor(integers: integers, quantization: rule).moved(to: device))
    case (.int4(let size), _):
      let rule = AffineQuantization(
        scale: try tensor(.scale), zeroPoint: try tensor(.zeroPoint), type: .uint4, granularity: .perGroup(size))
      let shape = [integers.shape[0], description.shape.reduce(1, *) / integers.shape[0]]
      storage = .affine(QuantizedTensor(storage: integers, shape: shape, quantization: rule).moved(to: device))
    }
    self.init(storage, description.shape, isTransposed: place.isMatrix, on: device)
    try checkPoison()
  }
}

extension PackedIntegers {
  /// Packs the integers `[units, inputs]` of a matrix.
  /// - Throws: `DeviceError` if they cannot be read, or do not fit into memory.
  convenience init(_ integers: Tensor, scales: Tensor) throws {
    do {
      try self.init(
        try integers.scalars(as: Int8.self), units: integers.shape[0], inputs: integers.shape[1],
        scales: try scales.scalars())
    } catch let shortage as HostMemory.Shortage {
      throw DeviceError(shortage)
    }
  }
}

extension InputRounding {
  /// Creates the rounding from the scale and the middle in a file.
  fileprivate init(_ numbers: Tensor, at path: String) throws {
    let numbers = try numbers.scalars()
    let (scale, middle) = (numbers[0], numbers[1])
    guard scale.isNormal, scale > 0, middle.isFinite else {
      throw ModelError.invalidConfiguration(
        layer: path,
        reason: "its inputs have the scale \(scale) and the middle \(middle), expected a normal number above 0 and a "
          + "finite one")
    }
    self = .fixed(scale: scale, middle: middle)
  }
}

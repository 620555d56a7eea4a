import BackendCore
import HostSystem

/// The format of a weight in integers, as files describe it.
package struct IntegerDescription: Sendable, Hashable {
  /// How the layer rounds its inputs to integers.
  enum Inputs: String, Sendable, CaseIterable {
    /// With a scale for each row.
    case dynamic
    /// With a scale and a middle for all rows.
    case fixed = "static"
  }

  let format: WeightFormat
  /// The shape of the parameter.
  let shape: [Int]
  /// Nil if inputs stay floating-point numbers.
  let inputs: Inputs?

  /// Returns the tensors that hold the weight, with their types and shapes.
  /// - Parameter isMatrix: Whether the layer multiplies with the weight as a matrix `[inputs, units]`.
  func parts(isMatrix: Bool) -> [IntegerPart] {
    let rows = isMatrix ? shape[1] : shape[0]
    let length = isMatrix ? shape[0] : shape.dropFirst().reduce(1, *)
    var parts: [IntegerPart]
    switch format.kind {
    case .blocks(let block):
      parts = [IntegerPart(.integers, .uint8, [rows, length.dividedRoundingUp(by: block.count) * block.size])]
    case .int8:
      parts = [IntegerPart(.integers, .int8, [rows, length]), IntegerPart(.scale, .float32, [rows])]
    case .int4(let size):
      let groups = length.dividedRoundingUp(by: size)
      parts = [
        IntegerPart(.integers, .uint8, [rows, length.dividedRoundingUp(by: 2)]),
        IntegerPart(.scale, .float32, [rows, groups]), IntegerPart(.zeroPoint, .float32, [rows, groups]),
      ]
    }
    if inputs == .fixed { parts.append(IntegerPart(.inputs, .float32, [2])) }
    return parts
  }

  /// The reason why a parameter cannot have this description; nil if it can.
  /// - Parameters:
  ///   - own: The shape of the parameter; nil if it is not known yet.
  ///   - isMatrix: Whether the layer multiplies with the weight as a matrix.
  func objection(shape own: [Int]?, isMatrix: Bool) -> String? {
    if let own, own != shape { return "\(shape), expected \(own)" }
    let hasRank = isMatrix ? shape.count == 2 : (2...8).contains(shape.count)
    if !hasRank || shape.contains(where: { $0 < 1 }) || SizeLimit.count(shape) == nil {
      return "\(shape.prefix(20)), which a weight in integers cannot have"
    }
    if isMatrix { return nil }
    if case .blocks(let block) = format.kind { return "in \(block.rawValue), which only Dense layers multiply with" }
    return inputs == nil ? nil : "with inputs in integers, which only Dense layers have"
  }
}

/// A tensor of a weight in integers.
package struct IntegerPart: Sendable {
  /// What it holds. Its name in a file is the path of the weight, followed by a period and the raw value.
  package enum Role: String, Sendable, CaseIterable {
    /// int8 numbers, or bytes with two integers of 4 bits or with blocks. The name is the path alone.
    case integers = ""
    /// A scale for each row or group.
    case scale
    /// The integer that represents 0 for each group.
    case zeroPoint
    /// The scale and the middle of the inputs of the layer.
    case inputs

    /// Returns the name of the tensor in a file.
    package func name(at path: String) -> String { self == .integers ? path : "\(path).\(rawValue)" }
  }

  package let role: Role
  package let dtype: DType
  package let shape: [Int]

  fileprivate init(_ role: Role, _ dtype: DType, _ shape: [Int]) {
    (self.role, self.dtype, self.shape) = (role, dtype, shape)
  }
}

extension IntegerDescription: Codable {
  private enum Key: String, CodingKey, CaseIterable { case format, groupSize, shape, inputs }

  package init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(Key.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: Key.self)
    func refused(_ key: Key, _ reason: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: container, debugDescription: reason)
    }
    let name = try container.decode(String.self, forKey: .format)
    let groupSize = try container.decodeIfPresent(Int.self, forKey: .groupSize)
    switch name {
    case "int8": format = .int8
    case "int4":
      guard let groupSize, groupSize > 0 else { throw refused(.groupSize, "a group has at least 1 number") }
      format = .int4(groupSize: groupSize)
    default:
      guard let block = BlockFormat(rawValue: name) else {
        let known = (["int8", "int4"] + BlockFormat.allCases.map(\.rawValue)).joined(separator: ", ")
        throw refused(.format, "unknown format \"\(name.shortened(to: 40))\"; expected \(known)")
      }
      format = WeightFormat(kind: .blocks(block))
    }
    shape = try container.decode([Int].self, forKey: .shape)
    inputs = try container.decodeIfPresent(String.self, forKey: .inputs).map { name in
      guard let inputs = Inputs(rawValue: name) else {
        let known = Inputs.allCases.map(\.rawValue).joined(separator: " or ")
        throw refused(.inputs, "unknown method \"\(name.shortened(to: 40))\"; expected \(known)")
      }
      return inputs
    }
    if inputs != nil && format != .int8 { throw refused(.inputs, "inputs are in integers only if the format is int8") }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch format.kind {
    case .blocks(let block): try container.encode(block.rawValue, forKey: .format)
    case .int8: try container.encode("int8", forKey: .format)
    case .int4(let size):
      try container.encode("int4", forKey: .format)
      try container.encode(size, forKey: .groupSize)
    }
    try container.encode(shape, forKey: .shape)
    try container.encodeIfPresent(inputs?.rawValue, forKey: .inputs)
  }
}

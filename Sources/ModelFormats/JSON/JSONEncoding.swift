import NeuralNetworks

extension JSONValue {
  /// Encodes a `Codable` value as JSON. NaN and the infinities become the strings "nan", "inf", and "-inf"; an integer
  /// of more than 64 bits becomes a string of digits. Decoding restores both.
  ///
  /// - Throws: `JSONError.content`.
  public init(encoding value: some Encodable) throws {
    let node = EncodingNode()
    do {
      try JSONEncoding(node: node, codingPath: []).box(value)
    } catch let error as EncodingError {
      guard case .invalidValue(_, let context) = error else { throw error }
      throw JSONError.content(path: context.codingPath.text, reason: context.debugDescription)
    }
    self = node.value
  }
}

/// The key of an array element, or of `super`.
struct JSONKey: CodingKey {
  let stringValue: String
  let intValue: Int?
  init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
  init(intValue: Int) { (stringValue, self.intValue) = (String(intValue), intValue) }
  static let superKey = JSONKey(stringValue: "super")
}

/// A node of a value under construction: nested containers are filled after they have been returned.
private final class EncodingNode {
  private var plain: JSONValue?
  private var elements: [EncodingNode]?
  private var keys: [String] = []
  private var members: [String: EncodingNode] = [:]

  /// The encoded value; an empty object if nothing was encoded.
  var value: JSONValue {
    if let plain { return plain }
    if let elements { return .array(elements.map(\.value)) }
    return .object(JSONObject(keys.map { ($0, members[$0]?.value ?? .null) }))
  }

  func set(_ value: JSONValue) { plain = value }

  func makeArray() { if elements == nil { elements = [] } }

  var count: Int { elements?.count ?? 0 }

  func append() -> EncodingNode {
    let node = EncodingNode()
    elements?.append(node)
    return node
  }

  func member(_ key: String) -> EncodingNode {
    if let known = members[key] { return known }
    let node = EncodingNode()
    keys.append(key)
    members[key] = node
    return node
  }
}

private struct JSONEncoding: Encoder {
  let node: EncodingNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(KeyedEncoding(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.makeArray()
    return UnkeyedEncoding(encoder: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleEncoding(encoder: self) }

  /// Encodes any value; plain types bypass their own `encode(to:)`.
  func box(_ value: some Encodable) throws {
    switch value {
    case let value as JSONValue: node.set(value)
    case let value as String: node.set(.string(value))
    case let value as Bool: node.set(.bool(value))
    case let value as Double: box(floating: value)
    case let value as Float: box(floating: Double(value))
    case let value as any FixedWidthInteger: node.set(JSONEncoding.integer(value))
    default: try value.encode(to: self)
    }
  }

  private static func integer(_ value: some FixedWidthInteger) -> JSONValue {
    if let integer = Int(exactly: value) { return .integer(integer) }
    return UInt64(exactly: value).map { .unsigned($0) } ?? .string("\(value)")
  }

  private func box(floating value: Double) {
    if value.isFinite { return node.set(.number(value)) }
    node.set(.string(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"))
  }

  func inner(_ key: any CodingKey, _ node: EncodingNode) -> JSONEncoding {
    JSONEncoding(node: node, codingPath: codingPath + [key])
  }
}

private struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: JSONEncoding
  var codingPath: [any CodingKey] { encoder.codingPath }

  private func inner(_ key: any CodingKey) -> JSONEncoding { encoder.inner(key, encoder.node.member(key.stringValue)) }

  func encodeNil(forKey key: Key) { inner(key).node.set(.null) }
  func encode(_ value: some Encodable, forKey key: Key) throws { try inner(key).box(value) }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> { inner(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { inner(key).unkeyedContainer() }
  func superEncoder() -> any Encoder { inner(JSONKey.superKey) }
  func superEncoder(forKey key: Key) -> any Encoder { inner(key) }
}

private struct UnkeyedEncoding: UnkeyedEncodingContainer {
  let encoder: JSONEncoding
  var codingPath: [any CodingKey] { encoder.codingPath }
  var count: Int { encoder.node.count }

  private func inner() -> JSONEncoding { encoder.inner(JSONKey(intValue: count), encoder.node.append()) }

  func encodeNil() { inner().node.set(.null) }
  func encode(_ value: some Encodable) throws { try inner().box(value) }
  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    inner().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { inner().unkeyedContainer() }
  func superEncoder() -> any Encoder { inner() }
}

private struct SingleEncoding: SingleValueEncodingContainer {
  let encoder: JSONEncoding
  var codingPath: [any CodingKey] { encoder.codingPath }

  func encodeNil() { encoder.node.set(.null) }
  func encode(_ value: some Encodable) throws { try encoder.box(value) }
}

extension JSONValue: Codable {
  /// Decodes any JSON value from any decoder.
  public init(from decoder: any Decoder) throws {
    if let own = decoder as? JSONDecoding {
      self = own.value
      return
    }
    if let container = try? decoder.container(keyedBy: JSONKey.self) {
      self = .object(
        JSONObject(try container.allKeys.map { ($0.stringValue, try container.decode(JSONValue.self, forKey: $0)) }))
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !container.isAtEnd { values.append(try container.decode(JSONValue.self)) }
      self = .array(values)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .unsigned(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let object):
      var container = encoder.container(keyedBy: JSONKey.self)
      for (key, value) in object { try container.encode(value, forKey: JSONKey(stringValue: key)) }
    case .array(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    default:
      var container = encoder.singleValueContainer()
      switch self {
      case .bool(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .unsigned(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      default: try container.encodeNil()
      }
    }
  }
}

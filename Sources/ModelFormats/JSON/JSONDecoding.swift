import NeuralNetworks

extension JSONValue {
  /// Decodes a `Codable` value. Members that the type does not know are ignored.
  ///
  /// - Parameters:
  ///   - type: The type to decode.
  ///   - userInfo: Additional information for the type, such as custom layers.
  /// - Throws: `JSONError.content`, with the path of the invalid value; `JSONError.mistakes` for several mistakes, if
  ///   `userInfo` allows collecting them.
  public func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, userInfo: [CodingUserInfoKey: Any] = [:]
  ) throws -> Value {
    let decoder = JSONDecoding(value: self, codingPath: [], userInfo: userInfo)
    let faults = decoder.faults ?? DecodingFaults()
    do {
      let value = try decoder.unbox(type)
      if faults.all.isEmpty { return value }
    } catch let error as DecodingError {
      _ = faults.note(error)
    }
    let all = faults.all
    if let only = all.first, all.count == 1 { throw JSONError.content(path: only.path, reason: only.reason) }
    throw JSONError.mistakes(all.map { JSONError.Mistake(path: $0.path, reason: $0.reason) })
  }
}

struct JSONDecoding: Decoder {
  let value: JSONValue
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any]

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let object = value.object else { throw mismatch([String: Any].self, "an object") }
    return KeyedDecodingContainer(KeyedDecoding(object: object, decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let array = value.array else { throw mismatch([Any].self, "an array") }
    return UnkeyedDecoding(array: array, decoder: self)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { SingleDecoding(decoder: self) }

  func unbox<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let plain: Any? =
      switch type {
      case is JSONValue.Type: value
      case is String.Type: try value.string ?? { throw mismatch(type, "a string") }()
      case is Bool.Type: try value.bool ?? { throw mismatch(type, "a boolean") }()
      case is Double.Type: try double(type)
      case is Float.Type: Float(try double(type))
      case let type as any FixedWidthInteger.Type: try integer(type)
      default: nil
      }
    if let plain, let typed = plain as? Value { return typed }
    return try Value(from: self)
  }

  private func double(_ type: Any.Type) throws -> Double {
    if let number = value.number { return number }
    switch value.string {
    case "nan": return .nan
    case "inf": return .infinity
    case "-inf": return -.infinity
    default: throw mismatch(type, "a number")
    }
  }

  private func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
    if let integer = value.wholeNumber(type) { return integer }
    // Only values that Int cannot represent are written as strings.
    if let integer = value.string.flatMap({ Integer($0) }), Int(exactly: integer) == nil { return integer }
    throw mismatch(type, "a whole number that fits \(type)")
  }

  func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    let shown = (try? value.text()).map { $0.count <= 40 ? " (\($0))" : "" } ?? ""
    return .typeMismatch(
      type, .init(codingPath: codingPath, debugDescription: "expected \(expected), found \(value.kind)\(shown)"))
  }

  func inner(_ value: JSONValue, _ key: any CodingKey) -> JSONDecoding {
    JSONDecoding(value: value, codingPath: codingPath + [key], userInfo: userInfo)
  }
}

private struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let object: JSONObject
  let decoder: JSONDecoding
  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { object.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }

  private func inner(_ key: any CodingKey) throws -> JSONDecoding {
    guard let value = object[key.stringValue] else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: ""))
    }
    return decoder.inner(value, key)
  }

  func decodeNil(forKey key: Key) throws -> Bool { try inner(key).value == .null }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    do {
      return try inner(key).unbox(type)
    } catch let error as DecodingError {
      // The rest may contain more mistakes. Errors that depend on this value are only consequences of this one.
      guard let faults = decoder.faults, let value = standIn(type), faults.note(error) else { throw error }
      return value
    }
  }

  /// Returns a replacement for an invalid value of a plain type, so that decoding continues and finds all mistakes.
  private func standIn<Value>(_ type: Value.Type) -> Value? {
    switch type {
    case is String.Type: "" as? Value
    case is Bool.Type: false as? Value
    case is Int.Type: 1 as? Value
    case is Double.Type: 1.0 as? Value
    default: nil
    }
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try inner(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try inner(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { try inner(JSONKey.superKey) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try inner(key) }
}

private struct UnkeyedDecoding: UnkeyedDecodingContainer {
  let array: [JSONValue]
  let decoder: JSONDecoding
  var currentIndex = 0
  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { array.count }
  var isAtEnd: Bool { currentIndex == array.count }

  init(array: [JSONValue], decoder: JSONDecoding) { (self.array, self.decoder) = (array, decoder) }

  private mutating func next() throws -> JSONDecoding {
    let key = JSONKey(intValue: currentIndex)
    if isAtEnd {
      throw DecodingError.valueNotFound(
        JSONValue.self, .init(codingPath: codingPath, debugDescription: "the array has only \(array.count) elements"))
    }
    defer { currentIndex += 1 }
    return decoder.inner(array[currentIndex], key)
  }

  mutating func decodeNil() throws -> Bool {
    if isAtEnd || array[currentIndex] != .null { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().unbox(type) }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try next() }
}

private struct SingleDecoding: SingleValueDecodingContainer {
  let decoder: JSONDecoding
  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.value == .null }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.unbox(type) }
}

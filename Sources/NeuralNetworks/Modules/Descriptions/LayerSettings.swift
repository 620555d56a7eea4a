/// The settings of a built-in layer, which its type states once: as properties, with the defaults of the layer's
/// initializer. The compiler derives the coding, so the keys are the names of the properties; omitted settings and unknown
/// keys are handled here for all layers. (Decoded on their own, outside of a description, they must be complete.)
protocol LayerSettings: Codable, Sendable {
  /// Settings with all defaults. Required ones have any value.
  static var template: Self { get }
  /// The names of the settings that a description must contain.
  static var required: Set<String> { get }
}

extension LayerSettings {
  static var required: Set<String> { [] }

  /// Decodes settings. Omitted ones get their defaults, as does `null`.
  /// - Parameters:
  ///   - decoder: The decoder of the layer's entry in a description.
  ///   - others: The keys of the entry that are not settings.
  /// - Throws: `DecodingError`, also for unknown keys.
  static func decoded(from decoder: any Decoder, nextTo others: [String] = ["layer"]) throws -> Self {
    let children = Mirror(reflecting: template).children.compactMap { child in child.label.map { ($0, child.value) } }
    try decoder.refuseUnknownKeys(others + children.map(\.0))
    let defaults = children.filter { !required.contains($0.0) }
    return try Self(from: SettingsDecoder(base: decoder, defaults: Dictionary(uniqueKeysWithValues: defaults)))
  }
}

/// The configuration of a layer without settings.
public struct NoSettings: Codable, Sendable, LayerSettings {
  /// Creates the configuration.
  public init() {}

  static var template: Self { Self() }
}

/// A decoder that supplies the defaults of omitted settings.
private struct SettingsDecoder: Decoder {
  let base: any Decoder
  /// The default of each setting that may be omitted, by name.
  let defaults: [String: Any]

  var codingPath: [any CodingKey] { base.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

  func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(SettingsContainer(base: try base.container(keyedBy: type), defaults: defaults))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try base.unkeyedContainer() }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { try base.singleValueContainer() }
}

private struct SettingsContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let base: KeyedDecodingContainer<Key>
  let defaults: [String: Any]

  var codingPath: [any CodingKey] { base.codingPath }
  var allKeys: [Key] { base.allKeys }

  // An optional setting, which is decoded only if the container contains it, may have a default other than nil.
  func contains(_ key: Key) -> Bool { base.contains(key) || defaults[key.stringValue].map(isNil) == false }
  func decodeNil(forKey key: Key) throws -> Bool { try base.contains(key) && base.decodeNil(forKey: key) }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    if let value = defaults[key.stringValue] as? T, try !base.contains(key) || base.decodeNil(forKey: key) {
      return value
    }
    return try base.decode(type, forKey: key)
  }

  func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
    try base.nestedContainer(keyedBy: type, forKey: key)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try base.nestedUnkeyedContainer(forKey: key)
  }

  func superDecoder() throws -> any Decoder { try base.superDecoder() }
  func superDecoder(forKey key: Key) throws -> any Decoder { try base.superDecoder(forKey: key) }

  private func isNil(_ value: Any) -> Bool {
    let mirror = Mirror(reflecting: value)
    return mirror.displayStyle == .optional && mirror.children.isEmpty
  }
}

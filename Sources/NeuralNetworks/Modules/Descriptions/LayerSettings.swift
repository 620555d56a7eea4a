/// A custom layer that can be saved in a model description and created from it.
///
/// ```swift
/// final class Padded: ConfigurableLayer {
///   struct Configuration: Codable, Sendable { var width: Int }
///   let configuration: Configuration
///   init(configuration: Configuration) { self.configuration = configuration }
///   func forward(_ x: Tensor, _ context: Context) -> Tensor { x.padded([(0, 0), (configuration.width, 0)]) }
/// }
/// ```
///
/// The description refers to the layer by its type name.
public protocol ConfigurableLayer: Layer {
  /// The settings of the layer, without parameter values.
  associatedtype Configuration: Codable & Sendable
  /// The settings that recreate this layer.
  var configuration: Configuration { get }
  /// Creates a layer with these settings. Its parameters have no values yet.
  init(configuration: Configuration)
}

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

/// Checks for the arguments of initializers. An invalid setting ends the program with its name, its value, and the
/// expected values.
extension Checks {
  /// Requires a count of at least `least`.
  static func count(_ value: Int, _ name: String, of owner: String, atLeast least: Int) {
    if value < least { ProgrammerError.end("\(owner): \(name) is \(value), expected at least \(least)") }
  }

  /// Requires a finite number of at least 0.
  static func size(_ value: Double, _ name: String, of owner: String) {
    if !(value >= 0 && value.isFinite) {
      let kind = value.isFinite ? "number" : "finite number"
      ProgrammerError.end("\(owner): \(name) is \(value), expected a \(kind) of at least 0")
    }
  }

  /// Requires a finite number above 0.
  static func positive(_ value: Double, _ name: String, of owner: String) {
    if !(value > 0 && value.isFinite) {
      ProgrammerError.end("\(owner): \(name) is \(value), expected a finite number above 0")
    }
  }

  /// Requires a finite number.
  static func number(_ value: Double, _ name: String, of owner: String) {
    if !value.isFinite { ProgrammerError.end("\(owner): \(name) is \(value), expected a finite number") }
  }
}

/// The size limits of models. A description from a file can request any size. Within these limits, sizes can be
/// multiplied without overflow. Larger sizes are rejected before memory is allocated.
enum SizeLimit {
  /// The limit for the elements of one parameter, and of one example between two layers.
  static let tensor = 1 << 31
  /// The limit for the elements of all parameters together.
  static let model = 1 << 34

  /// The limit for windows, strides, padding, and factors, so that products of two of them with a size do not overflow.
  static let setting = 1 << 24

  /// Returns the number of elements of a shape; nil if it exceeds the limit. Sizes below 1 count as 1.
  static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for extent in shape where extent > 1 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow || product > tensor { return nil }
      count = product
    }
    return count
  }
}

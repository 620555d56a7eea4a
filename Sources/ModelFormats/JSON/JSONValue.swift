/// A JSON value (RFC 8259). Integers that fit into `Int` and other numbers are kept apart, so that both come back exactly
/// when they are written and read again.
public enum JSONValue: Sendable, Hashable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number written without fraction and exponent.
  case integer(Int)
  /// Any other number. NaN and the infinities have no JSON: writing them is an error.
  case number(Double)
  /// Text, without quotes and escapes.
  case string(String)
  /// Values in order.
  case array([JSONValue])
  /// Values by key, in the order in which they were written.
  case object(JSONObject)
}

extension JSONValue {
  /// The value of a key of an object; nil for another key, and for values that are no object.
  public subscript(key: String) -> JSONValue? { object?[key] }

  /// The element of an array; nil outside of it, and for values that are no array.
  public subscript(index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// An integer, also one written as 3.0.
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// Any number, as a Double.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// What kind of value it is, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

/// The members of a JSON object, in the order in which they were written. Equality does not ask for the order.
public struct JSONObject: Sendable, Sequence {
  /// The keys, in the order in which they were written.
  public private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  public init() {}

  /// Where a key occurs twice, the later value counts.
  public init(_ members: some Sequence<(String, JSONValue)>) {
    for (key, value) in members { self[key] = value }
  }

  public var count: Int { keys.count }
  public var isEmpty: Bool { keys.isEmpty }

  /// Setting a new key puts it at the end; setting nil removes a key.
  public subscript(key: String) -> JSONValue? {
    get { values[key] }
    set {
      let old = values[key]
      values[key] = newValue
      if old == nil && newValue != nil { keys.append(key) }
      if old != nil && newValue == nil { keys.removeAll { $0 == key } }
    }
  }

  public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
    var rest = keys.makeIterator()
    let values = values
    return AnyIterator { rest.next().map { ($0, values[$0] ?? .null) } }
  }
}

extension JSONObject: Hashable {
  public static func == (a: JSONObject, b: JSONObject) -> Bool { a.values == b.values }
  public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

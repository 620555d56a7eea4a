import Testing

@testable import ModelFormats

@Suite struct JSONCodingTests {
  struct Layer: Codable, Equatable {
    enum Kind: String, Codable { case dense, dropout }
    var kind: Kind
    var units: Int?
    var rate: Double
    var shape: [Int]
    var options: [String: Float]
    var inner: [Layer]
  }
  enum Choice: Codable, Equatable {
    case plain
    case number(Int)
    case pair(a: String, b: [Bool])
  }
  class Base: Codable { var x = 1 }
  final class Derived: Base {
    var y = 2
    enum Keys: String, CodingKey { case y }
    override init() { super.init() }
    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      y = try container.decode(Int.self, forKey: .y)
      try super.init(from: container.superDecoder())
    }
    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(y, forKey: .y)
      try super.encode(to: container.superEncoder())
    }
  }

  func roundTrip<Value: Codable & Equatable>(_ value: Value) throws {
    let json = try JSONValue(encoding: value)
    #expect(try json.decode(Value.self) == value, "\(json)")
    #expect(try JSONValue(parsing: json.text()).decode(Value.self) == value)
    #expect(try JSONValue(parsing: json.text(pretty: true)).decode(Value.self) == value)
  }

  @Test func valuesComeBack() throws {
    let inner = Layer(kind: .dropout, units: nil, rate: 0.1, shape: [], options: [:], inner: [])
    try roundTrip(
      Layer(kind: .dense, units: 3, rate: 1 / 3, shape: [1, 2], options: ["a": 0.1], inner: [inner, inner]))
    try roundTrip([Choice.plain, .number(-1), .pair(a: "x", b: [true, false])])
    try roundTrip(["k": [1: "one", 2: "two"]])
    try roundTrip([[UInt8]]([[0, 255], []]))
    try roundTrip([Int?]([1, nil, 3]))
    try roundTrip([UInt64.max, 0, UInt64(Int.max) + 1])
    try roundTrip([Int64.min, .max])
    try roundTrip([Double.infinity, -.infinity, 0.1, -0.0])
    try roundTrip([Float.leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1])
    try roundTrip("text")
    try roundTrip(true)
    try roundTrip([JSONValue]([nil, 1, 2.5, "x", [1], ["a": nil], true]))
    try roundTrip(Optional<Int>.none)
    #expect(try JSONValue(encoding: Double.nan).decode(Double.self).isNaN)
    let derived = Derived()
    (derived.x, derived.y) = (5, 6)
    let copy = try JSONValue(encoding: derived).decode(Derived.self)
    #expect(copy.x == 5 && copy.y == 6)
  }

  @Test func theTextIsWhatPeopleExpect() throws {
    let layer = Layer(kind: .dense, units: nil, rate: 2, shape: [3], options: [:], inner: [])
    #expect(
      try JSONValue(encoding: layer).text() == #"{"kind":"dense","rate":2.0,"shape":[3],"options":{},"inner":[]}"#)
    #expect(
      try JSONValue(parsing: #"{"kind":"dense","rate":2,"shape":[3],"options":{},"inner":[],"more":1}"#)
        .decode(Layer.self) == layer)
  }

  @Test(arguments: [
    (#"{"kind":"dense"}"#, "there is no \"rate\""),
    (#"{"kind":"conv","rate":1}"#, "kind: Cannot initialize Kind from invalid String value conv"),
    (#"{"kind":"dense","rate":"x"}"#, "rate: expected a number, found a string (\"x\")"),
    (
      #"{"kind":"dense","rate":1,"shape":[1,2.5]}"#,
      "shape[1]: expected a whole number that fits Int, found a number (2.5)"
    ),
    (#"{"kind":"dense","rate":1,"shape":{}}"#, "shape: expected an array, found an object ({})"),
    (
      #"{"kind":"dense","rate":1,"shape":[],"options":{},"inner":[{"kind":1}]}"#,
      "inner[0].kind: expected a string, found an integer (1)"
    ),
    ("[]", "expected an object, found an array ([])"),
  ])
  func faultsSayThePath(text: String, message: String) throws {
    let value = try JSONValue(parsing: text)
    do {
      _ = try value.decode(Layer.self)
      Issue.record("it was decoded")
    } catch { #expect("\(error)" == message) }
  }

  @Test func integersAreChecked() throws {
    #expect(throws: JSONError.self) { try JSONValue.integer(256).decode(UInt8.self) }
    #expect(throws: JSONError.self) { try JSONValue.integer(-1).decode(UInt.self) }
    #expect(throws: JSONError.self) { try JSONValue.array([1]).decode((Pair).self) }
    #expect(try JSONValue.number(3).decode(Int.self) == 3)
  }

  struct Pair: Decodable {
    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      _ = try container.decode(Int.self)
      _ = try container.decode(Int.self)
    }
  }
}

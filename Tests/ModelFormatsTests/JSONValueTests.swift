import Testing

@testable import ModelFormats

@Suite struct JSONValueTests {
  func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

  @Test func everyKindOfValue() throws {
    let value = try parse(
      #" {"a": [1, -2.5, true, false, null], "b": {"": "x\n\"\\\/é😀\u0041\ud83d\ude00"}, "c": 1e2 } "#)
    #expect(value["a"] == [1, -2.5, true, false, nil])
    #expect(value["b"]?[""]?.string == "x\n\"\\/é😀A😀")
    #expect(value["c"] == .number(100) && value["c"]?.integer == 100)
    #expect(value.object?.keys == ["a", "b", "c"])
    #expect(value["a"]?[5] == nil && value["a"]?[-1] == nil && value["none"] == nil)
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected a value, found the end of the text"),
    ("[1,]", "line 1, column 4: expected a value, found ']'"),
    ("{\n \"a\": 1,\n \"a\": 2}", "line 3, column 2: the key \"a\" occurs twice"),
    ("{\"a\" 1}", "line 1, column 6: expected ':' after a key, found '1'"),
    ("{a:1}", "line 1, column 2: expected a key in quotes, found 'a'"),
    ("[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
    ("{\"a\":1 2}", "line 1, column 8: expected ',' or '}', found '2'"),
    ("01", "line 1, column 2: a number must not begin with a zero before other digits"),
    ("-", "line 1, column 2: expected a digit, found the end of the text"),
    ("1.", "line 1, column 3: expected a digit after the point, found the end of the text"),
    (".5", "line 1, column 1: expected a value, found '.'"),
    ("1e", "line 1, column 3: expected a digit in the exponent, found the end of the text"),
    ("+1", "line 1, column 1: expected a value, found '+'"),
    ("1e999", "line 1, column 1: the number is too large"),
    ("nan", "line 1, column 1: expected a value, found 'n'"),
    ("truex", "line 1, column 5: expected the end of the text, found 'x'"),
    ("tru", "line 1, column 1: expected a value, found 't'"),
    ("\"a", "line 1, column 3: expected a closing quote, found the end of the text"),
    ("\"\n\"", "line 1, column 2: a control character in a string must be written as \\u000…"),
    ("\"\\x\"", "line 1, column 3: expected an escape, found 'x'"),
    ("\"\\u12g4\"", "line 1, column 6: expected four hexadecimal digits, found 'g'"),
    ("\"\\ud800\"", "line 1, column 8: half of a surrogate pair"),
    ("\"\\ud800\\u0041\"", "line 1, column 14: half of a surrogate pair"),
    ("\"\\udc00\"", "line 1, column 8: half of a surrogate pair"),
    ("\u{FEFF}\u{FEFF}1", "line 1, column 1: expected a value, found byte 0xEF"),
    ("1\u{FEFF}", "line 1, column 2: expected the end of the text, found byte 0xEF"),
    ("[1]\u{0B}", "line 1, column 4: expected the end of the text, found byte 0xB"),
    ("// a\n1", "line 1, column 1: expected a value, found '/'"),
  ])
  func faultsSayWhere(text: String, message: String) {
    do {
      _ = try parse(text)
      Issue.record("it was read")
    } catch { #expect("\(error)" == message) }
  }

  /// Whichever members are removed, and whatever comes afterwards: what an array of pairs would hold.
  @Test func membersAreRemovedAndComeBackAtTheEnd() throws {
    var object = JSONObject()
    var pairs: [(String, Int)] = []
    for step in 0..<600 {
      let key = "k\((step * 37) % 50)"
      let place = pairs.firstIndex { $0.0 == key }
      if step % 3 == 2 || step > 550 {
        object[key] = nil
        if let place { pairs.remove(at: place) }
      } else {
        object[key] = .integer(step)
        if let place { pairs[place].1 = step } else { pairs.append((key, step)) }
      }
      #expect(object.keys == pairs.map(\.0) && object.count == pairs.count && object.isEmpty == pairs.isEmpty)
      #expect(object.map(\.value) == pairs.map { .integer($0.1) })
      let other = JSONObject(pairs.reversed().map { ($0.0, JSONValue.integer($0.1)) })
      #expect(object == other && object.hashValue == other.hashValue)
    }
  }

  @Test func manyMembersAreRemovedInTheTimeOfTheirNumber() {
    let names = (0..<30_000).map { "a rather long name of member \($0)" }
    var object = JSONObject()
    let building = ContinuousClock().measure { for name in names { object[name] = .bool(true) } }
    let removing = ContinuousClock().measure { for name in names { object[name] = nil } }
    #expect(removing < building * 20, "\(removing) after \(building)")
    #expect(object.isEmpty && object.keys.isEmpty)
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    for bytes: [UInt8] in [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
    ] {
      #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }
  }

  @Test func limitsHold() throws {
    let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(throws: Never.self) { try parse(deep(64)) }
    #expect(throws: JSONError.self) { try parse(deep(65)) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2,3]", limits: .init(values: 3)) }
    #expect(throws: Never.self) { try JSONValue(parsing: "[1,2,3]", limits: .init(values: 4)) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2,3]", limits: .init(bytes: 6)) }
  }

  @Test func everyTruncationIsAnError() {
    let bytes = Array(#"{"a":[1.5e-3,true,null,"x\u00e9é"],"b":{"c":[]}}"#.utf8)
    for length in bytes.indices { #expect(throws: JSONError.self) { try JSONValue(parsing: Array(bytes[..<length])) } }
  }

  @Test func numbersComeBackExactly() throws {
    for integer in [0, 1, -1, .max, .min, 1 << 53 + 1] {
      #expect(try parse(JSONValue.integer(integer).text()) == .integer(integer))
    }
    let doubles: [Double] = [
      0.1, -0.0, 1, 1e300, .leastNonzeroMagnitude, .pi, 1 / 3, 1e15, 1e16, 123_456_789.125, -.greatestFiniteMagnitude,
      .leastNormalMagnitude, 0x1p63,
    ]
    for double in doubles {
      guard case .number(let read) = try parse(JSONValue.number(double).text()) else {
        Issue.record("\(double) became an integer")
        continue
      }
      #expect(read.bitPattern == double.bitPattern)
    }
    #expect(try parse("-0") == .number(-0.0))
  }

  @Test func integersAboveIntComeBackExactly() throws {
    for integer: UInt64 in [.max, 1 << 63, 1 << 63 + 1] {
      let value = try parse("\(integer)")
      #expect(value == .unsigned(integer) && value.number == Double(integer) && value.integer == nil)
      #expect(try value.text() == "\(integer)")
      #expect(try value.decode(UInt64.self) == integer && JSONValue(encoding: integer) == value)
      #expect(value != .number(Double(integer)) && Set([value, value, .integer(1)]).count == 2)
      #expect(
        throws: JSONError.content(
          path: "", reason: "expected a whole number that fits Int, found an integer (\(integer))")
      ) {
        try value.decode(Int.self)
      }
    }
    #expect(try parse("18446744073709551616") == .number(0x1p64))
    #expect(try parse("-9223372036854775809") == .number(-0x1p63))
  }

  @Test func integersOfFilesOfEarlierVersionsAreRead() throws {
    #expect(try parse("\"18446744073709551615\"").decode(UInt64.self) == .max)
    #expect(throws: JSONError.self) { try parse("\"7\"").decode(UInt64.self) }
    let large = UInt128(UInt64.max) + 1
    #expect(try JSONValue(encoding: large) == .string("\(large)"))
  }

  @Test func textIsCompactOrLaidOut() throws {
    let value: JSONValue = [
      "b": 1, "a": [1, 2], "c": ["d": [["e": nil], []]], "f": "\u{1}\"\\\n\t\r\u{1F}é", "g": [:],
    ]
    #expect(try value.text() == #"{"b":1,"a":[1,2],"c":{"d":[{"e":null},[]]},"f":"\u0001\"\\\n\t\r\u001fé","g":{}}"#)
    let pretty = """
      {
        "b": 1,
        "a": [1, 2],
        "c": {
          "d": [
            {
              "e": null
            },
            []
          ]
        },
        "f": "\\u0001\\"\\\\\\n\\t\\r\\u001fé",
        "g": {}
      }
      """
    #expect(try value.text(pretty: true) == pretty)
    #expect(try parse(pretty) == value)
    #expect(throws: JSONError.content(path: "a[1].b", reason: "nan has no JSON")) {
      let value: JSONValue = ["a": [0, ["b": .number(.nan)]]]
      return try value.text()
    }
  }

  @Test func objectsKeepTheirOrderAndCompareWithoutIt() {
    var object = JSONObject([("a", 1), ("b", 2), ("a", 3)])
    #expect(object.keys == ["a", "b"] && object["a"] == 3)
    #expect(object == JSONObject([("b", 2), ("a", 3)]))
    object["a"] = nil
    object["a"] = 4
    #expect(object.keys == ["b", "a"] && object.count == 2)
  }
}

import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct SafetensorsTests {
  static func file(_ head: String, _ data: [UInt8]) -> [UInt8] {
    littleEndianBytes(of: UInt64(head.utf8.count)) + Array(head.utf8) + data
  }

  /// The error of a header and its data, without the path.
  func fault(_ head: String, _ data: [UInt8] = []) throws -> String {
    try fault(bytes: Self.file(head, data))
  }

  func fault(bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes, "t")
    do {
      let file = try Safetensors(path)
      for name in file.names { _ = try file.tensor(name) }
      return "none"
    } catch let error as FormatError { return String(error.description.dropFirst(path.count + 2)) }
  }

  @Test func tensorsComeBack() throws {
    let folder = try TemporaryFolder()
    let floats: [Float] = [0, -0.0, 1.5, .infinity, .leastNonzeroMagnitude, -3]
    let tensors: [(String, Tensor)] = [
      ("mask", Tensor([true, false, true])), ("0.weight", Tensor(floats, shape: [2, 3])),
      ("steps", Tensor([Int32.min, .max, 0, 7], shape: [2, 1, 2])), ("scalar", Tensor([Float(2)], shape: [])),
      ("ä \"\\\n", Tensor([Int32(5)])),
    ]
    try Safetensors.save(tensors, metadata: ["b": "x\ny", "a": "{}"], to: folder("t"))
    let file = try Safetensors(folder("t"))
    #expect(file.metadata == ["b": "x\ny", "a": "{}"])
    #expect(Set(file.names) == Set(tensors.map(\.0)))
    #expect(file.names.last == "mask")  // the one that needs no alignment
    let weight = try #require(try file.tensor("0.weight"))
    #expect(weight.shape == [2, 3] && file.shape(of: "0.weight") == [2, 3])
    #expect(try weight.scalars().map(\.bitPattern) == floats.map(\.bitPattern))
    #expect(try file.tensor("steps")?.scalars(as: Int32.self) == [.min, .max, 0, 7])
    #expect(try file.tensor("mask")?.scalars(as: Bool.self) == [true, false, true])
    #expect(try file.tensor("scalar")?.shape == [])
    #expect(try file.tensor("ä \"\\\n")?.scalars(as: Int32.self) == [5])
    #expect(try file.tensor("none") == nil && file.shape(of: "none") == nil)
    #expect(try Folder.names(in: folder.path) == ["t"])
  }

  /// A file as written by the format's own library, byte for byte.
  @Test func theBytesAreThoseOfTheFormat() throws {
    let folder = try TemporaryFolder()
    try Safetensors.save([("a", Tensor([Float(1), 2], shape: [2]))], metadata: ["k": "v"], to: folder("t"))
    let head = #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let padded = head + String(repeating: " ", count: (8 - head.utf8.count % 8) % 8)
    let expected = Self.file(padded, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    #expect(try FileReader.read(folder("t"), limit: 1000) == expected)
    try Safetensors.save([(String, Tensor)](), to: folder("empty"))
    #expect(try Safetensors(folder("empty")).names.isEmpty)
  }

  @Test(
    arguments: [
      ("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], [1.5]), ("F16", [0x00, 0x3E, 0x00, 0xC0], [1.5, -2]),
      ("BF16", [0xC0, 0x3F, 0x80, 0x7F], [1.5, .infinity]), ("I64", [0xFE, 255, 255, 255, 255, 255, 255, 255], [-2]),
      ("I16", [0xFE, 0xFF, 1, 0], [-2, 1]), ("I8", [0xFE, 3], [-2, 3]), ("U8", [0xFE, 3], [254, 3]),
      ("U16", [0xFE, 0xFF], [65534]), ("U32", [1, 0, 0, 0], [1]), ("U64", [9, 0, 0, 0, 0, 0, 0, 0], [9]),
      ("BOOL", [0, 1], [0, 1]), ("I32", [0xFF, 0xFF, 0xFF, 0xFF], [-1]), ("F32", [0, 0, 0xC0, 0x3F], [1.5]),
    ] as [(String, [UInt8], [Double])])
  func otherTypesAreConverted(code: String, bytes: [UInt8], values: [Double]) throws {
    let folder = try TemporaryFolder()
    let head = #"{"x":{"dtype":"\#(code)","shape":[\#(values.count)],"data_offsets":[0,\#(bytes.count)]}}"#
    let path = try folder.write(Self.file(head, bytes), "t")
    let tensor = try #require(try Safetensors(path).tensor("x"))
    #expect(try tensor.scalars(as: Double.self) == values)
    #expect(tensor.dtype == (code.contains("F") ? .float32 : code == "BOOL" ? .bool : .int32))
  }

  @Test func valuesThatDoNotFitAreRefused() throws {
    let head = { (code: String, size: Int) in #"{"x":{"dtype":"\#(code)","shape":[1],"data_offsets":[0,\#(size)]}}"# }
    #expect(
      try fault(head("I64", 8), [0, 0, 0, 0x80, 0, 0, 0, 0])
        == "tensor \"x\", element 0: an integer does not fit into 32 bits")
    #expect(
      try fault(head("U32", 4), [0, 0, 0, 0x80]) == "tensor \"x\", element 0: an integer does not fit into 32 bits")
    #expect(try fault(head("BOOL", 1), [2]) == "tensor \"x\", element 0: a boolean is 2, neither 0 nor 1")
    #expect(try fault(head("F64", 8), [0, 0, 0, 0, 0, 0, 0xE0, 0x7F]).hasSuffix("is too large for float32"))
  }

  /// Reads every half-precision number, and compares it with the same number from its definition.
  @Test(arguments: [("F16", 10, 15), ("BF16", 7, 127)]) func halvesAreExact(code: String, fractionBits: Int, bias: Int)
    throws
  {
    let folder = try TemporaryFolder()
    let head = #"{"x":{"dtype":"\#(code)","shape":[65536],"data_offsets":[0,131072]}}"#
    let data = (UInt16.min...UInt16.max).flatMap { littleEndianBytes(of: $0) }
    let file = try Safetensors(folder.write(Self.file(head, data), "t"))
    let converted = try #require(try file.tensor("x"))
    let kept = try #require(try file.tensor("x", keepingTypes: true))
    #expect(converted.dtype == .float32 && kept.dtype == (code == "F16" ? .float16 : .bfloat16))
    let (numbers, halves) = (try converted.scalars(), try kept.scalars())
    var wrong: [UInt16] = []
    for bits in UInt16.min...UInt16.max {
      let exponent = Int(bits & 0x7FFF) >> fractionBits
      let fraction = Double(Int(bits) & (1 << fractionBits - 1)) / Double(1 << fractionBits)
      let scale = Double(sign: .plus, exponent: max(exponent, 1) - bias, significand: 1)
      var value = (exponent == 0 ? fraction : 1 + fraction) * scale
      if exponent == 2 * bias + 1 { value = fraction == 0 ? .infinity : .nan }
      if bits & 0x8000 != 0 { value = -value }
      for half in [numbers[Int(bits)], halves[Int(bits)]] {
        let isRight = value.isNaN ? half.isNaN : half.bitPattern == Float(value).bitPattern
        if !isRight { wrong.append(bits) }
      }
    }
    #expect(wrong.isEmpty)
    // All bits come back, also those of NaN.
    try Safetensors.save([("x", kept)], to: folder("again"))
    #expect(try FileReader.read(folder("again"), limit: 1 << 20).suffix(131_072) == data[...])
  }

  /// A file takes the types of its tensors, the largest elements first.
  @Test func halvesAreWrittenInTheirOwnType() throws {
    let folder = try TemporaryFolder()
    let tensors = [
      ("h", Tensor([1.5, -2], dtype: .float16)), ("b", Tensor([0x1p-130, 3], shape: [2, 1], dtype: .bfloat16)),
      ("f", Tensor([Float(1)])),
    ]
    try Safetensors.save(tensors, to: folder("t"))
    let file = try Safetensors(folder("t"))
    #expect(file.names == ["f", "h", "b"])
    #expect(["f", "h", "b"].map { file.code(of: $0) } == ["F32", "F16", "BF16"])
    for (name, tensor) in tensors {
      let copy = try #require(try file.tensor(name, keepingTypes: true))
      #expect(copy.dtype == tensor.dtype && copy.shape == tensor.shape)
      #expect(try copy.scalars() == tensor.scalars())
    }
    let bytes = try FileReader.read(folder("t"), limit: 1000).suffix(12)
    #expect(Array(bytes) == [0, 0, 0x80, 0x3F, 0x00, 0x3E, 0x00, 0xC0, 0x08, 0x00, 0x40, 0x40])
  }

  /// int64, float64, int16, int8, and uint8, with the bytes of their largest and smallest numbers.
  @Test func typesAreKeptOnRequest() throws {
    let folder = try TemporaryFolder()
    let tensors = [
      ("u", Tensor([255, 0] as [UInt8])), ("i", Tensor([127, -128] as [Int8])),
      ("s", Tensor([32_767, -32_768] as [Int16])), ("d", Tensor([0.1, -1e300], dtype: .float64)),
      ("l", Tensor([.max, -(1 << 53) - 1] as [Int64])),
    ]
    try Safetensors.save(tensors, to: folder("t"))
    let file = try Safetensors(folder("t"))
    #expect(file.names == ["d", "l", "s", "u", "i"])
    #expect(["d", "l", "s", "u", "i"].map { file.code(of: $0) } == ["F64", "I64", "I16", "U8", "I8"])
    for (name, tensor) in tensors {
      let copy = try #require(try file.tensor(name, keepingTypes: true))
      #expect(try copy.dtype == tensor.dtype && copy.scalars(as: Double.self) == tensor.scalars(as: Double.self))
    }
    #expect(try file.tensor("l", keepingTypes: true)?.scalars(as: Int64.self) == [.max, -(1 << 53) - 1])
    let bytes = try FileReader.read(folder("t"), limit: 1000).suffix(24)
    #expect(
      Array(bytes) == [
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xDF, 0xFF, 0xFF, 0x7F,
        0x00,
        0x80, 0xFF, 0x00, 0x7F, 0x80,
      ])
    // By default, integers become int32 if they fit, and floating point becomes float32.
    #expect(try file.tensor("s")?.dtype == .int32 && file.tensor("u")?.dtype == .int32)
    for (name, reason) in [("l", "an integer does not fit into 32 bits"), ("d", "is too large for float32")] {
      let error = #expect(throws: FormatError.self) { try file.tensor(name) }
      #expect("\(error.map { "\($0)" } ?? "")".hasSuffix(reason))
    }
  }

  @Test func everyTruncationIsAnError() throws {
    let bytes = Self.file(
      #"{"__metadata__":{"a":"b"},"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"y":{"dtype":"F32","shape":[],"data_offsets":[3,7]}}"#,
      [1, 2, 3, 0, 0, 0, 0])
    #expect(try fault(bytes: bytes) == "none")
    for length in bytes.indices { #expect(try fault(bytes: Array(bytes[..<length])) != "none", "\(length) bytes") }
    #expect(try fault(bytes: bytes + [0]) != "none")
  }

  @Test func everyChangedByteIsReadOrRefused() throws {
    let bytes = Self.file(#"{"x":{"dtype":"U8","shape":[1,2],"data_offsets":[0,2]}}"#, [1, 2])
    let folder = try TemporaryFolder()
    for index in bytes.indices {
      for value: UInt8 in [0, 0x20, 0x22, 0x30, 0x39, 0x7D, 0x80, 0xFF] {
        var damaged = bytes
        damaged[index] = value
        let path = try folder.write(damaged, "t")
        guard let file = try? Safetensors(path) else { continue }
        for name in file.names {
          let tensor = try? file.tensor(name)
          #expect(tensor == nil || tensor?.count == 2)
        }
      }
    }
  }

  @Test func hostileHeadsAreRefused() throws {
    let x = { (text: String) in "{\"x\":{\(text)}}" }
    let cases: [(String, [UInt8], String)] = [
      (x(#""dtype":"U8","shape":[3],"data_offsets":[0,2]"#), [1, 2], "does not have 2 bytes"),
      (x(#""dtype":"U8","shape":[2],"data_offsets":[1,3]"#), [0, 1, 2], "leaves a gap"),
      (x(#""dtype":"U8","shape":[2],"data_offsets":[2,0]"#), [1, 2], "no data_offsets"),
      (x(#""dtype":"U8","shape":[2],"data_offsets":[0,2]"#), [1, 2, 3], "the tensors take 2 bytes; the file has 3"),
      (x(#""dtype":"U8","shape":[2],"data_offsets":[0,2,2]"#), [1, 2], "no data_offsets"),
      (x(#""dtype":"U8","shape":[2],"data_offsets":[0,2.0]"#), [1, 2], "no data_offsets"),
      (x(#""dtype":"U8","shape":[-2],"data_offsets":[0,2]"#), [1, 2], "no shape"),
      (x(#""dtype":"U8","shape":"2","data_offsets":[0,2]"#), [1, 2], "no shape"),
      (x(#""dtype":"F8","shape":[2],"data_offsets":[0,2]"#), [1, 2], "type F8, which is not supported"),
      (x(#""dtype":"F4","shape":[3],"data_offsets":[0,2]"#), [1, 2], "does not have 2 bytes"),
      (x(#""shape":[2],"data_offsets":[0,2]"#), [1, 2], "no dtype"),
      (x(#""dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]"#), [1, 2], "occurs twice"),
      (x(#""dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]"#), [], "does not have 0 bytes"),
      (x(#""dtype":"F32","shape":[9223372036854775807,0],"data_offsets":[0,0]"#), [], "does not have 0 bytes"),
      (x(#""dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]"#), [1], "at most 8"),
      (x(#""dtype":"U8","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]"#), [], "leaves a gap"),
      (x(#""dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551616]"#), [1], "no data_offsets"),
      (x(#""dtype":[[[[[1]]]]]"#), [], "inside one another"),
      ("{\"x\":1}", [], "an integer, not an object"), ("[]", [], "not a JSON object"), ("", [], "not a JSON object"),
      (" {}", [], "not a JSON object"), ("{}x", [], "expected the end of the text"),
      ("{\"__metadata__\":{\"a\":1}}", [], "not a string"), ("{\"__metadata__\":[]}", [], "not an object"),
    ]
    for (head, data, words) in cases {
      let found = try fault(head, data)
      #expect(found.contains(words), "\(head): \(found)")
    }
    let entry = { (name: String, range: String) in #""\#(name)":{"dtype":"U8","shape":[2],"data_offsets":[\#(range)]}"#
    }
    #expect(try fault("{\(entry("a", "0,2")),\(entry("b", "1,3"))}", [1, 2, 3]).contains("overlaps"))
    #expect(try fault("{\(entry("a", "0,2")),\(entry("b", "0,2"))}", [1, 2]).contains("overlaps"))
    #expect(try fault("{\(entry("a", "0,2")),\(entry("a", "2,4"))}", [1, 2, 3, 4]).contains("occurs twice"))
  }

  @Test func lengthsAreCheckedBeforeMemoryIsTaken() throws {
    for count in [UInt64.max, 1 << 63, 100_000_001, 50] {
      #expect(try fault(bytes: littleEndianBytes(of: count) + Array("{}".utf8)).contains("not a safetensors file"))
    }
    #expect(try fault(bytes: []).contains("0 bytes"))
    #expect(throws: FormatError.file(path: "nowhere/x", reason: "no such file")) { try Safetensors("nowhere/x") }
  }

  @Test func aFailedSaveLeavesTheOldFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", "t")
    let twice = [("a", Tensor([Float(1)])), ("a", Tensor([Float(2)]))]
    #expect(throws: FormatError.self) { try Safetensors.save(twice, to: folder("t")) }
    #expect(throws: FormatError.self) { try Safetensors.save(twice.prefix(1), to: folder("none/t")) }
    #expect(try FileReader.read(folder("t"), limit: 10) == Array("old".utf8))
    #expect(try Folder.names(in: folder.path) == ["t"])
  }
}

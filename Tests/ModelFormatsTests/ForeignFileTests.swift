import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Files as written by other programs.
@Suite struct ForeignFileTests {
  static let floats: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40]  // 1, 2, 3, 4

  func open(_ head: String, _ data: [UInt8] = floats) throws -> Safetensors {
    try Safetensors(try folder.write(SafetensorsTests.file(head, data), "t"))
  }

  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// `safetensors.safe_open` reads each of these headers.
  @Test func headsThatTheLibraryOfTheFormatReadsAreRead() throws {
    let none = try open(#"{"__metadata__":null,"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#)
    #expect(none.names == ["a"] && none.metadata.isEmpty)
    let more = try open(#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"more":[1,{}]}}"#)
    #expect(try more.tensor("a")?.scalars() == [1, 2, 3, 4])
    let half = #"{"dtype":"F32","shape":[2],"data_offsets""#
    let names = try open("{\"caf\u{E9}\":\(half):[0,8]},\"cafe\u{301}\":\(half):[8,16]}}")
    #expect(names.names.count == 2)
    #expect(try names.tensor("caf\u{E9}")?.scalars() == [1, 2])
    #expect(try names.tensor("cafe\u{301}")?.scalars() == [3, 4])
  }

  @Test(arguments: [
    (#""dtype":"F8_E4M3","shape":[4]"#, "F8_E4M3"), (#""dtype":"F4","shape":[8]"#, "F4"),
    (#""dtype":"NEW","shape":[3]"#, "NEW"), (#""dtype":"U8","shape":[1,1,1,1,1,1,1,1,4]"#, "9 axes"),
  ])
  func aTensorThatIsNotSupportedLeavesTheOthersReadable(entry: String, words: String) throws {
    let file = try open(
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"b":{\#(entry),"data_offsets":[12,16]}}"#)
    #expect(file.names == ["a", "b"] && file.shape(of: "b") != nil)
    #expect(try file.tensor("a")?.scalars() == [1, 2, 3])
    #expect {
      try file.tensor("b")
    } throws: { "\($0)".contains("tensor \"b\" has") && "\($0)".contains(words) }
    let model = Sequential(inputShape: [3]) { Dense(1, useBias: false) }
    #expect(throws: FormatError.self) { try model.loadWeights(from: file.path) }
  }

  @Test func aPyTorchFileIsRefusedWithWhatReadsIt() throws {
    var writer = try ZipWriter(folder("new.pt"))
    try writer.append("model/data.pkl", [0x80, 2, 0x2E], deflating: false)
    try writer.append("model/data/0", Self.floats, deflating: false)
    try writer.finish()
    // The start of a file from `torch.save(…, _use_new_zipfile_serialization=False)`.
    let legacy: [UInt8] = [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    try folder.write(legacy + [UInt8](repeating: 0, count: 100), "old.pt")
    for (name, words) in [
      ("new.pt", "loadWeights(from:mapping: .pyTorch)"), ("old.pt", "torch.save(torch.load(\"old.pt\", "),
    ] {
      for read in [
        { _ = try Safetensors($0) }, { _ = try Sequential.load(from: $0) }, { _ = try NPZ.load($0) },
        { _ = try NPY.load($0) }, { _ = try TrainingState.load(from: $0) },
      ] as [(String) throws -> Void] {
        #expect {
          try read(folder(name))
        } throws: { error in
          "\(error)".contains("it is a PyTorch file") && "\(error)".contains(words)
        }
      }
    }
    try NPZ.save([("a", Tensor(1))], to: folder("t.npz"))
    #expect { try Safetensors(folder("t.npz")) } throws: { "\($0)".contains("NPZ.load") }
    try NPY.save(Tensor([Float](repeating: 1, count: 4)), to: folder("t.npy"))
    #expect { try Safetensors(folder("t.npy")) } throws: { "\($0)".contains("NPY.load") }
  }

  /// A NumPy array that is cut or of another type, and a safetensors file of a head of 640 bytes, which begins like a pickle.
  @Test func aFormatIsNotForeignToItself() throws {
    let data = [UInt8](repeating: 0, count: 24)
    try NPY.save(Tensor([Float](repeating: 1, count: 100)), to: folder("t.npy"))
    let array = try FileReader.read(folder("t.npy"), limit: 1 << 20)
    try folder.write(Array(array.dropLast(1)), "cut.npy")
    let place = try #require(array.firstRange(of: Array("<f4".utf8)))
    try folder.write(Array(array[..<place.lowerBound]) + Array("<c8".utf8) + array[place.upperBound...], "c8.npy")
    #expect {
      try NPY.load(folder("cut.npy"))
    } throws: { "\($0)".contains("[100]") && !"\($0)".contains("NPY.load") }
    #expect {
      try NPY.load(folder("c8.npy"))
    } throws: { "\($0)".contains("elements of type '<c8' are not supported") }
    let head = #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,24]}}"#
    let filled = head + String(repeating: " ", count: 640 - head.utf8.count)
    #expect {
      try open(filled, data.dropLast() + [UInt8(ascii: ".")])
    } throws: { !"\($0)".contains("pickle") && "\($0)".contains("\"a\"") }
  }

  /// A string of JSON with 320 kB of marks on one letter: looked up as a `String` it takes 20 seconds.
  @Test func combiningMarksCostNoTime() throws {
    let marks = "a" + String(repeating: "\u{301}\u{323}", count: 80_000)
    try folder.write("{\"layers\":[{\"layer\":\"\(marks)\"}]}", "a.json")
    try folder.write("{\"epoch\":1,\"\(marks)\":1}\n", "l.jsonl")
    let escaped = String(repeating: #"\u0301\u0323"#, count: 20_000)
    let seconds = processorSeconds {
      #expect(throws: FormatError.self) {
        try open("{\"\(marks)\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}")
      }
      #expect(throws: FormatError.self) { try Architecture.load(from: folder("a.json")) }
      #expect(throws: FormatError.self) { try History.load(fromLog: folder("l.jsonl")) }
      #expect(throws: JSONError.self) { try JSONValue(parsing: "{\"a\(escaped)\":1,\"b\":2}") }
    }
    #expect(seconds < 3)
  }

  @Test func keysAreToldApartByTheirBytes() throws {
    let value = try JSONValue(parsing: "{\"é\":1,\"e\u{301}\":2}")
    #expect(value["é"] == 1 && value["e\u{301}"] == 2 && value.object?.count == 2)
    #expect(JSONValue.string("é") != .string("e\u{301}"))
    #expect(try JSONValue(parsing: try value.text()) == value)
  }

  @Test func messagesAreBounded() {
    let long = [String](repeating: String(repeating: "é", count: 100_000), count: 30)
    let errors: [any NeuralNetworksError] = [
      FormatError.parameters(path: "t", missing: long, unknown: long, shapes: long),
      FormatError.malformed(path: "t", reason: long[0]), JSONError.content(path: long[0], reason: long[0]),
      JSONError.mistakes(long.map { JSONError.Mistake(path: $0, reason: $0) }),
    ]
    for error in errors { #expect(error.description.utf8.count < 3000) }
  }
}

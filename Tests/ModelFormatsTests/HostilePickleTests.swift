import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Pickles that were made to do harm, and archives that do not match their pickle: rejected with a reason, quickly, and
/// before memory is allocated.
@Suite struct HostilePickleTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// The error of opening an archive with this pickle, without the path; "none" if it is read.
  func fault(
    _ pickle: [UInt8], storage: [UInt8] = [UInt8](repeating: 0, count: 48), order: String = "little",
    deflating: Bool = false, _ read: (PyTorchFile) throws -> Void = { _ in }
  ) throws -> String {
    var writer = try ZipWriter(folder("t.pt"))
    try writer.append("t/data.pkl", pickle, deflating: true)
    try writer.append("t/byteorder", Array(order.utf8), deflating: false)
    try writer.append("t/data/0", storage, deflating: deflating)
    try writer.finish()
    do { try read(PyTorchFile(folder("t.pt"))) } catch let error as FormatError {
      return error.description.replacing(folder("t.pt") + ": ", with: "")
    }
    return "none"
  }

  func short(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + text.utf8 }
  func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  func long(_ number: Int) -> [UInt8] { [0x8A, 8] + littleEndianBytes(of: UInt64(bitPattern: Int64(number))) }
  func tuple(_ numbers: [Int]) -> [UInt8] { [0x28] + numbers.flatMap(long) + [0x74] }

  /// A dictionary with the tensor "x" of a storage.
  func tensor(
    type: String = "FloatStorage", key: String = "0", count: Int = 12, offset: Int = 0, shape: [Int], strides: [Int],
    metadata: [UInt8] = []
  ) -> [UInt8] {
    let storage = [0x28] + short("storage") + global("torch", type) + short(key) + short("cpu") + long(count) + [0x74]
    var arguments = storage + [0x51] + long(offset) + tuple(shape) + tuple(strides) + [0x89, 0x4E]
    arguments += metadata
    return [0x80, 2, 0x7D] + short("x") + global("torch._utils", "_rebuild_tensor_v2") + [0x28] + arguments
      + [0x74, 0x52, 0x73, 0x2E]
  }

  @Test func nothingIsCalled() throws {
    let marker = folder("called")
    let command = short("touch \(marker)")
    let calls: [(pickle: [UInt8], name: String)] = [
      (global("posix", "system") + command + [0x85, 0x52], "posix.system"),
      (short("os") + short("system") + [0x93] + command + [0x85, 0x52], "os.system"),
      (global("builtins", "eval") + command + [0x85, 0x52], "builtins.eval"),
      (global("torch", "load") + command + [0x85, 0x52], "torch.load"),
      (global("collections", "OrderedDict.__init__") + command + [0x85, 0x52], "collections.OrderedDict.__init__"),
      ([0x28] + command + Array("ios\nsystem\n".utf8), "os.system"),
    ]
    for (pickle, name) in calls {
      let found = try fault([0x80, 2] + pickle + [0x2E])
      #expect(found.hasPrefix("it contains an object of the class \(name), and only"), "\(found)")
    }
    for pickle in [[0x28] + command + [0x6F], command + [0x50], command + [0x82, 1], [0x29, 0x81]] as [[UInt8]] {
      #expect(try fault([0x80, 2] + pickle + [0x2E]).contains("which torch.save does not write"))
    }
    #expect(!Folder.exists(marker) && (try? FileReader(marker)) == nil)
  }

  /// Lists that double at each step, lists in themselves, and a million lists inside one another.
  @Test func bombsTakeNoMemory() throws {
    let doubling: [UInt8] =
      [0x5D, 0x71, 0] + (0..<200).flatMap { [0x5D, 0x68, $0, 0x61, 0x68, $0, 0x61, 0x71, $0 + 1] }
    let itself: [UInt8] = [0x7D, 0x71, 0, 0x4B, 1, 0x68, 0, 0x73]
    let deep = [UInt8](repeating: 0x5D, count: 1) + [UInt8](repeating: 0x85, count: 1_000_000)
    let nested = [UInt8](repeating: 0x5D, count: 900_000) + [UInt8](repeating: 0x61, count: 899_999)
    for pickle in [doubling, deep, nested] {
      #expect(try fault([0x80, 2] + pickle + [0x2E]).hasPrefix("it contains no dictionary of tensors"))
    }
    #expect(try fault([0x80, 2] + itself + [0x2E]).contains("its keys are 1:"))
    for code in [0x5D, 0x28, 0x4E] as [UInt8] {
      let many = [0x80, 2] + [UInt8](repeating: code, count: 2_000_001)
      #expect(try fault(many) == "its pickle has more than 2000000 values")
    }
    let large = [0x80, 2] + [UInt8](repeating: 0x4E, count: 33 << 20)
    #expect(try fault(large).contains("more than the limit of 33554432"))
  }

  @Test func damagedPicklesAreRefused() throws {
    let whole = tensor(shape: [3, 4], strides: [4, 1])
    let read = try fault(whole) { file in
      let shape = try file.tensor("x")?.shape
      #expect(shape == [3, 4])
    }
    #expect(read == "none")
    for count in stride(from: 0, to: whole.count, by: 7) { #expect(try fault(Array(whole[..<count])) != "none") }
    let endings: [[UInt8]] = [
      [], [0x30], [0x74], [0x61], [0x73], [0x52], [0x62], [0x51], [0x93], [0x68, 0], [0x28, 0x4E, 0x64],
      [0x8D] + [UInt8](repeating: 0xFF, count: 8), [0x58, 0xFF, 0xFF, 0xFF, 0x7F], [0x8B, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x63], [0x95, 0], [0x5D, 0x28, 0x4E, 0x75], [0x28, 0x30], [0xFF],
    ]
    for ending in endings {
      let found = try fault([0x80, 2] + ending + [0x2E])
      #expect(found.contains("the pickle "), "\(ending): \(found)")
    }
    #expect(try fault([0x80, 1, 0x7D, 0x2E]) == "it is not a pickle of protocol 2 to 5")
    #expect(try fault([]) == "it is not a pickle of protocol 2 to 5")
    let marks = "a" + String(repeating: "\u{301}", count: 100)
    #expect(try fault([0x80, 2, 0x7D] + short(marks) + [0x4E, 0x73, 0x2E]) == "none")
  }

  @Test func viewsThatAreNotInTheirStorageAreRefused() throws {
    let faults: [(pickle: [UInt8], words: String)] = [
      (tensor(shape: [4, 4], strides: [4, 1]), "it reaches beyond the 12 elements of its storage"),
      (tensor(offset: 12, shape: [], strides: []), "it reaches beyond"),
      (tensor(shape: [.max, 2], strides: [.max, 1]), "it reaches beyond"),
      (tensor(offset: .max, shape: [2], strides: [1]), "it reaches beyond"),
      (tensor(shape: [.max, .max], strides: [0, 0]), "it reaches beyond"),
      (tensor(shape: [.max, .max, 0], strides: [1, 1, 1]), "more elements than can be counted"),
      (tensor(shape: [1 << 40], strides: [0]), "save its clone()"),
      (tensor(offset: -1, shape: [2], strides: [1]), "make no sense"),
      (tensor(shape: [-2], strides: [1]), "make no sense"), (tensor(shape: [2], strides: [-1]), "make no sense"),
      (tensor(shape: [2], strides: [1, 1]), "make no sense"),
      (tensor(count: 13, shape: [2], strides: [1]), "its storage has 48 bytes, not 13 elements of 4 bytes"),
      (tensor(count: .max, shape: [2], strides: [1]), "its storage has 48 bytes"),
      (tensor(key: "1", shape: [2], strides: [1]), "its storage \"1\" is missing"),
      (tensor(key: "../byteorder", shape: [2], strides: [1]), "is missing"),
    ]
    for (pickle, words) in faults {
      let found = try fault(pickle)
      #expect(found.hasPrefix("tensor \"x\": ") && found.contains(words), "\(found)")
    }
    let repeated = try fault(tensor(shape: [12, 1], strides: [0, 7])) { file in
      let count = try file.tensor("x")?.count
      #expect(count == 12)
    }
    #expect(repeated == "none")
    let far = try fault(tensor(shape: [5, 1], strides: [1, .max])) { file in
      let shape = try file.tensor("x")?.shape
      #expect(shape == [5, 1])
    }
    #expect(far == "none")
    let axes = tensor(shape: [Int](repeating: 1, count: 9), strides: [Int](repeating: 1, count: 9))
    #expect(try fault(axes) { _ = try $0.tensor("x") }.contains("9 axes; at most 8 are possible"))
    let negated = tensor(shape: [2], strides: [1], metadata: [0x7D] + short("neg") + [0x88, 0x73])
    #expect(try fault(negated).contains("save its resolve_neg()"))
    let many = [Int](repeating: 1, count: 65)
    #expect(try fault(tensor(shape: many, strides: many)).contains("a call with other arguments than torch.save"))
  }

  /// 3,000 tensors of 1 MB in one storage.
  @Test func manyViewsOfOneStorageAreRefused() throws {
    let count = 1 << 18
    let one = tensor(count: count, shape: [2], strides: [count - 1]).dropFirst(3 + 3).dropLast(2)
    var tensors: [UInt8] = []
    for name in 0..<3000 { tensors += short("\(name)") + one + [0x73] }
    let found = try fault([0x80, 2, 0x7D] + tensors + [0x2E], storage: [UInt8](repeating: 0, count: 4 * count))
    #expect(found == "its tensors read the same \(4 * count) bytes more than 1000 times")
  }

  @Test(arguments: [false, true])
  func byteOrdersAndCompressionAreRead(deflating: Bool) throws {
    let numbers: [Float] = [1, -2, 0.5]
    let big = numbers.flatMap { littleEndianBytes(of: $0.bitPattern).reversed() }
    let pickle = tensor(count: 3, offset: 1, shape: [2], strides: [1])
    let read = try fault(pickle, storage: big, order: "big", deflating: deflating) { file in
      #expect(try file.tensor("x")?.scalars() == [-2, 0.5])
      try file.checkSum()
    }
    #expect(read == "none")
    #expect(try fault(pickle, order: "middle").contains("byteorder"))
    let bools = tensor(type: "BoolStorage", count: 48, shape: [1], strides: [1])
    #expect(
      try fault(bools, storage: [2] + [UInt8](repeating: 0, count: 47)) { _ = try $0.tensor("x") }.contains(
        "2, neither"))
  }

  /// A model notices a damaged storage, although a tensor alone is read without the rest of its storage.
  @Test func damagedStoragesAreNoticed() throws {
    #expect(try fault(tensor(shape: [3, 4], strides: [4, 1])) == "none")
    var bytes = try folder.bytes("t.pt")
    let place = try #require(bytes.firstRange(of: Array("t/data/0".utf8)))
    bytes[place.upperBound + 5] = 1
    try folder.write(bytes, "damaged.pt")
    let model = Sequential([Dense(3, useBias: false)], inputShape: [4])
    let mapping = WeightMapping().transposing("0.weight").renaming { _ in "x" }
    try model.loadWeights(from: folder("t.pt"), mapping: mapping)
    #expect {
      try model.loadWeights(from: folder("damaged.pt"), mapping: mapping)
    } throws: { "\($0)".contains("\"t/data/0\" is damaged") }
  }

  @Test func dictionariesWithoutTensorsListTheirKeys() throws {
    let found = try fault([0x80, 2, 0x7D] + short("ema") + [0x7D, 0x73, 0x2E])
    #expect(found.contains("nor under state_dict, model_state_dict, model; its keys are ema"))
    let empty = try fault([0x80, 2, 0x7D, 0x2E]) { #expect($0.names.isEmpty) }
    #expect(empty == "none")
  }
}

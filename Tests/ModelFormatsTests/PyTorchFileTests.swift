import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Files that `torch.save` wrote (`Benchmarks/peers/torch_files.py`).
@Suite struct PyTorchFileTests {
  static func path(_ name: String) -> String {
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fuzz/Corpus/pytorch/" + name
  }

  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  func fault(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "none"
  }

  @Test func viewsHaveOffsetsAndStrides() throws {
    let file = try PyTorchFile(Self.path("views"))
    #expect(
      file.names == ["whole", "transposed", "row", "column", "sparse", "again", "scalar", "none", "parameter", "7"])
    let expected: [(name: String, shape: [Int], values: [Float])] = [
      ("whole", [3, 4], (0..<12).map { Float($0) }), ("transposed", [4, 3], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]),
      ("row", [4], [4, 5, 6, 7]), ("column", [3], [2, 6, 10]), ("sparse", [2, 2], [1, 3, 9, 11]),
      ("again", [3, 4], (0..<12).map { Float($0) }), ("scalar", [], [11]), ("none", [0, 4], []),
      ("parameter", [2, 3], [5, 6, 7, 9, 10, 11]), ("7", [1], [0]),
    ]
    for (name, shape, values) in expected {
      let tensor = try #require(try file.tensor(name))
      #expect(file.shape(of: name) == shape && tensor.shape == shape, "\(name)")
      #expect(try tensor.scalars() == values, "\(name)")
    }
    #expect(try file.tensor("other") == nil && file.shape(of: "other") == nil)
  }

  /// The values 1, 0, 3 in each type.
  @Test func typesAreConverted() throws {
    let file = try PyTorchFile(Self.path("types"))
    for name in ["float64", "float32", "float16", "bfloat16"] {
      #expect(try file.tensor(name)?.scalars(as: Float.self) == [1, 0, 3], "\(name)")
    }
    for name in ["int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64"] {
      #expect(try file.tensor(name)?.scalars(as: Int32.self) == [1, 0, 3], "\(name)")
    }
    #expect(try file.tensor("bool")?.scalars(as: Bool.self) == [true, false, true])
    for (name, dtype) in [
      ("float64", DType.float64), ("float16", .float16), ("bfloat16", .bfloat16), ("int64", .int64), ("int16", .int16),
      ("int8", .int8), ("uint8", .uint8), ("uint16", .int32), ("uint32", .int32), ("uint64", .int32), ("bool", .bool),
    ] {
      let tensor = try #require(try file.tensor(name, keepingTypes: true))
      #expect(try tensor.dtype == dtype && tensor.scalars() == [1, 0, dtype == .bool ? 1 : 3], "\(name)")
    }
    for name in ["complex64", "float8_e4m3fn"] {
      #expect(file.shape(of: name) == [3])
      #expect(fault { _ = try file.tensor(name) }.contains("tensor \"\(name)\": it has elements of type \(name)"))
    }
  }

  /// `nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))` whose tensors count from 0, 10, 20 …
  @Test(arguments: ["checkpoint", "protocol5"])
  func modelsLoadTheTensorsOfAStateDictionary(_ name: String) throws {
    let model = Sequential {
      Dense(2)
      BatchNorm()
    }
    try model.loadWeights(from: Self.path(name), mapping: .pyTorch)
    let expected: [String: [Float]] = [
      "0.weight": [0, 3, 1, 4, 2, 5], "0.bias": [10, 11], "1.weight": [20, 21], "1.bias": [30, 31],
      "1.runningMean": [40, 41], "1.runningVariance": [50, 51],
    ]
    #expect(Set(model.parameters.paths) == Set(expected.keys))
    for (path, values) in expected { #expect(try model.parameters[path]?.value.scalars() == values, "\(path)") }
  }

  @Test func otherObjectsAreRefusedByTheNameOfTheirClass() throws {
    let words = [
      "whole-module": "an object of the class torch.nn.modules.container.Sequential",
      "sparse-tensor": "an object of the class torch._utils._rebuild_sparse_tensor",
      "before-1.6": "torch.save(torch.load(\"before-1.6\", map_location=\"cpu\", weights_only=True), \"new.pt\")",
    ]
    for (name, words) in words {
      let model = Sequential([Dense(2)], inputShape: [3])
      let found = fault { try model.loadWeights(from: Self.path(name), mapping: .pyTorch) }
      #expect(found.contains(words), "\(found)")
    }
  }

  @Test func filesOfOtherKindsSayHowTheyAreRead() throws {
    try NPZ.save([("a", Tensor(1))], to: folder("t.npz"))
    #expect(fault { _ = try PyTorchFile(folder("t.npz")) }.contains("NPZ.load"))
    let model = Sequential([Dense(2)], inputShape: [3])
    var writer = try ZipWriter(folder("m.keras"))
    try writer.append("config.json", Array("{}".utf8), deflating: false)
    try writer.append("model.weights.h5", [1], deflating: false)
    try writer.finish()
    try folder.write([0x89] + Array("HDF\r\n\u{1A}\n".utf8) + [UInt8](repeating: 0, count: 100), "m.h5")
    for name in ["m.keras", "m.h5"] {
      let found = fault { try model.loadWeights(from: folder(name)) }
      #expect(found.contains("keras.saving.load_model(\"\(name)\").weights"), "\(found)")
    }
    for read in [{ _ = try Safetensors($0) }, { _ = try NPZ.load($0) }] as [(String) throws -> Void] {
      #expect(fault { try read(Self.path("types")) }.contains("it is a PyTorch file: load its weights with"))
    }
  }

  /// The files of an index, as Hugging Face writes it, one of each format.
  @Test func anIndexLoadsSeveralFiles() throws {
    let model = Sequential(inputShape: [3]) {
      Dense(2)
      BatchNorm()
    }
    try Safetensors.save([("1.more", Tensor([Float(1), 2]))], to: folder("model-00001-of-00002.safetensors"))
    try folder.write(try FileReader.read(Self.path("protocol5"), limit: 1 << 16), "model-00002-of-00002.bin")
    let names = ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"]
    func write(_ more: [String: String]) throws -> String {
      let all = Dictionary(names.map { ($0, "model-00002-of-00002.bin") }) { $1 }.merging(more) { $1 }
      let members = all.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
      return try folder.write("{\"metadata\": {\"total_size\": 8}, \"weight_map\": {\(members)}}", "m.index.json")
    }
    try model.loadWeights(from: write([:]), mapping: .pyTorch)
    #expect(try model.parameters["1.bias"]?.value.scalars() == [30, 31])
    let second = try write(["1.more": "model-00001-of-00002.safetensors"])
    #expect(fault { try model.loadWeights(from: second, mapping: .pyTorch) }.hasSuffix("unknown: 1.more"))
    try model.loadWeights(from: second, .allowUnknown, mapping: .pyTorch)
    for (file, words) in [("none", "no such file"), ("../x", "no file next to"), ("m.index.json", "not a safetensors")]
    {
      let path = try write(["1.more": file])
      #expect(fault { try model.loadWeights(from: path, mapping: .pyTorch) }.contains(words), "\(file)")
    }
    let absent = try write(["2.more": "model-00001-of-00002.safetensors"])
    #expect(
      fault { try model.loadWeights(from: absent, mapping: .pyTorch) }
        .contains("tensor \"2.more\" is not in \"model-00001-of-00002.safetensors\""))
    try folder.write("[]", "m.index.json")
    #expect(fault { try model.loadWeights(from: folder("m.index.json")) }.contains("it has no weight_map"))
  }
}

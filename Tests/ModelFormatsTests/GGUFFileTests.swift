import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Files that the package `gguf` of Python wrote (`Benchmarks/peers/gguf_files.py`).
@Suite struct GGUFFileTests {
  static func path(_ name: String) -> String {
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fuzz/Corpus/gguf/" + name
  }

  func fault(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "none"
  }

  @Test func valuesOfEveryTypeAreRead() throws {
    let file = try GGUFFile(Self.path("types"))
    let expected: [(key: String, value: JSONValue)] = [
      ("general.architecture", "test"), ("u8", 255), ("i8", -128), ("u16", 65535), ("i16", -32768),
      ("u32", 4_294_967_295), ("i32", -2_147_483_648), ("f32", .number(Double(0.1 as Float))), ("u64", .unsigned(.max)),
      ("i64", .integer(.min)), ("f64", 0.1), ("bool", true), ("text", "ä\n"), ("none", ""), ("integers", [1, -2, 3]),
      ("texts", ["a", "", "bc"]), ("bytes", [0, 255]), ("nested", [[1, 2], [3]]), ("flags", [true, false]),
    ]
    #expect(file.version == 3 && file.keys == expected.map(\.key))
    for (key, value) in expected { #expect(try file.value(of: key) == value, "\(key)") }
    #expect(try file.value(of: "other") == nil)
  }

  /// The values 1, 0, 3 in each type.
  @Test func typesAreConverted() throws {
    let file = try GGUFFile(Self.path("types"))
    for name in ["float64", "float32", "float16", "bfloat16"] {
      #expect(try file.tensor(name)?.scalars(as: Float.self) == [1, 0, 3], "\(name)")
    }
    for name in ["int64", "int32", "int16", "int8"] {
      let tensor = try #require(try file.tensor(name))
      #expect(try tensor.dtype == .int32 && tensor.scalars(as: Int32.self) == [1, 0, 3], "\(name)")
    }
    for (name, dtype) in [("float16", DType.float16), ("bfloat16", .bfloat16), ("float64", .float64)] {
      let tensor = try #require(try file.tensor(name, keepingTypes: true))
      #expect(try tensor.dtype == dtype && tensor.scalars() == [1, 0, 3], "\(name)")
    }
    let cube = try #require(try file.tensor("cube"))
    #expect(try cube.shape == [2, 3, 4] && cube.scalars() == (0..<24).map { Float($0) })
    #expect(file.shape(of: "cube") == [2, 3, 4] && file.typeName(of: "cube") == "F32")
    #expect(try file.tensor("other") == nil && file.shape(of: "other") == nil && file.typeName(of: "other") == nil)
    #expect(file.shape(of: "Q2_K") == [1, 256])
    #expect(fault { _ = try file.tensor("Q2_K") }.contains("tensor \"Q2_K\": it has elements of type Q2_K"))
  }

  /// Random integers and scales. Next to each matrix is the result of `gguf.quants.dequantize`.
  @Test(arguments: BlockFormat.allCases.map(\.rawValue)) func blocksAreDecodedToTheSameBits(_ name: String) throws {
    let file = try GGUFFile(Self.path("blocks"))
    let (found, expected) = (try #require(try file.tensor(name)), try #require(try file.tensor("\(name) decoded")))
    #expect(file.typeName(of: name) == name && file.typeName(of: "\(name) decoded") == "F32")
    #expect(found.dtype == .float32 && found.shape == expected.shape && file.shape(of: name) == expected.shape)
    let bits = try expected.scalars().map(\.bitPattern)
    #expect(Set(bits).count > 30)
    #expect(try found.scalars().map(\.bitPattern) == bits)
  }

  @Test(arguments: BlockFormat.allCases.map(\.rawValue)) func matricesStayInBlocks(_ name: String) throws {
    let file = try GGUFFile(Self.path("blocks"))
    let matrix = try #require(try file.quantizedMatrix(name)), decoded = try #require(try file.tensor(name))
    #expect(matrix.format.rawValue == name && matrix.shape == decoded.shape)
    #expect(matrix.byteCount == decoded.count / matrix.format.count * matrix.format.size)
    #expect(try matrix.dequantized().scalars().map(\.bitPattern) == decoded.scalars().map(\.bitPattern))
    let x = Tensor((0..<3 * decoded.shape[1]).map { Float($0 % 7) - 3 }, shape: [3, decoded.shape[1]])
    let expected = try x.matmul(decoded, transposingRight: true).scalars(),
      found = try x.quantizedMatmul(matrix).scalars()
    let scale = expected.map(\.magnitude).max() ?? 0
    #expect(zip(found, expected).allSatisfy { ($0 - $1).magnitude < 1e-5 * scale })
  }

  @Test func onlyMatricesInBlocksAreQuantized() throws {
    let file = try GGUFFile(Self.path("types"))
    #expect(
      fault { _ = try file.quantizedMatrix("cube") }
        .hasSuffix("tensor \"cube\": expected a matrix in blocks, found type F32 and shape [2, 3, 4]"))
    #expect(fault { _ = try file.quantizedMatrix("Q2_K") }.hasSuffix("found type Q2_K and shape [1, 256]"))
    #expect(try file.quantizedMatrix("other")?.shape == nil)
  }

  /// Numbers, and the blocks of `gguf.quants.quantize`.
  @Test(arguments: [BlockFormat.q80, .q40, .q41]) func numbersBecomeTheSameBlocks(_ format: BlockFormat) throws {
    let file = try GGUFFile(Self.path("quantized"))
    let expected = try #require(try file.quantizedMatrix(format.rawValue))
    let made = try QuantizedMatrix(quantizing: #require(try file.tensor("numbers")), as: format)
    #expect(made.format == format && made.shape == [9, 64] && expected.shape == [9, 64])
    #expect(Array(made.blocks.bytes) == Array(expected.blocks.bytes))
    #expect(Set(made.blocks.bytes).count > 10)
  }

  /// `nn.Linear(32, 2)` in Q8_0, as version 3 and 2 of the format.
  @Test(arguments: ["model", "version2"]) func modelsLoadTheTensors(_ name: String) throws {
    let model = Sequential(inputShape: [32]) { Dense(2) }
    try model.loadWeights(from: Self.path(name), mapping: .pyTorch)
    var expected: [Float] = []
    for input in 0..<32 {
      for unit in 0..<2 { expected.append(input == 0 ? 127 / 8 : Float(191 * unit + 2 * input - 127) / 8) }
    }
    #expect(try model.parameters["0.weight"]?.value.scalars() == expected)
    #expect(try model.parameters["0.bias"]?.value.scalars() == [1, 2])
    let other = Sequential(inputShape: [32]) { Dense(3) }
    #expect(
      fault { try other.loadWeights(from: Self.path(name), mapping: .pyTorch) }.contains("[2, 32], expected [3, 32]"))
  }

  @Test func filesOfOtherKindsSayHowTheyAreRead() throws {
    for read in [{ _ = try Safetensors($0) }, { _ = try NPY.load($0) }, { _ = try Sequential.load(from: $0) }]
      as [(String) throws -> Void]
    {
      #expect(fault { try read(Self.path("model")) }.contains("it is a GGUF file: load its weights with"))
    }
    #expect(fault { _ = try GGUFFile(PyTorchFileTests.path("types")) }.contains("it is a PyTorch file"))
    #expect(fault { _ = try GGUFFile(#filePath) }.contains("it is not a GGUF file"))
    let folder = try TemporaryFolder()
    #expect(fault { _ = try GGUFFile(try folder.write("", "empty")) }.contains("it is not a GGUF file"))
    #expect(fault { _ = try GGUFFile(folder("none")) }.contains("no such file"))
    for (name, words) in [
      ("big-endian", "it is a big-endian GGUF file; expected a little-endian one"),
      ("version-1", "version 1 of GGUF is not supported; expected 2 or 3"),
    ] { #expect(fault { _ = try GGUFFile(Self.path(name)) }.hasSuffix(words), "\(name)") }
  }

  @Test func anIndexContainsSuchFiles() throws {
    let folder = try TemporaryFolder()
    try folder.write(try FileReader.read(Self.path("model"), limit: 1 << 16), "a.gguf")
    let index = try folder.write(
      #"{"weight_map": {"0.weight": "a.gguf", "0.bias": "a.gguf"}}"#, "model.gguf.index.json")
    let model = Sequential(inputShape: [32]) { Dense(2) }
    try model.loadWeights(from: index, mapping: .pyTorch)
    #expect(try model.parameters["0.bias"]?.value.scalars() == [1, 2])
  }
}

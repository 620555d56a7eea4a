import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite("nn convert")
struct ConvertTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Ties, subnormal numbers, and numbers at the ends of the ranges.
  private static let extremes: [Float] = [
    0, -0.0, 1, -1, 0.33333334, 0.1, 0x1.01p0, 0x1.03p0, 0x1.002p0, 0x1.006p0, 65504, 65519, 65520, -65520, 1e5, 6e-8,
    2e-8, 0x1p-24, 0x1p-25, 0x1.8p-25, 3e-5, 3.3895314e38, 3.4e38, -3.4e38, 1e-38, .infinity, -.infinity,
  ]
  private static let values = extremes + (0..<200).map { Float($0 * $0) * 0.37 - 5000 }

  /// The upper half of the bits, rounded to nearest, ties to even.
  private static func bfloat16(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }

  /// Tensors of every type, with metadata.
  private func mixed() throws -> String {
    try Safetensors.save(
      [
        ("w", Tensor(Self.values, shape: [1, Self.values.count])), ("i", Tensor(integers: [7, -1])),
        ("b", Tensor([true, false, true])), ("h", Tensor([1 / 3 as Float]).cast(to: .float16)),
      ], metadata: ["source": "measurements\n", "format": "pt"], to: folder("in.safetensors"))
    return folder("in.safetensors")
  }

  private func bits(_ path: String, _ name: String) throws -> [UInt32] {
    try #require(try Safetensors(path).tensor(name, keepingTypes: true)).scalars().map(\.bitPattern)
  }

  private func dtype(_ path: String, _ name: String) throws -> DType? {
    try Safetensors(path).tensor(name, keepingTypes: true)?.dtype
  }

  @Test func floatingPointIsRoundedAndTheRestStays() throws {
    let file = try mixed(), third = Float(Float16(1 / 3 as Float))
    for (dtype, rounded) in [
      (DType.float16, { Float(Float16($0)) }), (.bfloat16, Self.bfloat16), (.float32, { $0 }),
    ] as [(DType, (Float) -> Float)] {
      let out = folder("\(dtype).safetensors")
      let result = try Command.nn("convert", file, "--dtype", "\(dtype)", "--out", out)
      try #require(result.status == 0, "\(result.error)")
      #expect(result.errorLines == ["wrote \(out)"])
      #expect(try self.dtype(out, "w") == dtype && self.dtype(out, "h") == dtype)
      #expect(try bits(out, "w") == Self.values.map { rounded($0).bitPattern }, "\(dtype)")
      #expect(try bits(out, "h") == [rounded(third).bitPattern])
      let written = try Safetensors(out)
      #expect(written.shape(of: "w") == [1, Self.values.count])
      #expect(try written.tensor("i")?.dtype == .int32 && written.tensor("i")?.scalars(as: Int32.self) == [7, -1])
      #expect(try written.tensor("b")?.scalars(as: Bool.self) == [true, false, true])
      #expect(Set(written.names) == ["w", "i", "b", "h"])
      #expect(written.metadata == ["source": "measurements\n", "format": "pt"])
    }
  }

  @Test func withoutATypeEachTensorKeepsItsOwn() throws {
    let file = try mixed(), out = folder("out.npz")
    let result = try Command.nn("convert", file, "-o", out)
    try #require(result.status == 0, "\(result.error)")
    let sizes = try (folder.bytes("in.safetensors").count, folder.bytes("out.npz").count)
    #expect(
      result.outputLines == [
        "tensors 4 (1 float32, 1 int32, 1 bool, 1 float16); \(sizes.0) bytes before, \(sizes.1) after"
      ])
    let arrays = try NPZ.load(out, keepingTypes: true)
    #expect(Set(arrays.map(\.name)) == ["w", "i", "b", "h"])
    for (name, tensor) in arrays {
      #expect(try tensor.dtype == dtype(file, name), "\(name)")
      #expect(try tensor.scalars().map(\.bitPattern) == bits(file, name), "\(name)")
    }
    let back = folder("back.safetensors")
    #expect(try Command.nn("convert", out, "--out", back).status == 0)
    #expect(try bits(back, "w") == bits(file, "w") && Safetensors(back).metadata.isEmpty)
  }

  @Test func halvesTakeHalf() throws {
    let file = folder("in.safetensors"), out = folder("out.safetensors")
    try Safetensors.save([("w", Tensor([Float](repeating: 0.3, count: 1 << 16)))], to: file)
    let report = try Command.nn("convert", file, "--dtype", "bfloat16", "--out", out, "--json").json
    #expect(report.keys == ["tensors", "types", "bytes", "failed"])
    #expect(report["tensors"]?.number == 1 && report["types"]?["bfloat16"]?.number == 1)
    #expect(report["types"]?.keys == ["bfloat16"] && report["failed"]?.elements.isEmpty == true)
    let (before, after) = try (folder.bytes("in.safetensors").count, folder.bytes("out.safetensors").count)
    #expect(report["bytes"]?["before"]?.number == Double(before))
    #expect(report["bytes"]?["after"]?.number == Double(after))
    // Both have a header of about a hundred bytes.
    #expect((1 << 17..<(1 << 17) + 256).contains(after) && (1 << 18..<(1 << 18) + 256).contains(before))
  }

  @Test func anArrayIsANumPyFile() throws {
    let array = folder("in.npy"), out = folder("out.npy"), named = folder("out.safetensors")
    try NPY.save(Tensor(Self.values), to: array)
    #expect(try Command.nn("convert", array, "--dtype", "float16", "--out", out).status == 0)
    let half = try NPY.load(out, keepingTypes: true)
    #expect(half.dtype == .float16)
    #expect(try half.scalars().map(\.bitPattern) == Self.values.map { Float(Float16($0)).bitPattern })
    #expect(try Command.nn("convert", out, "--dtype", "float32", "--out", named).status == 0)
    #expect(try Safetensors(named).names == ["arr_0"] && dtype(named, "arr_0") == .float32)
  }

  @Test func theFilesOfAnIndexBecomeOne() throws {
    try Safetensors.save(
      [("a", Tensor([1, 2]))], metadata: ["format": "pt", "part": "1"], to: folder("1.safetensors"))
    try Safetensors.save([("b", Tensor([3]))], metadata: ["format": "pt", "part": "2"], to: folder("2.safetensors"))
    let index = try folder.write(
      #"{"metadata": {"total_size": 12}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}"#,
      "model.safetensors.index.json")
    let out = folder("model.safetensors")
    let result = try Command.nn("convert", index, "--json", "--out", out)
    try #require(result.status == 0, "\(result.error)")
    let sizes = try folder.bytes("1.safetensors").count + folder.bytes("2.safetensors").count
    #expect(try result.json["bytes"]?["before"]?.number == Double(sizes))
    let written = try Safetensors(out)
    #expect(written.metadata == ["format": "pt"])
    #expect(try written.tensor("a")?.scalars() == [1, 2] && written.tensor("b")?.scalars() == [3])
    expectFault(
      try Command.nn("convert", index, "--out", folder("2.safetensors")), 64, "2.safetensors: expected a different file"
    )
    #expect(try Safetensors(folder("2.safetensors")).names == ["b"])
  }

  /// A file of PyTorch with a tensor of every type, each with the values 1, 0, 3.
  @Test func tensorsOfOtherTypesDoNotAffectTheRest() throws {
    let root = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let out = folder("out.safetensors")
    let result = try Command.nn(
      "convert", root + "/Fuzz/Corpus/pytorch/types", "--dtype", "float16", "--out", out, "--json")
    #expect(result.status == 1)
    let lines = result.errorLines
    try #require(lines.count == 4, "\(result.error)")
    for name in ["complex64", "float8_e4m3fn"] {
      #expect(lines.count { $0.contains("tensor \"\(name)\": it has elements of type \(name)") } == 1, "\(lines)")
    }
    #expect(lines.contains("wrote \(out)"))
    #expect(lines.last?.hasSuffix("types: 2 of 15 tensors cannot be converted") == true)
    let report = try result.json
    #expect(report["tensors"]?.number == 13)
    #expect(report["types"]?.keys == ["int32", "bool", "float16", "int8", "uint8", "int16", "int64"])
    #expect(
      Set(report["failed"]?.elements.compactMap { $0["name"]?.string } ?? []) == ["complex64", "float8_e4m3fn"])
    for name in ["float64", "bfloat16", "uint8"] {
      #expect(try Safetensors(out).tensor(name)?.scalars() == [1, 0, 3], "\(name)")
    }
  }

  /// Blocks of small integers, each next to the numbers that `gguf` decodes from them.
  @Test func blocksOfGGUFFilesAreDecoded() throws {
    let root = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fuzz/Corpus/gguf/"
    let out = folder("out.safetensors")
    let result = try Command.nn("convert", root + "blocks", "--dtype", "float16", "--out", out)
    try #require(result.status == 0, "\(result.error)")
    let file = try Safetensors(out)
    #expect(file.names.count == 16)
    for name in file.names where !name.hasSuffix(" decoded") {
      #expect(try dtype(out, name) == .float16)
      #expect(try bits(out, name) == bits(out, name + " decoded"), "\(name)")
    }
    let model = Sequential(inputShape: [32]) { Dense(2) }
    #expect(try Command.nn("convert", root + "model", "--out", out).status == 0)
    try model.loadWeights(from: out, mapping: .pyTorch)
    #expect(try model.parameters["0.bias"]?.value.scalars() == [1, 2])
    let types = try Command.nn("convert", root + "types", "--out", out)
    #expect(types.status == 1 && types.errorLines.last?.hasSuffix("types: 1 of 10 tensors cannot be converted") == true)
    #expect(types.errorLines.first?.contains("tensor \"Q2_K\": it has elements of type Q2_K") == true)
    for command in [["summary", "--model"], ["plot"]] {
      let path = try folder.write(try FileReader.read(root + "model", limit: 1 << 16), "m.gguf")
      expectFault(try Command.nn(command + [path]), 1, "it is a GGUF file")
    }
  }

  /// Names that the format of the output does not allow: the other tensors are written.
  @Test func namesThatFormatsDoNotAllow() throws {
    let long = String(repeating: "x", count: 65_531), one = Tensor([1])
    try Safetensors.save([(long, one), ("../out", one), ("good", one)], to: folder("a.safetensors"))
    let arrays = try Command.nn("convert", folder("a.safetensors"), "--out", folder("out.npz"))
    #expect(arrays.status == 1 && arrays.errorLines.allSatisfy { $0.utf8.count < 400 }, "\(arrays.error)")
    #expect(arrays.error.contains("xxx\u{2026}\" has 65531 bytes; at most 65530 are possible"), "\(arrays.error)")
    #expect(arrays.error.contains("the name \"../out\" leads out of the archive"), "\(arrays.error)")
    #expect(arrays.errorLines.last?.contains("2 of 3 tensors cannot be converted") == true)
    #expect(try NPZ.load(folder("out.npz")).map(\.name) == ["good"])
    try NPZ.save([("__metadata__", one), ("good", one)], to: folder("b.npz"))
    let file = try Command.nn("convert", folder("b.npz"), "--out", folder("out.safetensors"))
    #expect(file.status == 1, "\(file.error)")
    #expect(file.error.contains("\"__metadata__\", which is reserved for metadata"), "\(file.error)")
    #expect(try Safetensors(folder("out.safetensors")).names == ["good"])
  }

  @Test func atMostTwentyTensorsAreNamed() throws {
    let members = (0..<25).map { #""x\#($0)":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[\#($0),\#($0 + 1)]}"# }
    let good = #""good":{"dtype":"U8","shape":[7],"data_offsets":[25,32]}"#
    func file(_ members: [String], _ count: Int, _ name: String) throws -> String {
      var head = Array("{\(members.joined(separator: ","))}".utf8)
      while head.count % 8 != 0 { head.append(0x20) }
      let length = (0..<8).map { UInt8(truncatingIfNeeded: head.count >> (8 * $0)) }
      return try folder.write(length + head + [UInt8](repeating: 1, count: count), name)
    }
    let out = folder("out.npy.npz")
    let some = try Command.nn("convert", file(members + [good], 32, "some.safetensors"), "--out", out)
    #expect(some.status == 1 && some.errorLines.count == 22, "\(some.error)")
    #expect(some.errorLines.last?.contains("25 of 26 tensors cannot be converted; the first 20 are named") == true)
    #expect(try NPZ.load(out).map(\.name) == ["good"])
    let none = try Command.nn("convert", file(members, 25, "none.safetensors"), "--out", folder("none.npz"))
    #expect(none.status == 1 && none.output.isEmpty && none.errorLines.count == 21, "\(none.error)")
    #expect(none.errorLines.last?.contains("none of its 25 tensors can be converted") == true)
    let one = try Command.nn("convert", file([members[0]], 1, "one.safetensors"), "--out", folder("none.npz"))
    expectFault(one, 1, "tensor \"x0\"", "F8_E4M3")
    #expect(try !folder.names.contains("none.npz"))
  }

  @Test func anArrayOfAnotherTypeDoesNotAffectTheArchive() throws {
    let good = try NPY.bytes(Tensor([1, 2]), "good")
    let start = try #require(good.firstRange(of: Array("<f4".utf8)))
    var complex = good
    complex.replaceSubrange(start, with: Array("<c8".utf8))
    var writer = try ZipWriter(folder("in.npz"))
    try writer.append("complex.npy", complex, deflating: false)
    try writer.append("good.npy", good, deflating: true)
    try writer.finish()
    let out = folder("out.safetensors")
    let result = try Command.nn("convert", folder("in.npz"), "--out", out)
    #expect(result.status == 1 && result.errorLines.count == 3, "\(result.error)")
    #expect(result.errorLines.first?.contains("\"complex.npy\": elements of type '<c8' are not supported") == true)
    #expect(try Safetensors(out).names == ["good"] && Safetensors(out).tensor("good")?.scalars() == [1, 2])
  }

  @Test func whatCannotBeWrittenIsOneLine() throws {
    let file = try mixed()
    let halves = folder("halves.safetensors")
    try Safetensors.save([("x", Tensor([1]).cast(to: .bfloat16))], to: halves)
    try folder.makeFolder("folder.npz")
    let names = try folder.names
    for (arguments, status, words) in [
      ([file, "--dtype", "bfloat16", "--out", folder("o.npz")], 64, "NumPy has no bfloat16; expected --out"),
      ([file, "--dtype", "bfloat16", "--out", folder("o.npy")], 64, ".safetensors"),
      ([halves, "--out", folder("o.npz")], 1, "tensor \"x\" is bfloat16, which NumPy does not have"),
      ([halves, "--out", folder("o.npy")], 1, ".safetensors"),
      ([file, "--out", folder("o.npy")], 64, "because \(file) has 4 tensors"),
      ([file, "--out", folder("o.bin")], 64, "o.bin: expected a file that ends with .safetensors, .npz or .npy"),
      ([file, "--out", file], 64, "--out \(file): expected a different file than the file to convert"),
      ([file, "--out", folder("folder.npz")], 1, "folder.npz: it is a folder"),
      ([file, "--out", folder("none/o.npz")], 1, "none/o.npz"), ([file], 64, "--out"),
      ([folder("none.npy"), "--out", folder("o.npy")], 1, "none.npy: no such file"),
      ([file, "--dtype", "float8", "--out", folder("o.npz")], 64, "--dtype"),
    ] as [([String], Int32, String)] { expectFault(try Command.nn(["convert"] + arguments), status, words) }
    #expect(try folder.names == names)
    #expect(try Command.nn("convert", halves, "--dtype", "float16", "--out", folder("o.npy")).status == 0)
  }

  @Test func aConvertedModelIsStillAModel() throws {
    let model = folder("m.safetensors"), small = folder("small.safetensors")
    let data = ["--dataset", "moons", "--limit", "200", "--device", "cpu"]
    let trained = try Command.nn(["train", "--epochs", "5", "--hidden", "64", "--save", model] + data)
    try #require(trained.status == 0, "\(trained.error)")
    for dtype in ["bfloat16", "float16"] {
      let converted = try Command.nn("convert", model, "--dtype", dtype, "--out", small)
      try #require(converted.status == 0, "\(converted.error)")
      let before = try Command.nn(["predict", "--json", "--model", model, "--examples", "0-19"] + data).json
      let after = try Command.nn(["predict", "--json", "--model", small, "--examples", "0-19"] + data).json
      // Rounding changes each of the 64 products in a sum by at most 2⁻⁸ of it.
      #expect(before.probabilities.count == 40 && after.probabilities != before.probabilities)
      #expect(areClose(after.probabilities, before.probabilities, within: 0.02))
      for command in [["summary"], ["evaluate"] + data] {
        let scores = try [model, small].map { try Command.nn(command + ["--json", "--model", $0]).json["parameters"] }
        #expect(scores[0] != nil && scores[0] == scores[1], "\(command)")
      }
      #expect(try ModelInformation.load(from: small) == ModelInformation.load(from: model))
      #expect(try Sequential.load(from: small).parameters.allSatisfy { $0.parameter.value.dtype == .float32 })
    }
    // The checksum of a model file is renewed, and compared before a file is converted.
    var bytes = try folder.bytes("small.safetensors")
    bytes[bytes.count - 1] ^= 1
    let damaged = try folder.write(bytes, "damaged.safetensors")
    expectFault(try Command.nn("summary", "--model", damaged), 1, "damaged")
    expectFault(try Command.nn("convert", damaged, "--out", folder("o.npz")), 1, "its checksum differs")
  }
}

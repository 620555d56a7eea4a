import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Models with weights in integers, in files.
@Suite struct QuantizedModelFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static func random(_ shape: [Int], seed: UInt64, on device: Device = .cpu) -> Tensor {
    Tensor.normal(shape, using: RandomStream(seed: seed), on: device)
  }

  /// Dense layers with sizes that fill neither blocks nor panels, also within a residual, and a convolution.
  private static func network() -> Sequential {
    Sequential(inputShape: [40]) {
      Dense(70, activation: .relu)
      Residual { Dense(70, useBias: false) }
      Reshape([2, 35])
      Conv1D(6, kernel: 3)
      Flatten()
      Dense(20)
    }
  }
  private static let paths = ["0.weight", "1.layers.0.weight", "3.weight", "5.weight"]

  static let methods: [(name: String, method: QuantizationMethod)] = [
    ("q80", .weightOnly(.q80)), ("q40", .weightOnly(.q40)), ("q41", .weightOnly(.q41)), ("int8", .weightOnly(.int8)),
    ("int4", .weightOnly(.int4(groupSize: 9))), ("dynamic", .dynamic),
    ("static", .static(calibratedWith: [random([8, 40], seed: 7)])),
  ]

  // MARK: Round trips

  @Test(arguments: TestDevices.all, methods.indices)
  func predictionsHaveTheSameBits(_ device: Device, _ index: Int) throws {
    let model = Self.network()
    try model.build(on: device, seed: 3)
    var method = Self.methods[index].method
    if Self.methods[index].name == "static" {
      method = .static(calibratedWith: [2 * Self.random([8, 40], seed: 7, on: device) + 1])
    }
    let quantized = try model.quantized(method).model
    #expect(quantized.quantizedPaths == Self.paths)
    let x = Self.random([3, 40], seed: 1, on: device)
    let expected = try quantized.predict(x).scalars()
    try quantized.save(to: folder("m"), information: ModelInformation(classNames: ["a", "b"]))

    let loaded = try Sequential.load(from: folder("m"), on: device)
    #expect(loaded.device == device && loaded.quantizedPaths == Self.paths)
    #expect(loaded.parameters.paths == quantized.parameters.paths)
    #expect(try loaded.predict(x).scalars() == expected)
    #expect(try loaded.copy().predict(x).scalars() == expected)
    let (first, second) = (Predictor(try quantized.copy()), Predictor(try loaded.copy()))
    for _ in 0..<2 { #expect(try first.predict(x).scalars() == second.predict(x).scalars()) }
    #expect(try ModelInformation.load(from: folder("m")).classNames == ["a", "b"])
    try loaded.save(to: folder("again"), information: ModelInformation(classNames: ["a", "b"]))
    #expect(try folder.bytes("again") == folder.bytes("m"))

    // A file of one device is read on another one.
    let moved = try Sequential.load(from: folder("m"))
    try moved.move(to: device)
    #expect(try moved.predict(x).scalars() == expected)
  }

  /// The tables of embeddings and the matrices of attention, in a graph.
  @Test(arguments: [WeightFormat.q40, .int4()]) func graphsComeBack(_ format: WeightFormat) throws {
    let (tokens, extra) = (Node.input([5], dtype: .int32), Node.input([4]))
    let words = SelfAttention(heads: 2, width: 32)(Embedding(40, 32)(tokens))
    let joined = Concatenate()(Flatten()(words), extra)
    let graph = Graph(inputs: ["tokens": tokens, "extra": extra], outputs: ["y": Dense(48)(joined, name: "y")])
    try graph.build(seed: 2)
    let quantized = try graph.quantized(.weightOnly(format)).model
    #expect(quantized.quantizedPaths.count == 6)
    let inputs = [Tensor(integers: [0, 39, 3, 3, 1, 2, 2, 7, 4, 5], shape: [2, 5]), Self.random([2, 4], seed: 1)]
    try quantized.save(to: folder("g"))
    let loaded = try Graph.load(from: folder("g"))
    #expect(loaded.quantizedPaths == quantized.quantizedPaths)
    let (found, expected): ([Tensor], [Tensor]) = (try loaded.predict(inputs), try quantized.predict(inputs))
    #expect(try found[0].scalars() == expected[0].scalars())
  }

  /// The file has the integers, without the padding of the memory.
  @Test(arguments: methods.indices) func filesAreAsSmallAsReported(_ index: Int) throws {
    let model = Sequential(inputShape: [40]) {
      Dense(448, activation: .relu)
      Dense(192)
    }
    try model.build(seed: 1)
    let (quantized, report) = try model.quantized(Self.methods[index].method)
    try quantized.save(to: folder("m"))
    let size = try folder.bytes("m").count
    #expect(report.layers.count == 2 && report.byteCountAfter < report.byteCountBefore / 2)
    #expect(size < report.byteCountAfter + 2000 && size > report.byteCountAfter * 9 / 10, "\(size), \(report)")
  }

  /// The bytes of Q8_0 are those of GGUF files: a float16 scale and 32 integers in each block.
  @Test func blocksAreThoseOfGGUF() throws {
    let model = Sequential(inputShape: [40]) { Dense(20) }
    try model.build(seed: 1)
    let quantized = try model.quantized(.weightOnly(.q80)).model
    try quantized.save(to: folder("m"))
    let file = try Safetensors(folder("m"))
    #expect(file.names == ["0.bias", "0.weight"] && file.shape(of: "0.weight") == [20, 68])
    #expect(file.metadata["format"] == "swift-nn model 2")
    #expect(file.metadata["swift-nn quantization"] == #"{"0.weight":{"format":"Q8_0","shape":[40,20]}}"#)
    let bytes = try #require(try file.tensor("0.weight", keepingTypes: true)).scalars(as: UInt8.self)
    let weight = try #require((quantized[0] as? Dense)?.weight.value).scalars()
    for unit in 0..<20 {
      for input in 0..<40 {
        let block = unit * 68 + input / 32 * 34
        let scale = Float(Float16(bitPattern: UInt16(bytes[block]) | UInt16(bytes[block + 1]) << 8))
        let number = scale * Float(Int8(bitPattern: bytes[block + 2 + input % 32]))
        #expect(weight[input * 20 + unit] == number)
      }
    }
  }

  // MARK: Weights alone

  @Test func weightsOfAnyModuleComeBack() throws {
    let model = Self.network()
    try model.build(seed: 3)
    let x = Self.random([3, 40], seed: 1)
    let quantized = try model.quantized(.weightOnly(.q41)) { $0 != "5" }.model
    let expected = try quantized.predict(x).scalars()
    try quantized.saveWeights(to: folder("w"), metadata: ["note": "x", "quantization": "none"])
    #expect(try Safetensors(folder("w")).metadata["note"] == "x")
    // Into a model without values, one with others, and one with other integers.
    let (fresh, built) = (Self.network(), Self.network())
    try built.build(seed: 4)
    let other = try built.quantized(.dynamic).model
    #expect(throws: ModelError.self) { try other.loadWeights(from: folder("w")) }
    for model in [fresh, built, quantized] {
      try model.loadWeights(from: folder("w"))
      #expect(try model.predict(x).scalars() == expected)
      #expect(model.quantizedPaths == Array(Self.paths.dropLast()) && model.parameters["5.weight"] != nil)
      #expect(try model.summary().parameterCount == quantized.summary().parameterCount)
    }
    built.compile(optimizer: .adam(), loss: .meanSquaredError)
    #expect(throws: TrainingError.quantized(path: "0.weight")) {
      try built.fit(TensorDataset(x, .zeros([3, 20])), verbosity: .silent)
    }
  }

  /// A model notices that a layer within it has received weights in integers.
  @Test func aLayerOfAModelIsLoaded() throws {
    let part = Sequential(inputShape: [40]) { Dense(24) }
    try part.build(seed: 1)
    let quantized = try part.quantized(.weightOnly(.int8)).model
    try quantized.saveWeights(to: folder("w"))
    // The file determines the shapes.
    let fresh = Sequential { Dense(24) }
    try fresh.loadWeights(from: folder("w"))
    #expect(
      try fresh.predict(Self.random([2, 40], seed: 1)).scalars()
        == quantized.predict(Self.random([2, 40], seed: 1)).scalars())
    let inner = Sequential { Dense(24) }
    let model = Sequential(inputShape: [40]) {
      inner
      Dense(3)
    }
    try model.build(seed: 2)
    let x = Self.random([2, 40], seed: 1)
    _ = try model.predict(x)
    try inner.loadWeights(from: folder("w"))
    #expect(model.parameters.paths == ["0.0.bias", "1.weight", "1.bias"] && model.quantizedPaths == ["0.0.weight"])
    let expected = try model.predict(x).scalars()
    try model.save(to: folder("m"))
    #expect(try Sequential.load(from: folder("m")).predict(x).scalars() == expected)
  }

  @Test func floatingPointAndIntegersAreNotMixedUp() throws {
    let model = Self.network()
    try model.build(seed: 3)
    try model.save(to: folder("original"))
    let quantized = try model.quantized().model
    let error = #expect(throws: ModelError.self) { try quantized.loadWeights(from: folder("original")) }
    #expect(
      "\(try #require(error))"
        == "0.weight: the weight is quantized, but the file has it in floating point; load it into the original, and "
        + "quantize that")
    try quantized.saveWeights(to: folder("w"))
    let fault = fault { try model.loadWeights(from: folder("w"), mapping: .pyTorch) }
    #expect(fault == "its weights are in integers, to which no mapping applies: load it without one")
    let refusal = #expect(throws: ModelError.self) { try quantized.saveWeights(to: folder("p"), mapping: .pyTorch) }
    #expect("\(try #require(refusal))".hasPrefix("0.weight: the weight is quantized, and mappings are for"))
    #expect(try folder.names == ["original", "w"])
    // A file without this weight leaves it as it is, if that is allowed.
    let expected = try quantized.predict(Self.random([1, 40], seed: 1)).scalars()
    try Safetensors.save([(String, Tensor)](), to: folder("none"))
    try quantized.loadWeights(from: folder("none"), .allowMissing)
    #expect(try quantized.predict(Self.random([1, 40], seed: 1)).scalars() == expected)
    #expect(self.fault { try quantized.loadWeights(from: folder("none")) }.contains("missing: 0.weight"))
  }

  // MARK: Damaged files

  /// The error of loading, without the path; "none" after success.
  private func fault(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as FormatError {
      let text = error.description
      return text.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? text
    } catch { return "another error: \(error)" }
    return "none"
  }

  /// Inputs from −1 to 3.
  private static let fixed = QuantizationMethod.static(
    calibratedWith: [.full([1, 40], -1), .full([1, 40], 3)] as [Tensor])

  /// Writes the file of a quantized dense layer of 40 inputs and 20 units, with other tensors or descriptions.
  /// - Parameters:
  ///   - tensors: Tensors that are replaced, added, or left out.
  ///   - descriptions: The descriptions of weights in integers; empty for none, nil for the right ones.
  private func write(
    _ method: QuantizationMethod = fixed, _ tensors: [String: Tensor?] = [:], descriptions: String? = nil
  ) throws {
    let model = Sequential(inputShape: [40]) { Dense(20) }
    try model.build(seed: 1)
    try model.quantized(method).model.save(to: folder("good"))
    let file = try Safetensors(folder("good"))
    var all: [String: Tensor?] = [:]
    for name in file.names { all[name] = try file.tensor(name, keepingTypes: true) }
    all.merge(tensors) { $1 }
    var metadata = file.metadata
    if let descriptions { metadata["swift-nn quantization"] = descriptions.isEmpty ? nil : descriptions }
    let kept = all.sorted { $0.key < $1.key }.compactMap { name, tensor in tensor.map { (name, $0) } }
    try Safetensors.save(kept, metadata: metadata, to: folder("m"))
  }

  /// Loads the file into a new model, and into one with floating-point numbers, which does not change.
  private func expectRefusal(_ reason: String) throws {
    let model = Sequential(inputShape: [40]) { Dense(20) }
    try model.build(seed: 5)
    let x = Self.random([2, 40], seed: 1)
    let before = try model.predict(x).scalars()
    let faults = [
      fault { _ = try Sequential.load(from: folder("m")) }, fault { try model.loadWeights(from: folder("m")) },
    ]
    for fault in faults { #expect(fault.contains(reason) && !fault.contains("\n"), "\(fault)") }
    #expect(try model.quantizedPaths.isEmpty && model.predict(x).scalars() == before)
  }

  @Test func filesWithoutDamageAreRead() throws {
    try write()
    #expect(fault { _ = try Sequential.load(from: folder("m")) } == "none")
  }

  @Test func damagedTensorsAreRefused() throws {
    let cases: [(tensors: [String: Tensor?], reason: String)] = [
      (["0.weight": .zeros([20, 39], dtype: .int8)], "types: 0.weight [20, 39], expected [20, 40]"),
      (["0.weight": .zeros([40, 20], dtype: .int8)], "types: 0.weight [40, 20], expected [20, 40]"),
      (["0.weight": .zeros([20, 40])], "types: 0.weight float32, expected int8"),
      (["0.weight": .zeros([20, 40], dtype: .uint8)], "types: 0.weight uint8, expected int8"),
      (["0.weight.scale": .zeros([19])], "types: 0.weight.scale [19], expected [20]"),
      (["0.weight.scale": .zeros([20], dtype: .int32)], "types: 0.weight.scale int32, expected float32"),
      (["0.weight.scale": nil], "missing: 0.weight.scale"), (["0.weight": nil], "missing: 0.weight"),
      (["0.weight.inputs": nil], "missing: 0.weight.inputs"), (["0.bias": nil], "missing: 0.bias"),
      (["0.weight.zeroPoint": .zeros([20])], "unknown: 0.weight.zeroPoint"),
      (
        ["0.weight.inputs": Tensor([Float(0), 1])],
        "0.weight: its inputs have the scale 0.0 and the middle 1.0, expected a normal number above 0 and a finite one"
      ),
      (["0.weight.inputs": Tensor([-Float(1), 1])], "0.weight: its inputs have the scale -1.0"),
      (["0.weight.inputs": Tensor([Float.nan, 1])], "0.weight: its inputs have the scale nan"),
      (["0.weight.inputs": Tensor([Float(1e-40), 1])], "0.weight: its inputs have the scale 1e-40"),
      (["0.weight.inputs": Tensor([Float(1), .infinity])], "the middle inf"),
    ]
    for (tensors, reason) in cases {
      try write(Self.fixed, tensors)
      try expectRefusal(reason)
    }
    try write(.weightOnly(.q80), ["0.weight": .zeros([20, 67], dtype: .uint8)])
    try expectRefusal("types: 0.weight [20, 67], expected [20, 68]")
    try write(.weightOnly(.int4(groupSize: 16)), ["0.weight.zeroPoint": .zeros([20, 2])])
    try expectRefusal("types: 0.weight.zeroPoint [20, 2], expected [20, 3]")
  }

  /// Descriptions of the weight, and reasons.
  private static let descriptions: [(text: String, reason: String)] = [
    ("nonsense", "the formats of weights in integers, line 1"), ("[1]", "which are not an object of paths and formats"),
    (#"{"0.weight":3}"#, #""0.weight": expected an object"#), (#"{"0.weight":{}}"#, "there is no \"format\""),
    (#"{"0.weight":{"format":"int8"}}"#, "there is no \"shape\""),
    (#"{"0.weight":{"format":"int3","shape":[40,20]}}"#, "unknown format \"int3\"; expected int8, int4, Q4_0"),
    (#"{"0.weight":{"format":"int4","shape":[40,20]}}"#, "a group has at least 1 number"),
    (#"{"0.weight":{"format":"int4","groupSize":-1,"shape":[40,20]}}"#, "a group has at least 1 number"),
    (
      #"{"0.weight":{"format":"int8","shape":[40,20],"inputs":"magic"}}"#,
      "unknown method \"magic\"; expected dynamic or static"
    ),
    (#"{"0.weight":{"format":"Q8_0","shape":[40,20],"inputs":"static"}}"#, "only if the format is int8"),
    (#"{"0.weight":{"format":"int8","shape":[40,20],"bits":3}}"#, "\"bits\" is not a setting"),
    (#"{"0.weight":{"format":"int8","shape":[20,40],"inputs":"static"}}"#, "0.weight [20, 40], expected [40, 20]"),
    (#"{"0.weight":{"format":"Q4_0","shape":[40,20]}}"#, "0.weight int8, expected uint8"),
    (#"{"0.weight":{"format":"int8","shape":[40,20]}}"#, "unknown: 0.weight.inputs"),
    (
      #"{"0.weight":{"format":"int8","shape":[40,20],"inputs":"static"},"0.bias":{"format":"int8","shape":[20]}}"#,
      "0.bias in integers, expected floating point"
    ),
    (
      #"{"0.weight":{"format":"int8","shape":[40,20],"inputs":"static"},"7.w":{"format":"int8","shape":[20]}}"#,
      "unknown: 7.w"
    ),
    ("", "0.weight int8, expected floating point"),
  ]

  @Test func damagedDescriptionsAreRefused() throws {
    for (text, reason) in Self.descriptions {
      try write(descriptions: text)
      try expectRefusal(reason)
    }
  }

  /// The shape of a model that is not built comes from the file.
  @Test(arguments: ["[40]", "[0, 20]", "[-40, -20]", "[9223372036854775807, 2]", "[65536, 65536]", "[1, 40, 20]"])
  func impossibleShapesAreRefused(_ shape: String) throws {
    try write(descriptions: #"{"0.weight":{"format":"int8","shape":\#(shape),"inputs":"static"}}"#)
    let fault = fault { try Sequential([Dense(20)]).loadWeights(from: folder("m")) }
    #expect(fault.contains("types: 0.weight \(shape), which a weight in integers cannot have"), "\(fault)")
  }

  @Test func onlyDenseLayersMultiplyIntegers() throws {
    let model = Sequential(inputShape: [5]) { Embedding(8, 32) }
    try model.build(seed: 1)
    let cases = [
      (#""format":"Q8_0""#, "0.weight in Q8_0, which only Dense layers multiply with"),
      (#""format":"int8","inputs":"dynamic""#, "0.weight with inputs in integers, which only Dense layers have"),
    ]
    for (format, reason) in cases {
      let tensors = [("0.weight", Tensor.zeros([8, 34], dtype: .uint8))]
      try Safetensors.save(
        tensors, metadata: ["swift-nn quantization": #"{"0.weight":{\#(format),"shape":[8,32]}}"#], to: folder("m"))
      let fault = fault { try model.loadWeights(from: folder("m")) }
      #expect(fault.contains(reason), "\(fault)")
    }
  }

  /// A damaged byte in a description, or in the file, is an error or another valid description.
  @Test func noByteEndsTheProgram() throws {
    try write()
    let bytes = try folder.bytes("m")
    let start = try #require(bytes.firstRange(of: Array("swift-nn quantization".utf8))).upperBound
    for place in start..<start + 90 {
      for byte in ["9", "-", "0", "\"", "]"].map({ (character: String) in Array(character.utf8)[0] }) {
        var damaged = bytes
        damaged[place] = byte
        try folder.write(damaged, "damaged")
        let fault = fault { _ = try Sequential.load(from: folder("damaged")) }
        #expect(!fault.contains("another error"), "\(fault)")
      }
    }
    let whole = try folder.bytes("good")
    for length in stride(from: 0, to: whole.count, by: 61) {
      try folder.write(Array(whole[..<length]), "cut")
      #expect(fault { _ = try Sequential.load(from: folder("cut")) } != "none")
    }
  }
}

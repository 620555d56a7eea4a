import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct WeightsTests {
  func network(_ width: Int = 5, seed: UInt64 = 1) throws -> Sequential {
    let model = Sequential {
      Dense(width, activation: .relu)
      Dense(2)
    }
    try model.build(inputShape: [3], seed: seed)
    return model
  }

  func numbers(_ module: some Module) throws -> [[Float]] {
    try module.parameters.map { try $0.parameter.value.scalars() }
  }

  /// The error thrown by `body`.
  func fault(_ body: () throws -> Void) -> FormatError? {
    do { try body() } catch { return error as? FormatError }
    return nil
  }

  @Test func valuesComeBack() throws {
    let folder = try TemporaryFolder()
    let model = try network()
    try model.saveWeights(to: folder("w"), metadata: ["note": "x"])
    let file = try Safetensors(folder("w"))
    #expect(Set(file.names) == ["0.weight", "0.bias", "1.weight", "1.bias"])
    #expect(file.metadata == ["note": "x"])
    #expect(file.shape(of: "0.weight") == [3, 5])
    let other = try network(seed: 2)
    #expect(try numbers(other) != numbers(model))
    try other.loadWeights(from: folder("w"))
    #expect(try numbers(other) == numbers(model))
  }

  @Test func aModuleThatIsNotBuiltIsBuiltByTheFile() throws {
    let folder = try TemporaryFolder()
    let model = try network()
    try model.saveWeights(to: folder("w"))
    let fresh = Sequential([Dense(5, activation: .relu), Dense(2)])
    try fresh.loadWeights(from: folder("w"))
    #expect(try numbers(fresh) == numbers(model))
    let x = Tensor([Float(1), -2, 3], shape: [1, 3])
    #expect(try fresh(x, .inference).scalars() == model(x, .inference).scalars())
    #expect(throws: ModelError.self) { try Sequential([Dense(5)]).saveWeights(to: folder("none")) }
    #expect(try Folder.names(in: folder.path) == ["w"])
  }

  @Test func everyDifferenceIsListedAtOnce() throws {
    let folder = try TemporaryFolder()
    let path = folder("w")
    let zeros = { (shape: [Int]) in Tensor([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape) }
    try Safetensors.save(
      [
        ("0.weight", zeros([3, 4])), ("0.bias", zeros([5])), ("1.weight", zeros([2, 5])), ("z", zeros([1])),
        ("a", zeros([1])),
      ],
      to: path)
    let model = try network()
    let before = try numbers(model)
    let shapes = ["0.weight [3, 4], expected [3, 5]", "1.weight [2, 5], expected [5, 2]"]
    let all = FormatError.parameters(path: path, missing: ["1.bias"], unknown: ["a", "z"], shapes: shapes)
    #expect(fault { try model.loadWeights(from: path) } == all)
    #expect(
      fault { try model.loadWeights(from: path, .allowMissing) }
        == .parameters(path: path, missing: [], unknown: ["a", "z"], shapes: shapes))
    #expect(
      fault { try model.loadWeights(from: path, .allowUnknown) }
        == .parameters(path: path, missing: ["1.bias"], unknown: [], shapes: shapes))
    #expect(fault { try model.loadWeights(from: path, [.allowUnknown, .allowMissing]) } != nil)
    #expect(try numbers(model) == before)
    #expect(
      all.description == """
        \(path): the tensors do not fit the model; missing: 1.bias; unknown: a, z; other shapes or types: \
        0.weight [3, 4], expected [3, 5], 1.weight [2, 5], expected [5, 2]
        """)
  }

  @Test func optionsLetPartsThrough() throws {
    let folder = try TemporaryFolder()
    try Safetensors.save(
      [("0.bias", Tensor([Float](repeating: 7, count: 5))), ("more", Tensor([Float(1)]))], to: folder("w"))
    let model = try network()
    let before = try numbers(model)
    try model.loadWeights(from: folder("w"), [.allowMissing, .allowUnknown])
    let after = try numbers(model)
    #expect(after[0] == before[0] && after[2] == before[2] && after[3] == before[3])
    #expect(after[1] == [7, 7, 7, 7, 7])
  }

  @Test func aDamagedFileChangesNothing() throws {
    let folder = try TemporaryFolder()
    let model = try network()
    try network(seed: 3).saveWeights(to: folder("w"))
    let bytes = try FileReader.read(folder("w"), limit: 1 << 20)
    let before = try numbers(model)
    for length in stride(from: 0, to: bytes.count, by: 11) {
      try folder.write(Array(bytes[..<length]), "cut")
      #expect(fault { try model.loadWeights(from: folder("cut")) } != nil)
    }
    #expect(try numbers(model) == before)
    #expect(
      fault { try model.loadWeights(from: folder("none")) } == .file(path: folder("none"), reason: "no such file"))
  }

  /// A module that is not a layer, with a tied parameter and state.
  final class Tied: Module {
    let first = Dense(2)
    lazy var again = first
    let mean = Parameter.state([2])
  }

  @Test func anyModuleIsSaved() throws {
    let folder = try TemporaryFolder()
    let module = Tied()
    _ = module.again
    try module.build(seed: 1) { module in _ = module.first(.zeros([1, 3]), .inference) }
    module.mean.assign(Tensor([Float(4), 5]))
    try module.saveWeights(to: folder("w"))
    #expect(try Safetensors(folder("w")).names.count == 3)
    let copy = Tied()
    try copy.loadWeights(from: folder("w"))
    #expect(try copy.mean.value.scalars() == [4, 5])
    #expect(try copy.first.weight.value.scalars() == module.first.weight.value.scalars())
  }
}

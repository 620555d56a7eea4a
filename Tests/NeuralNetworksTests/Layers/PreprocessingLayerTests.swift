import BackendCPU
import Synchronization
import Testing

@testable import NeuralNetworks

/// Layers that encode categories, make intervals, and replace missing numbers.
@Suite struct PreprocessingLayerTests {
  private static func int32(_ numbers: [Int32], _ shape: [Int], _ device: Device) -> Tensor {
    Tensor(numbers, shape: shape, on: device)
  }

  /// Keras 3.15: `CategoryEncoding(num_tokens=4, output_mode=…)`.
  @Test(arguments: TestDevices.all) func categoriesAreEncodedAsByKeras(_ device: Device) throws {
    let pairs = Self.int32([0, 1, 0, 0, 1, 2, 3, 1], [4, 2], device)
    func encoded(_ mode: CategoryMode, _ input: Tensor) throws -> [Float] {
      let layer = CategoryEncoding(4, mode)
      let shape = Array(input.shape.dropFirst())
      try layer.build(inputShape: shape, inputDType: .int32, on: device, seed: 1, dtype: .float32)
      return try layer(input, .inference).scalars()
    }
    #expect(try encoded(.multiHot, pairs) == [1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1])
    #expect(try encoded(.count, pairs) == [1, 1, 0, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1])
    let column = Self.int32([3, 2, 0, 1], [4, 1], device)
    let rows: [Float] = [0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    #expect(try encoded(.oneHot, column) == rows && CategoryEncoding(4, .oneHot)(column, .inference).shape == [4, 4])
    #expect(try encoded(.oneHot, column.squeezed(axis: 1)) == rows)
    #expect(CategoryEncoding(4, .oneHot)(pairs, .inference).shape == [4, 2, 4])
    // An index out of range gives zeros.
    #expect(try encoded(.multiHot, Self.int32([4, -1], [1, 2], device)) == [0, 0, 0, 0])
  }

  /// The memory grows with the result, [64, 1024], not with [64, 64, 1024].
  @Test(arguments: [CategoryMode.count, .multiHot])
  func encodingTakesTheMemoryOfItsResult(_ mode: CategoryMode) throws {
    let device = Device(CPUBackend(threads: 1))
    let numbers = (0..<64 * 64).map { Int32($0 * $0 % 1021) }
    let found = try CategoryEncoding(1024, mode)(Self.int32(numbers, [64, 64], device), .inference).scalars()
    let bytes = device.memoryStatistics().peakBytes
    #expect(bytes < 4 * 4 * 64 * 1024, "\(bytes) bytes")
    var expected = [Float](repeating: 0, count: 64 * 1024)
    for (place, number) in numbers.enumerated() { expected[place / 64 * 1024 + Int(number)] += 1 }
    #expect(found == (mode == .count ? expected : expected.map { min($0, 1) }))
    #expect(expected.contains { $0 > 1 })
  }

  /// A table stays on the device until it changes.
  @Test func tablesAreUploadedOnce() throws {
    let counter = UploadCounter()
    let device = Device(counter)
    let input = Self.int32([5, 7, 9, 5], [2, 2], device), numbers = input.cast(to: .float32)
    let lookup = IntegerLookup(vocabulary: [9, 5]), bins = Discretization(boundaries: [6, 8])
    let adapted = Self.int32([7, 7, 5], [3], .cpu)
    func results() throws -> [[Int32]] {
      try [lookup(input, .inference), bins(numbers, .inference)].map { try $0.scalars(as: Int32.self) }
    }
    #expect(try results() == [[2, 0, 1, 2], [0, 1, 2, 0]])
    let uploads = counter.count.withLock { $0 }
    #expect(try results() == [[2, 0, 1, 2], [0, 1, 2, 0]])
    #expect(counter.count.withLock { $0 } == uploads)
    try lookup.adapt(to: adapted)
    #expect(try results() == [[2, 1, 0, 2], [0, 1, 2, 0]])
    #expect(counter.count.withLock { $0 } == uploads + 2)
    // On another device, and with another element type.
    #expect(try lookup(input.moved(to: .cpu), .inference).scalars(as: Int32.self) == [2, 1, 0, 2])
    let doubles = Tensor([5.0, 9], shape: [1, 2], dtype: .float64, on: TestDevices.reference)
    #expect(try bins(doubles, .inference).scalars(as: Int32.self) == [0, 2])
    #expect(try results() == [[2, 1, 0, 2], [0, 1, 2, 0]])
  }

  /// The example in the documentation of Keras' `IntegerLookup`: [[12, 1138, 42], [42, 1000, 36]] gives
  /// [[1, 3, 4], [4, 0, 2]], and with `mask_token=-1` one more.
  @Test(arguments: TestDevices.all) func numbersAreLookedUpAsByKeras(_ device: Device) throws {
    let data = Self.int32([12, 1138, 42, 42, 1000, 36], [2, 3], device)
    func found(_ layer: IntegerLookup, _ input: Tensor) throws -> [Int32] {
      try layer.build(inputShape: [input.shape[1]], inputDType: .int32, on: device, seed: 1, dtype: .float32)
      return try layer(input, .inference).scalars(as: Int32.self)
    }
    let vocabulary = [12, 36, 1138, 42]
    #expect(try found(IntegerLookup(vocabulary: vocabulary), data) == [1, 3, 4, 4, 0, 2])
    let masked = IntegerLookup(vocabulary: vocabulary, maskToken: -1)
    #expect(try found(masked, Self.int32([12, -1, 42, 42, 1000, 36], [2, 3], device)) == [2, 0, 5, 5, 1, 3])
    #expect(try found(IntegerLookup(), data) == [0, 0, 0, 0, 0, 0])
    let counting = IntegerLookup(vocabulary: [36, 12], mode: .count)
    #expect(try counting(data, .inference).scalars() == [2, 0, 1, 2, 1, 0])
    let adapted = IntegerLookup(maxTokens: 4, maskToken: 7)
    try adapted.adapt(to: Self.int32([5, 7, 9, 5, 7, 8, 2_000_000_011, 9, 5], [9], device))
    #expect(adapted.vocabulary == [5, 9])
    let large = IntegerLookup()
    try large.adapt(to: Self.int32([2_000_000_011, 2_000_000_012], [2], device))
    #expect(try found(large, Self.int32([2_000_000_012, 2_000_000_013], [1, 2], device)) == [2, 0])
    let bytes = IntegerLookup(maskToken: 1000)
    try bytes.adapt(to: Tensor([200, 7, 200] as [UInt8], on: device))
    #expect(bytes.vocabulary == [200, 7])
    #expect(try bytes(Tensor([7, 200, 8] as [UInt8], on: device), .inference).scalars(as: Int32.self) == [3, 2, 1])
    let long = Tensor([7, (1 << 32) + 7, 200] as [Int64], on: device)
    #expect(try bytes(long, .inference).scalars(as: Int32.self) == [3, 1, 2])
  }

  /// Keras 3.15: `Discretization(bin_boundaries=[0, 1, 2])`; NumPy 2: `quantile(x, [0.25, 0.5, 0.75])`.
  @Test(arguments: TestDevices.all) func intervalsAreThoseOfKeras(_ device: Device) throws {
    let x = Tensor([-1.5, 1, 3.4, 0.5, 0, 3, 1.3, 0], shape: [2, 4], on: device)
    let layer = Discretization(boundaries: [0, 1, 2])
    try layer.build(inputShape: [4], on: device)
    #expect(try layer(x, .inference).scalars(as: Int32.self) == [0, 2, 3, 1, 1, 3, 2, 1])
    let adapted = Discretization(bins: 4, mode: .count)
    try adapted.adapt(to: x)
    for (found, expected) in zip(adapted.boundaries, [0, 0.75, 1.724999964237213]) {
      #expect(abs(found - expected) < 1e-12)
    }
    try adapted.build(inputShape: [4], on: device)
    #expect(try adapted(x, .inference).scalars() == [1, 1, 1, 1, 0, 2, 1, 1])
    let few = Discretization(bins: 5)
    try few.adapt(to: Tensor([1, 1, 1, .nan, 1, 2], on: device))
    #expect(few.boundaries.count == 2 && few.boundaries[0] == 1 && abs(few.boundaries[1] - 1.2) < 1e-12)
  }

  /// scikit-learn 1.9: the `statistics_` of `SimpleImputer`.
  @Test(arguments: TestDevices.all) func missingNumbersAreReplaced(_ device: Device) throws {
    let x = Tensor([1, .nan, 2, 10, .nan, 20, 9, 20], shape: [4, 2], on: device)
    for (imputation, first, second) in [
      (Imputation.mean, Float(4), Float(50.0 / 3)), (.median, 2, 20), (.mostFrequent, 1, 20), (.constant(-1), -1, -1),
    ] {
      let layer = SimpleImputer(imputation, addsIndicator: true)
      try layer.adapt(to: x)
      try layer.build(inputShape: [2], on: device)
      #expect(
        try layer(x, .inference).scalars() == [
          1, second, 0, 1, 2, 10, 0, 0, first, 20, 1, 0, 9, 20, 0, 0,
        ], "\(imputation)")
    }
    let plain = SimpleImputer()
    try plain.build(inputShape: [2], on: device)
    let (_, gradient) = valueAndGradient(at: x) { (plain($0, .inference) * 3).sum() }
    #expect(try gradient.scalars() == [3, 0, 3, 3, 0, 3, 3, 3], "no gradient goes to a replaced number")
  }

  @Test func chosenFeaturesAreScaled() throws {
    let layer = Normalization()
    try layer.adapt(to: Tensor([1, 0, 5, 3, 1, 9], shape: [2, 3]), features: [0, 2])
    #expect(try layer.mean.value.scalars() == [2, 0, 7] && layer.standardDeviation.value.scalars() == [1, 1, 2])
    #expect(throws: ModelError.self) { try layer.adapt(to: .ones([2, 3]), features: [3]) }
  }

  /// A model with these layers has the same outputs after it is described in JSON and made again.
  @Test func settingsSurviveCopying() throws {
    let lookup = IntegerLookup(maxTokens: 5, maskToken: 0)
    try lookup.adapt(to: Self.int32([3, 3, 4, 0, 5], [5], .cpu))
    let model = Sequential {
      lookup
      CategoryEncoding(lookup.tokens, .count)
      SimpleImputer(.constant(2))
      Discretization(boundaries: [0.5, 1.5])
      Embedding(3, 2)
    }
    try model.build(inputShape: [3], seed: 1)
    let x = Self.int32([3, 3, 0, 9, 4, 5], [2, 3], .cpu)
    let copy = try model.copy()
    #expect(try copy(x, .inference).scalars() == model(x, .inference).scalars())
    #expect(((copy.layers[0] as? IntegerLookup)?.vocabulary ?? []) == [3, 4, 5])
  }

  @Test func invalidSettingsAreRefused() {
    func reason(_ layer: some Layer, _ shape: [Int] = [2]) -> String {
      do {
        try layer.build(inputShape: shape)
        return "built"
      } catch { return "\(error)" }
    }
    #expect(reason(CategoryEncoding(0)).contains("0 categories"))
    #expect(reason(CategoryEncoding(3, .int)).contains("mode int"))
    #expect(reason(IntegerLookup(vocabulary: [1, 1])).contains("two indices"))
    #expect(reason(IntegerLookup(vocabulary: [1], maskToken: 1)).contains("two indices"))
    #expect(reason(IntegerLookup(vocabulary: [1 << 40])).contains("not an int32 number"))
    #expect(reason(IntegerLookup(vocabulary: [1, 2], maxTokens: 2)).contains("maxTokens is 2"))
    #expect(reason(Discretization(bins: 3)).contains("call adapt(to:)"))
    #expect(reason(Discretization(boundaries: [1, 1])).contains("rising order"))
    #expect(reason(Discretization(boundaries: [.nan])).contains("finite"))
    #expect(reason(SimpleImputer(), []).contains("no features"))
    let x = Tensor([1, .infinity], shape: [1, 2])
    #expect(throws: ModelError.self) { try SimpleImputer().adapt(to: x) }
    #expect(throws: ModelError.self) { try SimpleImputer().adapt(to: .ones([3])) }
    #expect(throws: ModelError.self) { try Discretization(bins: 4).adapt(to: x) }
    #expect(throws: ModelError.self) { try Discretization(boundaries: [1]).adapt(to: .ones([3])) }
    #expect(throws: ModelError.self) { try IntegerLookup().adapt(to: x) }
  }
}

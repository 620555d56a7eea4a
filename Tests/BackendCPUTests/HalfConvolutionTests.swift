@testable import BackendCPU
import BackendConformance
import BackendCore
import BackendReference
import Testing

/// Convolutions and poolings of float16 and bfloat16. The conformance suite examines many small shapes; here are those with
/// several blocks of positions, strips of outputs, and blocks of terms.
@Suite struct HalfConvolutionTests {
  /// Odd and even numbers of channels and images, several groups, and axes that differ in every respect.
  static let shapes: [ConvolutionShape] = [
    // Several images in a block, and more positions than one block.
    .of(5, 3, 5, 1, WindowAxis(input: 6, output: 5, kernel: 2), WindowAxis(input: 6, output: 5, kernel: 2)),
    .of(3, 1, 33, 1, WindowAxis(input: 20, output: 18, kernel: 3), WindowAxis(input: 19, output: 17, kernel: 3)),
    // Two strips of outputs, and zeros around the images.
    .of(
      3, 5, 70, 1, WindowAxis(input: 12, output: 12, kernel: 3, padding: 1),
      WindowAxis(input: 21, output: 21, kernel: 3, padding: 1)),
    .of(
      4, 6, 14, 2, WindowAxis(input: 11, output: 4, kernel: 2, stride: 3, padding: 1),
      WindowAxis(input: 13, output: 13, kernel: 4, dilation: 2, padding: 3)),
    .of(
      2, 9, 15, 3, WindowAxis(input: 9, output: 5, kernel: 3, stride: 2, padding: 1),
      WindowAxis(input: 10, output: 5, kernel: 3, stride: 2, padding: 1)),
    // Two blocks of terms, for floats and for pairs, and a single image.
    .of(
      1, 301, 6, 1, WindowAxis(input: 4, output: 4, kernel: 3, padding: 1),
      WindowAxis(input: 5, output: 5, kernel: 3, padding: 1)),
    // Depthwise, where each output has few terms.
    .of(2, 8, 8, 8, WindowAxis(input: 6, output: 4, kernel: 3), WindowAxis(input: 40, output: 38, kernel: 3)),
  ]

  static let types: [DType] = [.float16, .bfloat16]

  /// Small integers, whose sums are exact in float32: a result is such a sum, or the nearest half.
  @Test(arguments: shapes, types)
  func sumsOfIntegersAreExact(_ shape: ConvolutionShape, _ type: DType) throws {
    var numbers = Numbers(seed: 3)
    let trial = HalfConvolution(shape, type) { Float(Int.random(in: -2...2, using: &numbers)) }
    let expected = try trial.results(ReferenceBackend.shared, .float32, .float32)
    for backend in HalfProductTests.backends(threads: 2) {
      let set = "\(backend.instructionSet)\(backend.bfloat16Kernels == nil ? "" : " with pairs")"
      for result in [type, .float32] {
        let found = try trial.results(backend, type, result)
        for (index, (found, expected)) in zip(found, expected).enumerated() {
          #expect(found == rounded(expected, result), "\(set), result \(index) in \(result)")
        }
      }
    }
  }

  @Test(arguments: shapes, types)
  func hasTheSameBitsOnAnyNumberOfThreads(_ shape: ConvolutionShape, _ type: DType) throws {
    var numbers = Numbers(seed: 4)
    let trial = HalfConvolution(shape, type) { Float.random(in: -1...1, using: &numbers) }
    let expected = try trial.results(CPUBackend(threads: 1), type, type).map { $0.map(\.bitPattern) }
    for threads in [2, 3, 7] {
      let found = try trial.results(CPUBackend(threads: threads), type, type).map { $0.map(\.bitPattern) }
      #expect(found == expected, "\(threads) threads")
    }
  }

  /// Without pairs, the order of the additions is that of float32.
  @Test(arguments: InstructionSet.available, types)
  func resultsAreThoseOfFloat32RoundedOnce(_ instructionSet: InstructionSet, _ dtype: DType) throws {
    let backend = CPUBackend(instructionSet: instructionSet, threads: 3)
    let failures = try HalfCall.windows.flatMap { try $0.failures(on: backend, dtype) }
    #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
  }

  /// A NaN or an infinity reaches the results whose windows contain it, and no others.
  @Test(arguments: types) func specialNumbersReachOnlyTheirWindows(_ type: DType) throws {
    let axis = WindowAxis(input: 6, output: 4, kernel: 3)
    let shape = ConvolutionShape.of(3, 3, 20, 1, axis, axis)
    for backend in HalfProductTests.backends(threads: 1) {
      for special in [Float.nan, .infinity] {
        var trial = HalfConvolution(shape, type) { 1 }
        // The last channel of the last image, at row 1 and column 0.
        trial.x[(2 * 3 + 2) * 36 + 6] = special
        let results = try trial.results(backend, type, type)
        for (index, number) in results[0].enumerated() {
          let isSeen = index / (20 * 16) == 2 && index % 4 == 0 && index % 16 / 4 <= 1
          #expect(number.isFinite != isSeen, "\(backend.instructionSet) \(special) at \(index)")
        }
        for (index, number) in results[3].enumerated() {
          let isSeen = index / 9 % 3 == 2 && index % 3 == 0 && index % 9 / 3 <= 1
          #expect(number.isFinite != isSeen, "\(backend.instructionSet) \(special) at \(index) of the weights")
        }
      }
    }
  }

  @Test func computesConvolutionsOfOneType() throws {
    let backend = CPUBackend(threads: 1)
    let axis = WindowAxis(input: 2, output: 2, kernel: 1)
    let shape = ConvolutionShape.of(1, 1, 1, 1, axis, axis)
    let convolution = BackendOperation.convolution(shape, activation: nil)
    let weights = BackendOperation.convolutionWeightGradient(shape, accumulating: false)
    for type in Self.types {
      let (x, float) = (try backend.empty(4, type), try backend.empty(4))
      let other = try backend.empty(4, type == .float16 ? .bfloat16 : .float16)
      #expect(backend.computesHalves(convolution, [x, x, float, x, nil]))
      #expect(backend.computesHalves(convolution, [x, x, nil, float, x]))
      #expect(backend.computesHalves(weights, [x, x, float]))
      #expect(backend.computesHalves(.convolutionInputGradient(shape), [x, x, x]))
      #expect(!backend.computesHalves(convolution, [x, other, nil, x, nil]))
      #expect(!backend.computesHalves(weights, [x, float, x]))
      #expect(throws: BackendError.unsupported(operation: "convolution", dtype: type, device: "cpu")) {
        try backend.convolution(x, other, bias: nil, shape, activation: nil, into: x, preActivation: nil)
      }
    }
  }

  private func rounded(_ numbers: [Float], _ type: DType) -> [Float] {
    type == .float32 ? numbers : numbers.map { HalfFormat(type).number(HalfFormat(type).bits(of: Double($0))) }
  }
}

/// The operands of a convolution and its gradients, which are numbers of a half type.
private struct HalfConvolution {
  let shape: ConvolutionShape
  var x, w, dy, bias, before: [Float]

  init(_ shape: ConvolutionShape, _ type: DType, _ number: () -> Float) {
    self.shape = shape
    let format = HalfFormat(type)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { _ in format.number(format.bits(of: Double(number()))) }
    }
    (x, w, dy) = (numbers(shape.inputCount), numbers(shape.weightCount), numbers(shape.outputCount))
    (bias, before) = (numbers(shape.outputChannels), numbers(shape.weightCount))
  }

  /// relu(x ⋆ w + bias) alone and with the sums, and the gradients.
  /// - Parameters:
  ///   - type: The type of the operands.
  ///   - result: The type of the results and of the bias.
  func results(_ backend: any Backend, _ type: DType, _ result: DType) throws -> [[Float]] {
    func operand(_ numbers: [Float], _ type: DType) throws -> BufferSlice {
      try backend.slice(numbers, type, offset: 3)
    }
    func nothing(_ count: Int) throws -> BufferSlice {
      try operand([Float](repeating: .nan, count: count), result)
    }
    let (x, w, dy) = (try operand(x, type), try operand(w, type), try operand(dy, type))
    let bias = try operand(bias, result)
    let (y, z, active) = (
      try nothing(shape.outputCount), try nothing(shape.outputCount), try nothing(shape.outputCount)
    )
    let (dx, dw, sum) = (try nothing(shape.inputCount), try nothing(shape.weightCount), try operand(before, result))
    try backend.convolution(x, w, bias: bias, shape, activation: .relu, into: y, preActivation: nil)
    try backend.convolution(x, w, bias: bias, shape, activation: .relu, into: active, preActivation: z)
    try backend.convolutionInputGradient(dy, w, shape, into: dx)
    try backend.convolutionWeightGradient(x, dy, shape, accumulating: false, into: dw)
    try backend.convolutionWeightGradient(x, dy, shape, accumulating: true, into: sum)
    return [
      try backend.numbers(y, shape.outputCount), try backend.numbers(z, shape.outputCount),
      try backend.numbers(dx, shape.inputCount), try backend.numbers(dw, shape.weightCount),
      try backend.numbers(sum, shape.weightCount), try backend.numbers(active, shape.outputCount),
    ]
  }
}

extension ConvolutionShape {
  fileprivate static func of(
    _ batch: Int, _ inputs: Int, _ outputs: Int, _ groups: Int, _ height: WindowAxis, _ width: WindowAxis
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, inputChannels: inputs, outputChannels: outputs, groups: groups, height: height, width: width)
  }
}

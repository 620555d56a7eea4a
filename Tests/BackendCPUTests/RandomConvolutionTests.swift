import BackendCPU
import BackendCore
import BackendReference
import Testing

/// Compares complete convolutions and poolings of random shapes with the Reference backend, with random strides,
/// paddings, dilations, groups, and odd extents, on every instruction set and on 1, 2, 3, and 7 threads. A failure
/// names its seed.
@Suite struct RandomConvolutionTests {
  static let backends = InstructionSet.available.map { set in
    [1, 2, 3, 7].map { CPUBackend(instructionSet: set, threads: $0) }
  }

  @Test(arguments: 1...120 as ClosedRange<UInt64>)
  func convolutionsAgreeWithReference(seed: UInt64) throws {
    var numbers = Numbers(seed: seed)
    try compare(ConvolutionTrial(&numbers), "seed \(seed)")
  }

  /// Several blocks of positions, of products and of outputs, and several parts of images.
  @Test(arguments: [
    ConvolutionShape.square(batch: 2, channels: 3, size: 40, outputs: 70, kernel: 3, padding: 1),
    .square(batch: 9, channels: 5, size: 12, outputs: 130, kernel: 3, padding: 0),
    .square(batch: 1, channels: 140, size: 9, outputs: 33, kernel: 3, padding: 1),
    .square(batch: 40, channels: 4, size: 3, outputs: 5, kernel: 2, padding: 0),
    .square(batch: 3, channels: 12, size: 33, outputs: 12, kernel: 3, padding: 1, stride: 2, groups: 12),
    .square(batch: 18, channels: 5, size: 20, outputs: 10, kernel: 3, padding: 1, groups: 5),
    .square(batch: 2, channels: 6, size: 150, outputs: 1, kernel: 5, padding: 2),
  ])
  func largeConvolutionsAgreeWithReference(_ shape: ConvolutionShape) throws {
    var numbers = Numbers(seed: 5)
    try compare(ConvolutionTrial(&numbers, shape: shape), "\(shape)")
  }

  private func compare(_ trial: ConvolutionTrial, _ title: String) throws {
    let expected = try trial.results(ReferenceBackend.shared)
    for backends in Self.backends {
      let first = try trial.results(backends[0])
      for (result, length) in zip(zip(first, expected), trial.lengths) {
        let worst = zip(result.0, result.1).map { abs($0 - $1) }.max() ?? 0
        // Chains of fused multiply-adds of numbers up to 1, whose errors accumulate randomly.
        let bound = 1.2e-7 * Float(8 + length)
        #expect(worst <= bound, "\(title), \(trial.shape), \(backends[0].instructionSet): \(worst), bound \(bound)")
        #expect(result.0.count == result.1.count && !result.0.contains { $0.isNaN })
      }
      for backend in backends.dropFirst() {
        let isSame = try trial.results(backend).map { $0.map(\.bitPattern) } == first.map { $0.map(\.bitPattern) }
        #expect(isSame, "\(title), \(trial.shape), \(backend.instructionSet), \(backend.threadCount) threads")
      }
    }
  }

  @Test(arguments: 1...120 as ClosedRange<UInt64>)
  func poolingsAgreeWithReference(seed: UInt64) throws {
    var numbers = Numbers(seed: seed)
    let trial = PoolingTrial(&numbers)
    let expected = try trial.results(ReferenceBackend.shared)
    for backends in Self.backends {
      let first = try trial.results(backends[0])
      for (found, expected) in zip(first, expected) {
        let worst = zip(found, expected).map { $0 == $1 ? 0 : abs($0 - $1) }.max() ?? 0
        #expect(worst <= 4e-6, "seed \(seed), \(trial.shape), \(trial.op), \(backends[0].instructionSet): \(worst)")
      }
      for backend in backends.dropFirst() {
        let isSame = try trial.results(backend) == first
        #expect(isSame, "seed \(seed), \(trial.shape), \(backend.instructionSet), \(backend.threadCount) threads")
      }
    }
  }
}

/// One convolution: its results and those of its gradients.
private struct ConvolutionTrial {
  let shape: ConvolutionShape
  private let x, w, dy, bias, before: [Float]
  private let offset: Int

  init(_ numbers: inout Numbers, shape: ConvolutionShape? = nil) {
    let shape = shape ?? .random(&numbers)
    self.shape = shape
    x = numbers.floats(shape.inputCount)
    w = numbers.floats(shape.weightCount)
    dy = numbers.floats(shape.outputCount)
    bias = numbers.floats(shape.outputChannels)
    before = numbers.floats(shape.weightCount)
    offset = Int.random(in: 0...20, using: &numbers)
  }

  /// The number of products in each result.
  var lengths: [Int] {
    let positions = shape.batch * shape.outputPlane
    return [
      shape.depth, shape.depth, shape.depth, shape.outputChannels / shape.groups * shape.window,
      positions, positions, positions,
    ]
  }

  func results(_ backend: any Backend) throws -> [[Float]] {
    func operand(_ values: [Float]) throws -> BufferSlice { try backend.operand(values, offset: offset) }
    func nothing(_ count: Int) throws -> BufferSlice { try operand([Float](repeating: .nan, count: count)) }
    let (x, w, dy, bias) = (try operand(x), try operand(w), try operand(dy), try operand(bias))
    let (y, z, plain) = (try nothing(shape.outputCount), try nothing(shape.outputCount), try nothing(shape.outputCount))
    try backend.convolution(x, w, bias: bias, shape, activation: .relu, into: y, preActivation: nil)
    try backend.convolution(x, w, bias: bias, shape, activation: UnaryOp(.tanh), into: plain, preActivation: z)
    let dx = try nothing(shape.inputCount)
    try backend.convolutionInputGradient(dy, w, shape, into: dx)
    let (dw, sum) = (try nothing(shape.weightCount), try operand(before))
    try backend.convolutionWeightGradient(x, dy, shape, accumulating: false, into: dw)
    try backend.convolutionWeightGradient(x, dy, shape, accumulating: true, into: sum)
    let dBias = try nothing(shape.outputChannels)
    try backend.convolutionOutputGradient(
      dy, saved: y, activation: .relu, batch: shape.batch, channels: shape.outputChannels, plane: shape.outputPlane,
      dz: dy, dBias: dBias)
    return [
      try backend.content(y, shape.outputCount), try backend.content(z, shape.outputCount),
      try backend.content(plain, shape.outputCount), try backend.content(dx, shape.inputCount),
      try backend.content(dw, shape.weightCount), try backend.content(sum, shape.weightCount),
      try backend.content(dBias, shape.outputChannels),
    ]
  }
}

/// One pooling of numbers with ties, and its gradient.
private struct PoolingTrial {
  let op: PoolingOp
  let shape: PoolingShape
  private let x, dy: [Float]

  init(_ numbers: inout Numbers) {
    op = PoolingOp.allCases.randomElement(using: &numbers)!
    shape = PoolingShape(
      planes: Int.random(in: 1...40, using: &numbers), height: .random(30, &numbers), width: .random(40, &numbers))
    x = numbers.floats(shape.inputCount).map { ($0 * 8).rounded() / 8 }
    dy = numbers.floats(shape.outputCount)
  }

  func results(_ backend: any Backend) throws -> [[Float]] {
    let (x, dy) = (try backend.operand(x, offset: 3), try backend.operand(dy, offset: 1))
    let y = try backend.operand([Float](repeating: .nan, count: shape.outputCount), offset: 0)
    let dx = try backend.operand([Float](repeating: .nan, count: shape.inputCount), offset: 2)
    let indices = BufferSlice(try backend.allocate(count: shape.outputCount, dtype: .int32))
    try backend.pool(op, x, shape, into: y, indices: op == .maximum ? indices : nil)
    try backend.poolGradient(op, dy, indices: op == .maximum ? indices : nil, shape, into: dx)
    let positions =
      op == .maximum ? try backend.content(indices, shape.outputCount, of: Int32.self).map { Float($0) } : []
    return [try backend.content(y, shape.outputCount), try backend.content(dx, shape.inputCount), positions]
  }
}

extension ConvolutionShape {
  fileprivate static func square(
    batch: Int, channels: Int, size: Int, outputs: Int, kernel: Int, padding: Int, stride: Int = 1, groups: Int = 1
  ) -> ConvolutionShape {
    let output = (size + 2 * padding - kernel) / stride + 1
    let axis = WindowAxis(input: size, output: output, kernel: kernel, stride: stride, padding: padding)
    return ConvolutionShape(
      batch: batch, inputChannels: channels, outputChannels: outputs, groups: groups, height: axis, width: axis)
  }

  fileprivate static func random(_ numbers: inout Numbers) -> ConvolutionShape {
    let groups = [1, 1, 1, 2, 3, 5].randomElement(using: &numbers)!
    let most = groups == 1 ? 20 : 4
    let channels = groups * Int.random(in: 1...most, using: &numbers)
    let outputs = groups * Int.random(in: 1...most * 4, using: &numbers)
    let (height, width) = (WindowAxis.random(12, &numbers), WindowAxis.random(30, &numbers))
    return ConvolutionShape(
      batch: Int.random(in: 1...3, using: &numbers), inputChannels: channels, outputChannels: outputs, groups: groups,
      height: height, width: width)
  }
}

extension WindowAxis {
  /// An axis with at least one output, possibly one that extends beyond the padding at the end, possibly with unused
  /// inputs.
  fileprivate static func random(_ most: Int, _ numbers: inout Numbers) -> WindowAxis {
    let kernel = Int.random(in: 1...4, using: &numbers), dilation = Int.random(in: 1...2, using: &numbers)
    let padding = Int.random(in: 0...3, using: &numbers), stride = Int.random(in: 1...3, using: &numbers)
    let after = Int.random(in: 0...3, using: &numbers), reach = (kernel - 1) * dilation + 1
    let input = Int.random(in: max(1, reach - padding - after)...most, using: &numbers)
    let output = (input + padding + after - reach) / stride + 1
    return WindowAxis(
      input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
  }
}

extension Backend {
  fileprivate func operand(_ values: [Float], offset: Int) throws -> BufferSlice {
    let slice = BufferSlice(try allocate(count: values.count + offset, dtype: .float32))
    try fill(slice, count: offset, with: .nan)
    try values.withUnsafeBytes { try upload($0, into: slice.advanced(by: offset)) }
    return slice.advanced(by: offset)
  }

  fileprivate func content<Element: BitwiseCopyable & Numeric>(
    _ slice: BufferSlice, _ count: Int, of type: Element.Type = Float.self
  ) throws -> [Element] {
    var result = [Element](repeating: 0, count: count)
    try result.withUnsafeMutableBytes { try download(slice, into: $0) }
    return result
  }
}

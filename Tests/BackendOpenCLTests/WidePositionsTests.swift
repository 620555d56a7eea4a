#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// Kernels built for operands of 2³¹ elements and more give bitwise the same results on small operands.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct WidePositionsTests {
  @Test(arguments: TestDevices.all, [false, true]) func wideKernelsAgree(device: OpenCLDevice, runsLoops: Bool) throws {
    var options = OpenCLOptions(for: device)
    options.runsLoops = runsLoops
    let narrow = try OpenCLBackend(device, options)
    options.usesWidePositions = true
    let wide = try OpenCLBackend(device, options)
    #expect(try results(of: wide) == results(of: narrow))
    #expect(wide.launchCount == narrow.launchCount)
  }

  /// One call of each kind of kernel with arithmetic on positions.
  private func results(of backend: OpenCLBackend) throws -> [[Float]] {
    let count = 12_000
    let x = try backend.upload(wholeNumbers(count))
    let indices = try backend.upload((0..<200).map { Int32($0 * 37 % 103) - 2 })
    let shape = AxisShape(outer: 4, extent: 100, inner: 30)
    var results: [[Float]] = []
    func add(_ count: Int, _ call: (BufferSlice) throws -> Void) throws {
      let y = try backend.empty(count)
      try backend.fill(y, count: count, with: 0.5)
      try call(y)
      results.append(try backend.floats(y, count: count).map { $0.isNaN ? 1e30 : $0 })
    }
    let flipped = Layout(shape: [30, 400], strides: Strides([1, -30]))
    let row = Layout(shape: [30, 400], strides: Strides([0, 1]))
    try add(count) { try backend.binary(.subtract, x.advanced(by: 11_970), flipped, x, row, into: $0) }
    try add(count) {
      try backend.copyStrided(
        x, Strides([1, 100, 3000]), shape: [100, 30, 4], into: $0, Strides([120, 4, 1]), accumulating: true)
    }
    try add(count) {
      try backend.copyStrided(
        x, Strides([1, 30]), shape: [30, 400], into: $0, Strides(dense: [30, 400]), accumulating: false)
    }
    try add(120) { try backend.reduce(.sum, x, shape, into: $0) }
    try add(2) { try backend.reduce(.mean, x, AxisShape(outer: 2, extent: 6000, inner: 1), into: $0) }
    try add(400) { try backend.reduce(.maximum, x, AxisShape(outer: 400, extent: 30, inner: 1), into: $0) }
    try add(count) { try backend.scan(.sum, x, shape, reversed: true, into: $0) }
    try add(4 * 200 * 30) { try backend.gatherRows(x, shape, indices: indices, indexCount: 200, into: $0) }
    try add(count) {
      try backend.scatterRows(
        .sum, x, indices: indices, indexCount: 100, into: $0, AxisShape(outer: 4, extent: 100, inner: 30))
    }
    try add(count) { try backend.softmax(x, rows: 12, columns: 1000, logarithmic: true, into: $0) }
    try add(count) { try backend.softmax(x, rows: 2, columns: 6000, logarithmic: false, into: $0) }
    let normalization = NormalizationShape(rows: 40, columns: 300, isCentered: true, epsilon: 1e-5)
    try add(count) { try backend.normalize(x, weight: nil, bias: nil, normalization, into: $0, statistics: nil) }
    let condition = try backend.upload((0..<count).map { UInt8($0 % 3 == 0 ? 1 : 0) }, .bool)
    try add(count) {
      try backend.select(condition, Layout(dense: [30, 400]), x, row, x, Layout(dense: [30, 400]), into: $0)
    }
    let axis = WindowAxis(input: 20, output: 20, kernel: 3, padding: 1)
    let window = ConvolutionShape(batch: 3, inputChannels: 4, outputChannels: 6, groups: 2, height: axis, width: axis)
    try add(window.outputCount) {
      try backend.convolution(x, x, bias: nil, window, activation: .relu, into: $0, preActivation: nil)
    }
    try add(window.inputCount) { try backend.convolutionInputGradient(x, x, window, into: $0) }
    try add(window.weightCount) {
      try backend.convolutionWeightGradient(x, x, window, accumulating: false, into: $0)
    }
    try add(count) { try backend.random(.normal, RandomSource(key: 9), count: count, into: $0) }
    try add(80 * 120) {
      try backend.matmul(
        x, x, MatmulShape(m: 80, n: 120, k: 100, transposesB: true), alpha: 2, beta: 1, into: $0)
    }
    try add(count) {
      let order = try backend.empty(count, .int32)
      try backend.sort(x, rows: 3, columns: 4000, descending: true, values: $0, indices: order)
    }
    return results
  }
}
#endif

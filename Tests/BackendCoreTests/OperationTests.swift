import BackendCore
import Testing

@Suite struct OperationTests {
  @Test func elementTypes() {
    #expect(DType.allCases.map(\.byteCount) == [4, 4, 1, 8, 2, 2, 1, 1, 2, 8])
    #expect(DType.allCases.filter(\.isFloatingPoint) == [.float32, .float64, .float16, .bfloat16])
    #expect(DType.allCases.filter(\.isHalf) == [.float16, .bfloat16])
    #expect(DType.allCases.filter(\.isInteger) == [.int32, .int8, .uint8, .int16, .int64])
    #expect(DType.allCases.map(\.rawValue) == Array(0..<10), "they may be stored")
    #expect(
      DType.allCases.map(\.description) == [
        "float32", "int32", "bool", "float64", "float16", "bfloat16", "int8", "uint8", "int16", "int64",
      ])
  }

  /// Rounding a Double to 24 or 8 bits gives the same number as rounding the integer.
  @Test func roundingToOddKeepsTheDirection() {
    for integer in [0, 1, -1, 1 << 53, 1 << 53 + 1, .max, .min, .min + 1, -(1 << 62 + 1 << 54 + 1)] as [Int64] {
      let number = Double(roundingToOdd: integer)
      #expect(Float(number) == Float(integer))
      #expect(Int64(exactly: number) == integer || number.significandBitPattern & 1 == 1)
    }
    // Above and below the middle of two numbers of 8 bits; Double represents neither.
    let middle: Int64 = 257 << 53
    #expect(HalfFormat.bfloat16.bits(of: Double(roundingToOdd: middle)) == HalfFormat.bfloat16.bits(of: 0x1p61))
    #expect(HalfFormat.bfloat16.bits(of: Double(roundingToOdd: middle + 1)) == HalfFormat.bfloat16.bits(of: 0x1.02p61))
    #expect(HalfFormat.bfloat16.bits(of: Double(roundingToOdd: middle - 1)) == HalfFormat.bfloat16.bits(of: 0x1p61))
  }

  @Test func scalarsSaturate() {
    #expect([300, -300, 1.9, -1.9, .nan].map { Int8(saturating: $0) } == [127, -128, 1, -1, 0])
    #expect([.infinity, -.infinity].map { Int8(saturating: $0) } == [127, -128])
    #expect([255.9, 256, -0.9, -1].map { UInt8(saturating: $0) } == [255, 255, 0, 0])
    #expect([0x1p63, -0x1p63, 0x1p62].map { Int64(saturating: $0) } == [.max, .min, 1 << 62])
  }

  @Test func slicesAdvanceInElements() {
    let buffer = Buffer(count: 12, dtype: .float64)
    #expect(buffer.byteCount == 96)
    let slice = BufferSlice(buffer, offset: 3).advanced(by: 4)
    #expect(slice.offset == 7)
    #expect(slice.dtype == .float64)
    #expect(slice.buffer === buffer)
  }

  /// Operations whose derivative is cheaper from the result: nothing else must be kept for the backward pass.
  @Test func gradientSources() {
    let fromOutput = UnaryOp.Kind.allCases.filter { UnaryOp($0).gradientSource == .output }
    #expect(
      fromOutput == [
        .squareRoot, .reciprocalSquareRoot, .reciprocal, .exp, .expMinusOne, .tan, .exp2, .erfInverse, .relu, .relu6,
        .sigmoid, .tanh,
      ])
    let withoutGradient = UnaryOp.Kind.allCases.filter { UnaryOp($0).gradientSource == .neither }
    #expect(withoutGradient == [.sign, .floor, .ceil, .round, .trunc, .isNaN, .isFinite, .logicalNot])
    #expect(UnaryOp.Kind.allCases.filter { UnaryOp($0).resultIsBool } == [.isNaN, .isFinite, .logicalNot])
  }

  @Test func constantsOfUnaryOperations() {
    #expect(UnaryOp.clamp(-1, 2) == UnaryOp(.clamp, -1, 2))
    #expect(UnaryOp.leakyReLU(slope: 0.1).a == 0.1)
    #expect(UnaryOp.elu(alpha: 2) != .elu(alpha: 1))
    #expect(UnaryOp.power(3).kind == .power)
  }

  @Test func axisShapesCount() {
    let shape = AxisShape(outer: 3, extent: 4, inner: 5)
    #expect(shape.count == 60)
    #expect(shape.reducedCount == 15)
  }

  @Test func statesOfOptimizers() {
    func count(_ rule: OptimizerStep.Rule) -> Int { OptimizerStep(rule: rule).stateCount }
    #expect(count(.sgd(momentum: 0, isNesterov: false)) == 0)
    #expect(count(.sgd(momentum: 0.9, isNesterov: true)) == 1)
    #expect(count(.rmsProp(smoothing: 0.99, epsilon: 1e-8, momentum: 0, isCentered: false)) == 1)
    #expect(count(.rmsProp(smoothing: 0.99, epsilon: 1e-8, momentum: 0.5, isCentered: true)) == 3)
    #expect(count(.adagrad(epsilon: 1e-10)) == 1)
    #expect(count(.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: false)) == 2)
    #expect(count(.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: true)) == 3)
  }

  @Test func errorsNameWhatHappened() {
    let memory = BackendError.outOfMemory(requestedBytes: 4096, liveBytes: 100, limitBytes: 2000)
    #expect("\(memory)" == "out of memory: 4096 bytes asked for, 100 in use, limit 2000")
    let operation = BackendError.unsupported(operation: "exp", dtype: .int32, device: "cpu")
    #expect("\(operation)" == "cpu has no exp for int32")
    let kernel = BackendError.kernelBuild(program: "matmul", log: "line 3: no such type")
    #expect("\(kernel)".contains("matmul") && "\(kernel)".contains("line 3: no such type"))
    #expect("\(BackendError.deviceLost(device: "opencl:0:0", reason: "reset"))".contains("reset"))
  }
}

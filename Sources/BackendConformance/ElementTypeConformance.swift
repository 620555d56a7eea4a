import BackendCore

/// Calls each operation with each element type, and returns the differences from `OperationKind.accepts(_:)` and from its
/// counterparts for functions, reductions, and random numbers: types that are refused although the backend supports them
/// and, if the operation computes, computes with them; and types that are taken although the operation is not defined for
/// them. With `WidenedArithmetic`, operations defined for float32 are also defined for float16 and bfloat16, and those
/// defined for int32 for int8, uint8, and int16. Operations of halves are also defined where the backend says that it
/// computes with halves itself.
public func elementTypeFailures(of backend: any Backend) -> [String] {
  OperationKind.allCases.flatMap { kind in
    failures(of: call(kind), kind.rawValue, backend) { backend.performs(kind, $0) }
  }
    + functionFailures(of: backend)
}

/// The same for the operations that accept different types depending on the function.
private func functionFailures(of backend: any Backend) -> [String] {
  let (flat, axis) = (Layout(flat: 4), AxisShape(outer: 1, extent: 4, inner: 1))
  func computes(_ accepts: @escaping (DType) -> Bool) -> (DType) -> Bool {
    { accepts($0) && backend.computes($0) }
  }
  let unary = UnaryOp.Kind.allCases.flatMap { kind in
    failures(
      of: (.unary(UnaryOp(kind), count: 4), UnaryOp(kind).resultIsBool ? "tb" : "tt"), kind.name, backend,
      computes(kind.accepts))
  }
  let binary = BinaryOp.allCases.flatMap { op in
    failures(of: (.binary(op, a: flat, b: flat), "ttt"), op.name, backend, computes(op.accepts))
      + failures(
        of: (.binaryScalar(op, scalar: 1, scalarFirst: true, count: 4), "tt"), "\(op.name) with a scalar", backend,
        computes(op.accepts))
  }
  let comparisons = ComparisonOp.allCases.flatMap { op in
    failures(of: (.compare(op, a: flat, b: flat), "ttb"), op.name, backend, computes(OperationKind.comparison.accepts))
  }
  let reductions = ReductionOp.allCases.flatMap { op in
    failures(of: (.reduce(op, axis), "tt"), "\(op)", backend, computes(op.accepts))
  }
  let distributions: [RandomDistribution] = [.bits, .uniform, .normal, .bernoulli(probability: 0.5)]
  let draws = distributions.flatMap { distribution in
    failures(
      of: (.random(distribution, source: RandomSource(key: 1), count: 4), "t"), "random \(distribution)", backend,
      computes(distribution.accepts))
  }
  return unary + binary + comparisons + reductions + draws
}

private func failures(
  of call: (operation: BackendOperation, operands: String), _ name: String, _ backend: any Backend,
  _ accepts: (DType) -> Bool
) -> [String] {
  DType.allCases.filter { backend.supports($0) }.compactMap { dtype -> String? in
    var isExpected = accepts(dtype)
    let isTaken: Bool
    do {
      let operands = try call.operands.map { try operand($0, dtype, backend) }
      if dtype.isWidened && accepts(dtype.arithmeticType) {
        let isComputedInHalves = dtype.isHalf && backend.computesHalves(call.operation, operands)
        isExpected = isExpected || backend is WidenedArithmetic || isComputedInHalves
      }
      try call.operation.perform(on: backend, operands)
      isTaken = true
    } catch BackendError.unsupported {
      isTaken = false
    } catch {
      return "\(name) of \(dtype): \(error)"
    }
    if isTaken == isExpected { return nil }
    return "\(name) of \(dtype) is \(isTaken ? "taken" : "refused")"
  }
}

/// Returns a buffer of zeros: of the type for "t", of int32 or bool for "i" and "b", and nil for a blank.
private func operand(_ letter: Character, _ dtype: DType, _ backend: any Backend) throws -> BufferSlice? {
  if letter == " " { return nil }
  let dtype: DType = letter == "i" ? .int32 : letter == "b" ? .bool : dtype
  let slice = BufferSlice(try backend.allocate(count: 64, dtype: dtype))
  try backend.fill(slice, count: 64, with: 0)
  return slice
}

/// A small call of an operation, with a letter for each operand.
private func call(_ kind: OperationKind) -> (BackendOperation, String) {
  let (flat, axis) = (Layout(flat: 4), AxisShape(outer: 1, extent: 4, inner: 1))
  let window = WindowAxis(input: 2, output: 2, kernel: 1)
  let convolution = ConvolutionShape(batch: 1, inputChannels: 1, outputChannels: 1, height: window, width: window)
  let pooling = PoolingShape(planes: 1, height: window, width: window)
  let recurrence = RecurrenceShape(.simple, steps: 1, batch: 1, units: 2)
  let normalization = NormalizationShape(rows: 2, columns: 2, isCentered: true, epsilon: 1e-5)
  let tanh = UnaryOp(.tanh)
  return switch kind {
  case .fill: (.fill(value: 1, count: 4), "t")
  case .cast: (.cast(count: 4), "ti")
  case .select: (.select(condition: flat, a: flat, b: flat), "bttt")
  case .range: (.range(start: 0, step: 1, count: 4), "t")
  case .copyStrided: (.copyStrided(x: Strides([2]), shape: [4], y: Strides([1]), accumulating: false), "tt")
  case .accumulatingCopy: (.copyStrided(x: Strides([2]), shape: [4], y: Strides([1]), accumulating: true), "tt")
  case .sort: (.sort(rows: 1, columns: 4, descending: false), "tti")
  case .argReduce: (.argReduce(.argmax, axis), "ti")
  case .scan: (.scan(.sum, axis, reversed: false), "tt")
  case .comparison: (.compareScalar(.equal, scalar: 1, count: 4), "tb")
  case .gatherRows: (.gatherRows(axis, indexCount: 4), "tit")
  case .scatterRows: (.scatterRows(.sum, axis, indexCount: 4), "tit")
  case .gatherElements: (.gatherElements(axis, indexExtent: 4), "tit")
  case .scatterElements: (.scatterElements(.sum, axis, indexExtent: 4), "tit")
  case .unaryGradient: (.unaryGradient(tanh, count: 4), "ttt")
  case .matmul: (.matmul(MatmulShape(m: 2, n: 2, k: 2), alpha: 1, beta: 0), "ttt")
  case .linear: (.linear(rows: 2, inputs: 2, units: 2, activation: tanh), "tttt ")
  case .linearGradient: (.linearGradient(rows: 2, units: 2, activation: nil), "t  t")
  case .dropout: (.dropout(probability: 0.5, source: RandomSource(key: 1), count: 4), "tt")
  case .convolution: (.convolution(convolution, activation: tanh), "tttt ")
  case .convolutionOutputGradient:
    (.convolutionOutputGradient(batch: 1, channels: 1, plane: 4, activation: nil), "t  t")
  case .convolutionInputGradient: (.convolutionInputGradient(convolution), "ttt")
  case .convolutionWeightGradient: (.convolutionWeightGradient(convolution, accumulating: false), "ttt")
  case .pool: (.pool(.maximum, pooling), "tti")
  case .poolGradient: (.poolGradient(.maximum, pooling), "tit")
  case .recurrence: (.recurrence(recurrence), "t    t t ")
  case .recurrenceGradient: (.recurrenceGradient(recurrence, reachesInitialState: true), "t    t t  t t ")
  case .recurrentCell: (.recurrentCell(.simple, batch: 1, units: 2), "t     t ")
  case .recurrentCellGradient: (.recurrentCellGradient(.simple, batch: 1, units: 2), "t     t  t t ")
  case .softmax: (.softmax(rows: 2, columns: 2, logarithmic: false), "tt")
  case .softmaxGradient: (.softmaxGradient(rows: 2, columns: 2, logarithmic: false), "ttt")
  case .softmaxCrossEntropy:
    (
      .softmaxCrossEntropy(rows: 2, columns: 2, smoothing: 0, ignoredLabel: nil, gradientScale: 1), "titt"
    )
  case .normalize: (.normalize(normalization), "ttttt")
  case .normalizeGradient: (.normalizeGradient(normalization), "ttttttt")
  case .optimizerStep:
    (.optimizerStep(OptimizerStep(rule: .sgd(momentum: 0, isNesterov: false)), count: 4), "ttt")
  case .norm: (.norm(count: 4, accumulating: false), "tt")
  case .clipFactor: (.clipFactor(maximumNorm: 1), "tt")
  }
}

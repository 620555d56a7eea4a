import BackendCore

/// A rule that converts the gradient of a result to gradients of the operands. There is one rule for each primitive and
/// each fused operation, written in tensor operations next to the operation itself.
protocol GradientRule {
  /// Adds the contribution of `dy`, the gradient of the result, to the operands. The rule may reuse the memory of `dy`.
  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass)
}

/// One entry of a tape. Small rules are stored inline in the array; those with more operands are boxed.
enum Record {
  /// The gradient has been passed on, and the values that the record kept have been freed.
  case consumed
  case leaf(LeafRecord)
  case identity(IdentityRecord)
  case scaling(ScalingRecord)
  case unary(UnaryRecord)
  case binary(BinaryRecord)
  case broadcast(BroadcastRecord)
  case reduction(ReductionRecord)
  case scan(ScanRecord)
  case matmul(MatmulRecord)
  case stridedRead(StridedReadRecord)
  case stridedWrite(StridedWriteRecord)
  case concatenation(ConcatenationRecord)
  case softmax(SoftmaxRecord)
  case dropout(DropoutRecord)
  case crossEntropy(CrossEntropyRecord)
  case move(MoveRecord)
  case cast(CastRecord)
  indirect case select(SelectRecord)
  indirect case replacement(ReplacementRecord)
  indirect case gatherRows(GatherRowsRecord)
  indirect case gatherElements(GatherElementsRecord)
  indirect case scatter(ScatterRecord)
  indirect case linear(LinearRecord)
  indirect case convolution(ConvolutionRecord)
  indirect case transposedConvolution(TransposedConvolutionRecord)
  indirect case convolutionWeightGradient(ConvolutionWeightGradientRecord)
  indirect case pooling(PoolingRecord)
  indirect case poolingGradient(PoolingGradientRecord)
  indirect case normalization(NormalizationRecord)
  indirect case batchNormalization(BatchNormalizationRecord)
  indirect case recurrence(RecurrenceRecord)
  indirect case custom(CustomRecord)

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    switch self {
    case .consumed: break
    case .leaf(let rule): rule.propagate(&dy, in: &pass)
    case .identity(let rule): rule.propagate(&dy, in: &pass)
    case .scaling(let rule): rule.propagate(&dy, in: &pass)
    case .unary(let rule): rule.propagate(&dy, in: &pass)
    case .binary(let rule): rule.propagate(&dy, in: &pass)
    case .broadcast(let rule): rule.propagate(&dy, in: &pass)
    case .reduction(let rule): rule.propagate(&dy, in: &pass)
    case .scan(let rule): rule.propagate(&dy, in: &pass)
    case .matmul(let rule): rule.propagate(&dy, in: &pass)
    case .stridedRead(let rule): rule.propagate(&dy, in: &pass)
    case .stridedWrite(let rule): rule.propagate(&dy, in: &pass)
    case .concatenation(let rule): rule.propagate(&dy, in: &pass)
    case .softmax(let rule): rule.propagate(&dy, in: &pass)
    case .dropout(let rule): rule.propagate(&dy, in: &pass)
    case .move(let rule): rule.propagate(&dy, in: &pass)
    case .cast(let rule): rule.propagate(&dy, in: &pass)
    case .select(let rule): rule.propagate(&dy, in: &pass)
    case .replacement(let rule): rule.propagate(&dy, in: &pass)
    case .gatherRows(let rule): rule.propagate(&dy, in: &pass)
    case .gatherElements(let rule): rule.propagate(&dy, in: &pass)
    case .scatter(let rule): rule.propagate(&dy, in: &pass)
    case .linear(let rule): rule.propagate(&dy, in: &pass)
    case .crossEntropy(let rule): rule.propagate(&dy, in: &pass)
    case .convolution(let rule): rule.propagate(&dy, in: &pass)
    case .transposedConvolution(let rule): rule.propagate(&dy, in: &pass)
    case .convolutionWeightGradient(let rule): rule.propagate(&dy, in: &pass)
    case .pooling(let rule): rule.propagate(&dy, in: &pass)
    case .poolingGradient(let rule): rule.propagate(&dy, in: &pass)
    case .normalization(let rule): rule.propagate(&dy, in: &pass)
    case .batchNormalization(let rule): rule.propagate(&dy, in: &pass)
    case .recurrence(let rule): rule.propagate(&dy, in: &pass)
    case .custom(let rule): rule.propagate(&dy, in: &pass)
    }
  }
}

/// A variable of a scope. Its own scope collects its gradient; for outer scopes, it is an identity.
struct LeafRecord: GradientRule {
  let parent: Operand
  let depth: Int

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if depth > pass.depth { pass.accumulate(dy, to: parent) }
  }
}

/// The result has the elements of the operand, possibly in another shape.
struct IdentityRecord: GradientRule {
  let x: Operand

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.extents == x.extents ? dy : dy.reshaped(to: x.extents), to: x)
  }
}

/// A gradient whose elements are all equal to one number known to the host: the gradient of the result itself and of
/// tensors whose sum or mean it is. It takes no memory or work until a rule asks for a tensor.
struct UniformGradient {
  var value: Double
  let dtype: DType
  let device: Device

  func tensor(_ extents: Shape) -> Tensor { .full(extents, value, dtype, on: device) }

  /// Returns this gradient with another number.
  func with(_ value: Double) -> UniformGradient { UniformGradient(value: value, dtype: dtype, device: device) }
}

extension Record {
  /// True for rules that can use a uniform gradient without converting it to a tensor.
  var takesUniformGradient: Bool {
    switch self {
    case .reduction(let rule): rule.op == .sum || rule.op == .mean
    case .crossEntropy: true
    default: false
    }
  }

  /// Does the work of `propagate` for a uniform gradient, if `takesUniformGradient`.
  func propagate(_ dy: UniformGradient, in pass: inout BackwardPass) {
    switch self {
    case .reduction(let rule): rule.propagate(dy, in: &pass)
    case .crossEntropy(let rule): rule.propagate(dy, in: &pass)
    default: fatalError("a rule without a form for uniform gradients")
    }
  }
}

#if OpenCL
public import BackendCore

/// Functions of one element, and of an element and a scalar; conversions.
extension OpenCLBackend {
  public func computesHalves(_ operation: BackendOperation, _ operands: [BufferSlice?]) -> Bool {
    switch operation {
    case .unary, .unaryGradient, .binary, .binaryScalar, .compare, .compareScalar:
      operands.allSatisfy { $0?.dtype == operands[0]?.dtype || $0?.dtype == .bool }
    default: false
    }
  }

  public func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard op.kind.accepts(x.dtype.arithmetic), computes(x.dtype.arithmetic) else {
      throw unsupported(op.kind.name, x.dtype)
    }
    let program = ProgramName(.elementwiseUnary, of: x.dtype, isWide: isWide(count))
    let name = KernelName(program: program, stem: "unary", operation: op.kind.name, type: x.dtype.kernelType)
    try launch(name, .elements(count)) { arguments in
      arguments.slice(x, count)
      arguments.slice(y, count)
      arguments.count(count)
      arguments.scalar(op.a, x.dtype.arithmetic)
      arguments.scalar(op.b, x.dtype.arithmetic)
    }
  }

  public func unaryGradient(
    _ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice
  ) throws {
    guard performs(.unaryGradient, dy.dtype.arithmetic) else {
      throw unsupported("the gradient of \(op.kind.name)", dy.dtype)
    }
    let program = ProgramName(.elementwiseGradient, of: dy.dtype, isWide: isWide(count))
    let type = dy.dtype == .float32 ? "" : dy.dtype.kernelType
    let name = KernelName(program: program, stem: "gradient", operation: op.kind.gradientName, type: type)
    try launch(name, .elements(count)) { arguments in
      arguments.slice(dy, count)
      // The derivative of step functions is 0 regardless of the saved value, which may then be a bool.
      arguments.slice(saved.dtype == dy.dtype ? saved : dy, count)
      arguments.slice(dx, count)
      arguments.count(count)
      arguments.scalar(op.a, dy.dtype.arithmetic)
      arguments.scalar(op.b, dy.dtype.arithmetic)
    }
  }

  public func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    let name = try binaryName("binaryScalar", op, x.dtype, isWide: isWide(count))
    try launch(name, .elements(count)) { arguments in
      arguments.slice(x, count)
      arguments.slice(y, count)
      arguments.count(count)
      arguments.scalar(scalar, x.dtype.arithmetic)
      arguments.flag(scalarFirst)
    }
  }

  public func compareScalar(
    _ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice
  ) throws {
    let name = try comparisonName("compareScalar", op, x.dtype, isWide: isWide(count))
    try launch(name, .elements(count)) { arguments in
      arguments.slice(x, count)
      arguments.slice(y, count)
      arguments.count(count)
      arguments.scalar(scalar, x.dtype.arithmetic)
    }
  }

  public func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard x.dtype != y.dtype else { return try copy(x, count: count, into: y) }
    let (from, to) = (try kernelType(of: x.dtype, for: .cast), try kernelType(of: y.dtype, for: .cast))
    let program = ProgramName(family: .conversion(from: x.dtype, to: y.dtype), isWide: isWide(count))
    try launch(KernelName(program: program, stem: "cast", operation: from, type: to), .elements(count)) { arguments in
      arguments.slice(x, count)
      arguments.slice(y, count)
      arguments.count(count)
    }
  }

  public func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {
    let type = try kernelType(of: y.dtype, for: .range)
    let program = ProgramName(.elementwiseSelection, of: y.dtype, isWide: isWide(count))
    try launch(KernelName(program: program, stem: "range", type: type), .elements(count)) { arguments in
      arguments.slice(y, count)
      arguments.count(count)
      arguments.scalar(start, y.dtype)
      arguments.scalar(step, y.dtype)
    }
  }

  func binaryName(_ stem: String, _ op: BinaryOp, _ dtype: DType, isWide: Bool) throws -> KernelName {
    guard op.accepts(dtype.arithmetic), computes(dtype.arithmetic) else { throw unsupported(op.name, dtype) }
    let program = ProgramName(.elementwiseBinary, of: dtype, isWide: isWide)
    return KernelName(program: program, stem: stem, operation: op.name, type: dtype.kernelType)
  }

  func comparisonName(_ stem: String, _ op: ComparisonOp, _ dtype: DType, isWide: Bool) throws -> KernelName {
    try require(.comparison, for: dtype.arithmetic)
    let program = ProgramName(.elementwiseComparison, of: dtype, isWide: isWide)
    return KernelName(program: program, stem: stem, operation: op.name, type: dtype.kernelType)
  }
}

extension UnaryOp.Kind {
  /// The kernel of the derivative; step functions share one.
  var gradientName: String { UnaryOp(self).gradientSource == .neither ? "zero" : name }

  /// The number of an activation that the kernels of layers can apply (`nn_activate` in `Activation.cl`); nil for
  /// other operations.
  var activation: Int32? { isActivation ? Int32(rawValue) + 1 : nil }

  /// Whether the operation is an activation that kernels of products and convolutions do not compute themselves.
  var isLongActivation: Bool { isActivation && self != .relu && self != .leakyReLU }
}
#endif

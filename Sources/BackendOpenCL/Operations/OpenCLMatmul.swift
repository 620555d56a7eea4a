#if OpenCL
internal import HostSystem

public import BackendCore

/// The matrix product, and its fusion with bias and activation.
extension OpenCLBackend {
  public func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    try require(.matmul, for: a.dtype)
    let product = Product(a: a, b: b, shape: shape, epilogue: EpilogueArgument(alpha: alpha, beta: beta))
    try run(product, into: c)
  }

  public func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.linear, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.linear(
        x, w, bias: bias, rows: rows, inputs: inputs, units: units, activation: activation, into: y,
        preActivation: preActivation)
    }
    let shape = MatmulShape(m: rows, n: units, k: inputs)
    var product = Product(a: x, b: w, shape: shape, bias: bias)
    product.epilogue.bias = bias == nil ? .none : .byColumn
    let code = activation.map { $0.kind.activation } ?? 0
    guard let code else {
      // No kernel has this function built in.
      let z = preActivation ?? y
      try run(product, into: z)
      return try unary(activation!, z, count: rows * units, into: y)
    }
    product.epilogue.activation = code
    product.epilogue.parameter = activation?.a ?? 0
    product.isActivationLong = activation?.kind.isLongActivation ?? false
    product.pre = preActivation
    product.epilogue.hasPreActivation = preActivation == nil ? 0 : 1
    try run(product, into: y)
  }

  /// Computes A·B with a given method, regardless of the table.
  func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, choice: MatmulChoice, into c: BufferSlice
  ) throws {
    try run(Product(a: a, b: b, shape: shape, choice: choice), into: c)
  }

  /// The method for products of float64, whose numbers take twice the memory of float32.
  private var choiceForDoubles: MatmulChoice {
    let panel = MatmulPanel(rows: 6, vectors: 1, depth: 256, packs: true)
    return MatmulChoice(variant: options.runsLoops ? .panels(panel) : .tiles(MatmulTile.all[1]), groups: 64)
  }

  private func run(_ product: Product, into c: BufferSlice) throws {
    guard product.shape.batch * product.shape.m * product.shape.n > 0 else { return }
    let product = product.turned
    let shape = product.shape
    let dtype = product.a.dtype
    let choice = product.choice ?? (dtype == .float64 ? choiceForDoubles : options.matmulTable[MatmulClass(shape)])
    let plan = MatmulPlan(shape, choice, computeUnits: device.computeUnits)
    let isWide = isWide(max(shape.m, shape.n, shape.k, shape.batch, shape.m * shape.n))
    let program = ProgramName(
      family: plan.variant.family, isWide: isWide, matmul: plan.variant, activates: product.isActivationLong,
      element: dtype)
    let count = shape.batch * shape.m * shape.n
    let target = plan.slices == 1 ? c : try temporary(plan.slices * count, dtype)
    try launch(KernelName(program: program, stem: product.kernelName(plan.variant)), plan.groups) { arguments in
      arguments.slice(product.a)
      arguments.slice(product.b)
      arguments.slice(product.bias ?? c)
      arguments.slice(target)
      arguments.slice(product.pre ?? c)
      arguments.count(shape.m)
      arguments.count(shape.n)
      arguments.count(shape.k)
      arguments.count(shape.batch)
      arguments.value(UInt64(shape.strideA))
      arguments.value(UInt64(shape.strideB))
      arguments.count(plan.slice)
      arguments.epilogue(product.epilogue, dtype)
    }
    guard plan.slices > 1 else { return }
    try launch(KernelName(program: program, stem: "matmulReduce"), .elements(count)) { arguments in
      arguments.slice(target)
      arguments.slice(product.bias ?? c)
      arguments.slice(c)
      arguments.slice(product.pre ?? c)
      arguments.count(count)
      arguments.count(shape.n)
      arguments.count(plan.slices)
      arguments.epilogue(product.epilogue, dtype)
    }
  }

  public func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?
  ) throws {
    try require(.linearGradient, for: dy.dtype)
    if dy.dtype == .float64 {
      return try composed.linearGradient(
        dy, saved: saved, activation: activation, rows: rows, units: units, dz: dz, dBias: dBias)
    }
    let shape = AxisShape(outer: 1, extent: rows, inner: units)
    guard let activation else {
      if let dBias { try reduce(.sum, dy, shape, into: dBias) }
      return
    }
    guard let dBias else {
      guard let dz else { return }
      return try unaryGradient(activation, dy, saved: saved ?? dy, count: rows * units, into: dz)
    }
    let dz = try dz ?? temporary(rows * units, .float32)
    guard activation.kind.activation != nil, rows > 0 else {
      try unaryGradient(activation, dy, saved: saved ?? dy, count: rows * units, into: dz)
      return try reduce(.sum, dz, shape, into: dBias)
    }
    try fusedLinearGradient(dy, saved: saved ?? dy, activation, rows: rows, units: units, dz: dz, dBias: dBias)
  }

  /// Both results in one pass over dy. A second kernel adds the partial sums of many rows.
  private func fusedLinearGradient(
    _ dy: BufferSlice, saved: BufferSlice, _ activation: UnaryOp, rows: Int, units: Int, dz: BufferSlice,
    dBias: BufferSlice
  ) throws {
    let columns = KernelConstants.gradientColumns(runsLoops: options.runsLoops)
    let groups = units.dividedRoundingUp(by: columns)
    let wanted = min(max(1024 / max(groups, 1), 1), rows.dividedRoundingUp(by: 128))
    let slice = rows.dividedRoundingUp(by: wanted)
    let slices = rows.dividedRoundingUp(by: slice)
    let sums = slices == 1 ? dBias : try temporary(slices * units, .float32)
    let program = ProgramName(family: .elementwiseGradient, isWide: isWide(rows * units))
    let name = KernelName(program: program, stem: "linearGradient", operation: activation.kind.name)
    try launch(name, WorkGroups(x: groups, y: slices, items: options.runsLoops ? 1 : WorkGroup.size)) { arguments in
      arguments.slice(dy)
      arguments.slice(saved)
      arguments.slice(dz)
      arguments.slice(sums)
      arguments.count(rows)
      arguments.count(units)
      arguments.count(slice)
      arguments.float(activation.a)
      arguments.float(activation.b)
    }
    if slices > 1 {
      try reduce(.sum, sums, AxisShape(outer: 1, extent: slices, inner: units), into: dBias)
    }
  }
}

/// A matrix product and its epilogue: activation(alpha·A·B + beta·C + bias). `pre` receives the value before the
/// activation.
private struct Product {
  var a, b: BufferSlice
  var shape: MatmulShape
  var epilogue = EpilogueArgument<Double>()
  var bias: BufferSlice?
  var pre: BufferSlice?
  var isActivationLong = false
  /// Overrides the table.
  var choice: MatmulChoice?

  /// The product of a matrix and a column as a product of a row and a matrix: (A·b)ᵀ = bᵀ·Aᵀ. A column has the same
  /// memory layout as a row.
  var turned: Product {
    guard shape.n == 1, shape.m > 1 else { return self }
    var turned = self
    (turned.a, turned.b) = (b, a)
    turned.shape = MatmulShape(
      batch: shape.batch, m: 1, n: shape.m, k: shape.k, transposesA: false, transposesB: !shape.transposesA,
      strideA: shape.strideB, strideB: shape.strideA)
    if epilogue.bias == .byColumn { turned.epilogue.bias = .forAll }
    return turned
  }

  func kernelName(_ variant: MatmulVariant) -> String {
    let names: InlineArray<4, String> =
      switch variant {
      case .tiles, .fragments: ["matmulNN", "matmulNT", "matmulTN", "matmulTT"]
      case .panels: ["matmulPanelsNN", "matmulPanelsNT", "matmulPanelsTN", "matmulPanelsTT"]
      case .rows: ["matmulRowsNN", "matmulRowsNT", "matmulRowsTN", "matmulRowsTT"]
      }
    return names[(shape.transposesA ? 2 : 0) + (shape.transposesB ? 1 : 0)]
  }
}

/// `epilogue_t` of `MatmulEpilogue.cl`, whose numbers have the element type.
private struct EpilogueArgument<Number: BinaryFloatingPoint & BitwiseCopyable>: BitwiseCopyable {
  enum Bias: Int32 { case none, byColumn, forAll }

  var alpha: Number = 1
  var beta: Number = 0
  var parameter: Number = 0
  var activation: Int32 = 0
  private var biasCode: Int32 = 0
  var hasPreActivation: Int32 = 0
  private let unused: Int32 = 0

  init(alpha: Number = 1, beta: Number = 0) {
    self.alpha = alpha
    self.beta = beta
  }

  /// Rounds the numbers of another argument.
  init(_ other: EpilogueArgument<Double>) {
    self.init(alpha: Number(other.alpha), beta: Number(other.beta))
    parameter = Number(other.parameter)
    (activation, biasCode, hasPreActivation) = (other.activation, other.bias.rawValue, other.hasPreActivation)
  }

  var bias: Bias {
    get { Bias(rawValue: biasCode)! }
    set { biasCode = newValue.rawValue }
  }
}

extension KernelArguments {
  fileprivate mutating func epilogue(_ argument: EpilogueArgument<Double>, _ dtype: DType) {
    if dtype == .float64 {
      value(argument)
    } else {
      value(EpilogueArgument<Float>(argument))
    }
  }
}
#endif

/// A device that computes: memory, about thirty primitives, and fused operations that have a default made of primitives.
///
/// The contract, the same for every call:
/// - Operands are `BufferSlice`s of this backend's own buffers. Every output has been allocated by the caller; shapes, element
///   types and ranges have been checked by the caller.
/// - A slice is dense and row-major from its offset on, unless the signature gives it a `Layout` or `Strides`.
/// - An output may be the same slice as an input in `unary`, `unaryGradient`, `binary`, `binaryScalar`, `select` and
///   `dropout` where both are dense; nowhere else.
/// - Calls take effect in the order they are made. They may return before the device has finished; only `download` and
///   `synchronize` wait. Any thread may call.
/// - Scalars cross as `Double` and are rounded once to the element type.
/// - Elements are never counted with fewer than 64 bits.
/// - The same call gives the same bits each time, whatever the number of threads.
public protocol Backend: AnyObject, Sendable {
  // MARK: Identity

  /// A name for people: "AMD EPYC 9B45", "NVIDIA H200".
  var name: String { get }
  /// A name for commands: "cpu", "opencl:0:1", "reference".
  var identifier: String { get }
  /// What the device is: a CPU, a GPU or something else.
  var kind: DeviceKind { get }
  /// True for element types that buffers of this backend may have; float32, int32 and bool are always among them.
  func supports(_ dtype: DType) -> Bool

  // MARK: Memory

  /// Memory for `count` elements, content undefined. A count of 0 is allowed.
  /// - Throws: `BackendError.outOfMemory` after what was cached has been given back and the allocation tried again.
  func allocate(count: Int, dtype: DType) throws -> Buffer
  /// Copies host bytes into a buffer; `source` may be freed when the call returns.
  func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws
  /// Waits for what was asked before, and copies `destination.count` bytes to the host.
  func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws
  /// Copies `count` elements between buffers of one type; the ranges do not overlap.
  func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws
  /// Sets `count` elements to one value.
  func fill(_ destination: BufferSlice, count: Int, with value: Double) throws
  /// Waits until everything asked before is done, and throws what went wrong since.
  func synchronize() throws
  /// Bytes that are in use and that are cached, now.
  func memoryStatistics() -> MemoryStatistics
  /// Bounds live and cached bytes together; what is cached is given back where needed.
  func setMemoryLimit(bytes: Int)
  /// Gives cached memory back to the system.
  func trimMemory()

  // MARK: Elementwise

  /// y[i] = op(x[i]).
  func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws
  /// dx[i] = dy[i] · op′, where `saved` is what `op.gradientSource` names. relu's derivative at 0 is 0, and so
  /// is magnitude's (PyTorch's choices); clamp's is 1 on the closed interval, bounds included (PyTorch has 0 there).
  func unaryGradient(_ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice) throws
  /// y[i] = op(a[i], b[i]); the layouts have one shape, that of the dense y.
  func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice)
    throws
  /// y[i] = op(x[i], scalar), or op(scalar, x[i]) when `scalarFirst`.
  func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice) throws
  /// y[i] = op(a[i], b[i]) as bool.
  func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice)
    throws
  /// y[i] = op(x[i], scalar) as bool.
  func compareScalar(_ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice) throws
  /// y[i] = condition[i] ? a[i] : b[i]; the layouts have one shape, that of the dense y.
  func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice) throws
  /// y[i] = x[i] in y's element type. To int32: towards zero, saturated, NaN gives 0. To bool: x ≠ 0.
  func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws
  /// y[i] = start + i·step.
  func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws

  // MARK: Strided copies

  /// y[index] = x[index] (or += when `accumulating`) over `shape`, each side with its own strides: permutations, slices,
  /// flips, broadcasts, concatenation, padding. The strides of y reach no element twice.
  func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool)
    throws

  // MARK: Reductions

  /// y[o, i] = the fold of x[o, ·, i].
  func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws
  /// y[o, i] = the position of the extreme of x[o, ·, i], as int32.
  func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws
  /// y[o, j, i] = Σ x[o, 0...j, i]; from the end when `reversed`: Σ x[o, j..., i].
  func cumulativeSum(_ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws
  /// Sorts each row of `[rows, columns]`; stable; NaN counts as larger than every number. `indices` (int32) get where each
  /// value stood; `values` may be nil when only the order is wanted.
  func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice) throws

  // MARK: Matrix product

  /// C = alpha·A·B + beta·C; with beta = 0, C is not read.
  func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice) throws

  // MARK: Indexing

  // An index below 0 or not below the extent reads as NaN (0 for int32 and bool) and is dropped by the scatters: kernels
  // cannot throw, and neither memory nor other results are touched.

  /// y[o, j, i] = x[o, indices[j], i] for j below `indexCount`.
  func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice) throws
  /// y[o, indices[j], i] += updates[o, j, i], in the order of j; `shape` is y's.
  func scatterAddRows(
    _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice, _ shape: AxisShape) throws
  /// y[o, j, i] = x[o, indices[o, j, i], i]; `indices` and y are `[outer, indexExtent, inner]`.
  func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice) throws
  /// y[o, indices[o, j, i], i] += updates[o, j, i], in the order of j; `shape` is y's.
  func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape) throws

  // MARK: Random numbers

  /// Draws `count` numbers; `RandomSource` says which.
  func random(_ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice) throws

  // MARK: Fused operations, with a default made of the primitives above

  /// y = activation(x·w + bias): x `[rows, inputs]`, w `[inputs, units]`, bias `[units]`, y `[rows, units]`. Where
  /// `preActivation` is given it gets x·w + bias.
  func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?) throws
  /// The first half of `linear`'s gradient: dz = dy · activation′(saved) (`[rows, units]`; may be the slice of dy) and
  /// dBias[u] = Σ dz[·, u]. Without an activation dz is not written. `saved` is what `activation.gradientSource` names.
  func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?) throws
  /// y[n, o, i, j] = activation(bias[o] + Σ x[n, c, i′, j′]·w[o, c, p, q]) over the channels c of the group of o and the window,
  /// with i′ and j′ as `WindowAxis` says, and x = 0 over padding: a cross-correlation, as in every framework. Where
  /// `preActivation` is given it gets the argument of the activation.
  func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?) throws
  /// The first half of `convolution`'s gradient: dz = dy · activation′(saved) (`[batch, channels, plane]`; may be the slice of dy)
  /// and dBias[c] = Σ dz[·, c, ·]. Without an activation dz is not written. `saved` is what `activation.gradientSource` names.
  func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?) throws
  /// dx from dy: each product of `convolution` passed back to its input. It is the transposed convolution too.
  func convolutionInputGradient(_ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice)
    throws
  /// dw from dy, or dw += it when `accumulating`.
  func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice) throws
  /// y[p, i, j] = op of the window. Where `indices` (int32, of y's shape) is given with `maximum`, it gets the position of the
  /// largest element in its plane: the first one, the first NaN before every number, −1 for a window over padding alone (whose
  /// maximum is −∞ and whose `mean` is 0).
  func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?) throws
  /// dx from dy; `maximum` needs the indices that `pool` gave for the same shape.
  func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice) throws
  /// A sequence of recurrent cells, each with the state that the one before has left: in each step the product h·U, added to
  /// the sums or beside them, then `recurrentCell`.
  func recurrence(_ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>) throws
  /// Its gradient, from the last step computed to the first; `operands` as `recurrence` left them. The gradient of U is one
  /// product over the whole sequence and the caller's business.
  func recurrenceGradient(
    _ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>, _ gradients: RecurrenceGradients<BufferSlice>
  ) throws
  /// One step: `RecurrentCell` has the formulas. Where the mask is false, the state stays as it was; gates are computed all
  /// the same.
  func recurrentCell(_ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int) throws
  /// Its gradient; `step` as `recurrentCell` left it. Where the mask is false, the gradients of the sums are 0 and those of
  /// the state go on as they are.
  func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int) throws
  /// Each row of `[rows, columns]`: eˣ/Σeˣ, or x − ln Σeˣ when `logarithmic`; the largest is subtracted first.
  func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws
  /// From the result y: dx = y·(dy − Σ dy·y), or dy − eʸ·Σ dy when `logarithmic`.
  func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice) throws
  /// Each row of x: (x − μ)·s·gain + shift, with s = 1/√(σ² + ε) and σ² the mean of (x − μ)²; μ is the mean where
  /// `shape.isCentred`, else 0. `gain` and `shift` are `[columns]`. Where `statistics` (`[2, rows]`) is given it gets every
  /// μ, then every s.
  func normalize(
    _ x: BufferSlice, gain: BufferSlice?, shift: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?) throws
  /// With x̂ = (x − μ)·s and g = dy·gain: dx = s·(g − mean(g) − x̂·mean(g·x̂)), without mean(g) where μ is not the mean;
  /// dGain = Σ dy·x̂ and dShift = Σ dy over the rows.
  func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, gain: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dGain: BufferSlice?, dShift: BufferSlice?) throws
  /// loss[r] = −Σ q·ln softmax(logits[r]), q = (1 − smoothing) at the label + smoothing/columns everywhere (PyTorch);
  /// labels are int32. A label equal to `ignoredLabel` gives loss 0 and gradient 0; any other label out of range gives NaN.
  /// Where `gradient` is given it gets gradientScale·(softmax(logits) − q).
  func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?) throws
  /// y[i] = x[i]·mask[i]/(1 − probability), where mask is the Bernoulli draw of `source` with probability
  /// 1 − `probability`. Applied to dy with the same source it is its own gradient. probability = 1 gives zeros.
  func dropout(_ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice) throws
  /// One step of an optimizer over `count` parameters, in place. `states` are as `OptimizerStep` lists them; `scalars` is
  /// the start of this group's `StepScalars`.
  func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice) throws
  /// y[0] = Σ x[i]², or y[0] += it when `accumulating`.
  func sumOfSquares(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws
  /// y[0] = min(1, maximumNorm/(√sumOfSquares[0] + 1e-6)): what gradients are scaled by to bound their norm (PyTorch's
  /// `clip_grad_norm_`); NaN stays NaN.
  func clipFactor(sumOfSquares: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws

  // MARK: Recording

  /// Runs `body`, which makes its calls on the backend that it is given, and returns what repeats them; nil when this backend
  /// keeps nothing, or when the calls cannot be repeated because `body` has read a result. The default is a `CallRecorder`.
  func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)?
}

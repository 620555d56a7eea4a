/// A compute device: memory, about thirty primitives, and fused operations with default implementations made of
/// primitives.
///
/// The contract is the same for every call:
/// - Operands are `BufferSlice`s of this backend's own buffers. The caller has allocated every output and has checked
///   shapes, element types, and ranges.
/// - A slice is dense and row-major starting at its offset, unless the signature gives it a `Layout` or `Strides`.
/// - An output may be the same slice as an input in `unary`, `unaryGradient`, `binary`, `binaryScalar`, `select`, and
///   `dropout` if both are dense, and nowhere else.
/// - Calls take effect in the order in which they are made. They may return before the device has finished; only
///   `download` and `synchronize` wait. Any thread may call.
/// - Scalars are passed as `Double` and rounded once to the element type; integer types truncate and saturate. An int64
///   scalar beyond 2⁵³ must therefore be a number that `Double` represents.
/// - Integers wrap around at the width of their type.
/// - Element counts use at least 64 bits.
/// - The same call gives bitwise identical results each time, regardless of the number of threads.
public protocol Backend: AnyObject, Sendable {
  // MARK: Identity

  /// A display name: "AMD EPYC 9B45", "NVIDIA H200".
  var name: String { get }
  /// A name for use in commands: "cpu", "opencl:0:1", "reference".
  var identifier: String { get }
  /// The kind of device: a CPU, a GPU, or something else.
  var kind: DeviceKind { get }
  /// Returns whether buffers of this backend can have this element type. float32, int32, and bool are always supported.
  /// A backend that supports another type moves and converts its elements: `OperationKind.accepts(_:)`.
  func supports(_ dtype: DType) -> Bool
  /// Returns whether operations that are defined for an element type compute with it. The default is `supports(_:)`. A
  /// backend that only stores float64 or int64 returns false for it. The types with fewer than 32 bits never reach a
  /// computing operation: `WidenedArithmetic` converts them.
  func computes(_ dtype: DType) -> Bool
  /// Returns whether this backend itself performs a computing operation on operands of which some are float16 or
  /// bfloat16: in float32, with one rounding for each result. The default is false. Where it is false, `WidenedArithmetic`
  /// converts the operands, so that the backend only sees float32.
  func computesHalves(_ operation: BackendOperation, _ operands: [BufferSlice?]) -> Bool
  /// The version of this contract that the backend fulfills, its limits, and what else its users may rely on. By default,
  /// version 1 without limits.
  var capabilities: BackendCapabilities { get }

  // MARK: Memory

  /// Allocates memory for `count` elements with undefined content. The count can be 0.
  /// - Throws: `BackendError.outOfMemory` if the allocation fails again after the cached memory has been released.
  func allocate(count: Int, dtype: DType) throws -> Buffer
  /// Copies host bytes into a buffer. `source` can be freed when the call returns.
  func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws
  /// Waits for all earlier calls, and copies `destination.count` bytes to the host.
  func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws
  /// Copies `count` elements between buffers of the same element type. The ranges must not overlap.
  func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws
  /// Sets `count` elements to one value.
  func fill(_ destination: BufferSlice, count: Int, with value: Double) throws
  /// Waits for all earlier calls, and throws the errors that have occurred since the last wait.
  func synchronize() throws
  /// Returns the number of bytes currently in use and cached.
  func memoryStatistics() -> MemoryStatistics
  /// Limits the sum of live and cached bytes. Cached memory is released where necessary.
  func setMemoryLimit(bytes: Int)
  /// Returns cached memory to the system.
  func trimMemory()

  // MARK: Elementwise

  /// y[i] = op(x[i]).
  func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws
  /// dx[i] = dy[i] · op′, where `saved` is the value that `op.gradientSource` names. The derivatives of relu and
  /// magnitude are 0 at 0 (as in PyTorch). The derivative of clamp is 1 on the closed interval, bounds included
  /// (PyTorch has 0 there). At NaN, the derivatives of clamp and magnitude are 0, and the derivative of relu is 1 (as
  /// in PyTorch). Where clamp or relu is constant, dx is 0 for every dy, even NaN. The same holds for the step
  /// functions.
  func unaryGradient(_ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice) throws
  /// y[i] = op(a[i], b[i]). Both layouts have the shape of the dense y.
  func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice)
    throws
  /// y[i] = op(x[i], scalar), or op(scalar, x[i]) if `scalarFirst`.
  func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice) throws
  /// y[i] = op(a[i], b[i]) as bool.
  func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice)
    throws
  /// y[i] = op(x[i], scalar) as bool.
  func compareScalar(_ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice) throws
  /// y[i] = condition[i] ? a[i] : b[i]. All layouts have the shape of the dense y.
  func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice) throws
  /// y[i] = x[i] in y's element type. From floating point to integers: rounds toward zero and saturates; NaN gives 0. From
  /// integers to integers: keeps the low bits (wraps around). To bool: x ≠ 0. To floating point: rounds once to the nearest
  /// number, ties to even; in float16 and bfloat16, denormal numbers are kept, numbers beyond the largest one by half a
  /// unit in its last place become infinity, and NaN a quiet NaN.
  func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws
  /// y[i] = start + i·step.
  func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws

  // MARK: Strided copies

  /// y[index] = x[index] (or += if `accumulating`) over `shape`, each side with its own strides: permutations, slices,
  /// flips, broadcasts, concatenation, padding. The strides of y must not reach any element twice.
  func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool)
    throws

  // MARK: Reductions

  /// y[o, i] = the reduction of x[o, ·, i].
  func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws
  /// y[o, i] = the position of the maximum or minimum of x[o, ·, i], as int32.
  /// - Throws: `BackendError.tooManyPositions` for more than 2³¹ elements along the axis, like `sort` and `pool` with
  ///   indices.
  func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws
  /// y[o, j, i] = the reduction of x[o, 0...j, i], or of x[o, j..., i] (from the end) if `reversed`.
  func scan(_ op: ScanOp, _ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) throws
  /// Sorts each row of `[rows, columns]`. The sort is stable; NaN counts as larger than every number. `indices` (int32)
  /// receives the original position of each value; `values` may be nil if only the order is needed.
  func sort(
    _ x: BufferSlice, rows: Int, columns: Int, descending: Bool, values: BufferSlice?, indices: BufferSlice) throws

  // MARK: Matrix product

  /// C = alpha·A·B + beta·C. If beta = 0, C is not read.
  func matmul(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice) throws

  // MARK: Indexing

  // An index that is negative or not below the extent reads as NaN (0 for integers and bool), and the scatters ignore it:
  // kernels cannot throw, and neither memory nor other results are affected.

  /// y[o, j, i] = x[o, indices[j], i] for j below `indexCount`.
  func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice) throws
  /// Combines y[o, indices[j], i] with updates[o, j, i], in the order of j. `shape` is the shape of y.
  func scatterRows(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws
  /// y[o, j, i] = x[o, indices[o, j, i], i]; `indices` and y are `[outer, indexExtent, inner]`.
  func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice) throws
  /// Combines y[o, indices[o, j, i], i] with updates[o, j, i], in the order of j. `shape` is the shape of y.
  func scatterElements(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws

  // MARK: Random numbers

  /// Draws `count` numbers at the position in the sequence given by the `RandomSource`.
  func random(_ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice) throws

  // MARK: Fused operations, with default implementations made of the primitives above

  /// y = activation(x·w + bias): x `[rows, inputs]`, w `[inputs, units]`, bias `[units]`, y `[rows, units]`.
  /// `preActivation`, if given, receives x·w + bias.
  func linear(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, rows: Int, inputs: Int, units: Int, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?) throws
  /// The first half of the gradient of `linear`: dz = dy · activation′(saved) (`[rows, units]`; may be the slice of dy)
  /// and dBias[u] = Σ dz[·, u]. Without an activation, dz is not written. `saved` is the value that
  /// `activation.gradientSource` names.
  func linearGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, rows: Int, units: Int, dz: BufferSlice?,
    dBias: BufferSlice?) throws
  /// y[n, o, i, j] = activation(bias[o] + Σ x[n, c, i′, j′]·w[o, c, p, q]), summed over the channels c of the group of
  /// o and the window, with i′ and j′ as defined by `WindowAxis`, and x = 0 over padding. This is a cross-correlation,
  /// as in every framework. `preActivation`, if given, receives the argument of the activation.
  func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?) throws
  /// The first half of the gradient of `convolution`: dz = dy · activation′(saved) (`[batch, channels, plane]`; may be
  /// the slice of dy) and dBias[c] = Σ dz[·, c, ·]. Without an activation, dz is not written. `saved` is the value that
  /// `activation.gradientSource` names.
  func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?) throws
  /// dx from dy: each product of `convolution` passed back to its input. This is also the transposed convolution.
  func convolutionInputGradient(_ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice)
    throws
  /// dw from dy, or dw += the gradient if `accumulating`.
  func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice) throws
  /// y[p, i, j] = op of the window. With `maximum`, `indices` (int32, of y's shape), if given, receives the position of
  /// the largest element in its plane. The first one wins, and the first NaN wins over every number. The index is −1
  /// for a window that covers only padding (whose maximum is −∞ and whose `mean` is 0).
  func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?) throws
  /// dx from dy. `maximum` requires the indices that `pool` computed for the same shape.
  func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice) throws
  /// Computes a sequence of recurrent cells, each starting from the state of the previous one. Each step computes the
  /// product h·U, added to the sums or kept separate from them, and then `recurrentCell`.
  func recurrence(_ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>) throws
  /// Computes the gradient of `recurrence`, from the last computed step to the first, with `operands` as `recurrence`
  /// left them. The caller computes the gradient of U, which is one product over the whole sequence.
  func recurrenceGradient(
    _ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>, _ gradients: RecurrenceGradients<BufferSlice>
  ) throws
  /// Computes one step; see `RecurrentCell` for the formulas. Where the mask is false, the state does not change, but
  /// gates are computed nevertheless.
  func recurrentCell(_ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int) throws
  /// Computes the gradient of `recurrentCell`, with `step` as `recurrentCell` left it. Where the mask is false, the
  /// gradients of the sums are 0, and the gradients of the state pass through unchanged.
  func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int) throws
  /// For each row of `[rows, columns]`: eˣ/Σeˣ, or x − ln Σeˣ if `logarithmic`. The largest value is subtracted first.
  func softmax(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) throws
  /// From the result y: dx = y·(dy − Σ dy·y), or dy − eʸ·Σ dy if `logarithmic`.
  func softmaxGradient(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice) throws
  /// For each row of x: (x − μ)·s·weight + bias, with s = 1/√(σ² + ε) and σ² the mean of (x − μ)². μ is the mean if
  /// `shape.isCentered`, else 0. `weight` and `bias` are `[columns]`. `statistics` (`[2, rows]`), if given, receives
  /// every μ, then every s.
  func normalize(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?) throws
  /// With x̂ = (x − μ)·s and g = dy·weight: dx = s·(g − mean(g) − x̂·mean(g·x̂)), without mean(g) if μ is not the mean;
  /// dWeight = Σ dy·x̂ and dBias = Σ dy over the rows.
  func normalizeGradient(
    _ dy: BufferSlice, _ x: BufferSlice, weight: BufferSlice?, statistics: BufferSlice, _ shape: NormalizationShape,
    into dx: BufferSlice, dWeight: BufferSlice?, dBias: BufferSlice?) throws
  /// loss[r] = −Σ q·ln softmax(logits[r]), with q = (1 − smoothing) at the label + smoothing/columns everywhere (as in
  /// PyTorch). Labels are int32. A label equal to `ignoredLabel` gives loss 0 and gradient 0; any other label out of
  /// range gives NaN. `gradient`, if given, receives gradientScale·(softmax(logits) − q).
  func softmaxCrossEntropy(
    _ logits: BufferSlice, labels: BufferSlice, rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?,
    gradientScale: Double, loss: BufferSlice, gradient: BufferSlice?) throws
  /// y[i] = x[i]·mask[i]/(1 − probability), where mask is the Bernoulli draw of `source` with probability
  /// 1 − `probability`. Applied to dy with the same source, it computes its own gradient. probability = 1 gives zeros.
  func dropout(_ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice) throws
  /// Performs one optimizer step over `count` parameters, in place. `states` are in the order listed in
  /// `OptimizerStep`. `scalars` is the start of this group's `StepScalars`.
  func optimizerStep(
    _ step: OptimizerStep, parameters: BufferSlice, gradients: BufferSlice, states: [BufferSlice], count: Int,
    scalars: BufferSlice) throws
  /// y[0] = √Σ x[i]², including y[0] itself in the sum if `accumulating`. The result overflows only if the root itself
  /// does. Numbers whose squares underflow may count as 0.
  func norm(_ x: BufferSlice, count: Int, accumulating: Bool, into y: BufferSlice) throws
  /// y[0] = min(1, maximumNorm/(norm[0] + 1e-6)): the factor that scales gradients to limit their norm (PyTorch's
  /// `clip_grad_norm_`). NaN stays NaN.
  func clipFactor(norm: BufferSlice, maximumNorm: Double, into y: BufferSlice) throws

  // MARK: Recording

  /// Runs `body`, which makes its calls on the backend passed to it, and returns a recording that repeats them. Returns
  /// nil if this backend does not record, or if the calls cannot be repeated because `body` has read a result. The
  /// default implementation uses a `CallRecorder`.
  func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)?
}

/// The abilities and limits of a backend, next to its element types.
///
/// `Backend` only gets new requirements that have default implementations, and this type only gets new properties that
/// have defaults, so that a backend for an earlier version of the contract remains one.
public struct BackendCapabilities: Sendable, Hashable {
  /// The version of the contract that the documentation of `Backend` describes.
  public static let currentVersion = 1

  /// The version of the contract for which the backend was written. Behavior that a later version requires is not
  /// expected of it.
  public var version: Int
  /// The size of the largest buffer in bytes.
  public var largestBufferBytes: Int
  /// Whether every call has finished when it returns, so that the host reads a result without waiting.
  public var isSynchronous: Bool

  /// Creates the capabilities of a backend; the defaults promise nothing.
  public init(version: Int, largestBufferBytes: Int = .max, isSynchronous: Bool = false) {
    self.version = version
    self.largestBufferBytes = largestBufferBytes
    self.isSynchronous = isSynchronous
  }
}

extension Backend {
  public var capabilities: BackendCapabilities { BackendCapabilities(version: 1) }
  public func computesHalves(_ operation: BackendOperation, _ operands: [BufferSlice?]) -> Bool { false }
  public func computes(_ dtype: DType) -> Bool { supports(dtype) }
}

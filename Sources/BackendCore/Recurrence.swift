/// What a recurrent layer computes in each step: from a sum x·W + b of the input, and from the state h (and c) before it. The
/// formulas and the order of the gates are PyTorch's; σ is the sigmoid.
@frozen
public enum RecurrentCell: Sendable, Hashable, CaseIterable {
  /// h′ = tanh(x·W + b + h·U).
  case simple
  /// With the gates (i, f, g, o) = (σ, σ, tanh, σ)(x·W + b + h·U): c′ = f·c + i·g, h′ = o·tanh(c′).
  case lstm
  /// Reset after the product: with (r, z) = σ(x·W + b + h·U + d) and q = h·U + d of the last third,
  /// n = tanh(x·W + b + r·q), h′ = n + z·(h − n).
  case gru

  /// How many times the units the sums are wide.
  @inlinable public var gateCount: Int {
    switch self {
    case .simple: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  /// True where the state has a second part, c.
  @inlinable public var hasCellState: Bool { self == .lstm }
  /// True where h·U stays apart from the sums of the input.
  @inlinable public var separatesRecurrentSums: Bool { self == .gru }
}

/// The extents of a sequence of cells.
@frozen
public struct RecurrenceShape: Sendable, Hashable {
  public var cell: RecurrentCell
  public var steps, batch, units: Int
  /// From the last step to the first.
  public var isReversed: Bool

  @inlinable public init(_ cell: RecurrentCell, steps: Int, batch: Int, units: Int, isReversed: Bool = false) {
    self.cell = cell
    self.steps = steps
    self.batch = batch
    self.units = units
    self.isReversed = isReversed
  }

  /// The width of the sums.
  @inlinable public var gates: Int { cell.gateCount * units }
  /// The elements of h, and of the sums, of one step.
  @inlinable public var stateCount: Int { batch * units }
  @inlinable public var sumCount: Int { batch * gates }

  /// The place in the sequence of what is computed as number `index`.
  @inlinable public func place(_ index: Int) -> Int { isReversed ? steps - 1 - index : index }
}

/// The operands of a sequence of cells, all dense. `Slice` is `BufferSlice`, or what a recorder keeps of one.
@frozen
public struct RecurrenceOperands<Slice> {
  /// U, `[units, gates]`.
  public var weight: Slice
  /// d, `[gates]`, where recurrent sums stay apart.
  public var recurrentBias: Slice?
  /// The state before the sequence, `[batch, units]`; nil for zeros.
  public var initialHidden, initialCell: Slice?
  /// Bool `[steps, batch]`; false where the state stays as it is. Nil: true everywhere.
  public var mask: Slice?
  /// `[steps, batch, gates]`. Before: x·W + b. After: what the gradient needs (`RecurrentStep.gates`).
  public var gates: Slice
  /// `[steps, batch, gates]`, where recurrent sums stay apart: h·U, the last third with d added.
  public var recurrent: Slice?
  /// Results: h of each step, `[steps, batch, units]`, and c.
  public var hidden: Slice
  public var cells: Slice?

  @inlinable public init(
    weight: Slice, recurrentBias: Slice? = nil, initialHidden: Slice? = nil, initialCell: Slice? = nil,
    mask: Slice? = nil, gates: Slice, recurrent: Slice? = nil, hidden: Slice, cells: Slice? = nil
  ) {
    self.weight = weight
    self.recurrentBias = recurrentBias
    self.initialHidden = initialHidden
    self.initialCell = initialCell
    self.mask = mask
    self.gates = gates
    self.recurrent = recurrent
    self.hidden = hidden
    self.cells = cells
  }

  /// The same operands in another form.
  @inlinable public func map<Other>(_ transform: (Slice) -> Other) -> RecurrenceOperands<Other> {
    RecurrenceOperands<Other>(
      weight: transform(weight), recurrentBias: recurrentBias.map(transform),
      initialHidden: initialHidden.map(transform), initialCell: initialCell.map(transform),
      mask: mask.map(transform), gates: transform(gates), recurrent: recurrent.map(transform),
      hidden: transform(hidden), cells: cells.map(transform))
  }
}

/// The gradients of a sequence of cells, all dense.
@frozen
public struct RecurrenceGradients<Slice> {
  /// That of h as a result, `[steps, batch, units]`; nil for zero.
  public var outputs: Slice?
  /// `[batch, units]`. Before: what is added to the gradient of the last h and c. After: the gradients of the state before
  /// the sequence, if `reachesInitialState`; else undefined.
  public var hidden: Slice
  public var cell: Slice?
  /// Result: that of the sums x·W + b, `[steps, batch, gates]`; may be the slice of the operand `gates`.
  public var gates: Slice
  /// Result, where recurrent sums stay apart: that of h·U + d; may be the slice of the operand `recurrent`.
  public var recurrent: Slice?
  /// True where the gradient of the state before the sequence is wanted.
  public var reachesInitialState: Bool

  @inlinable public init(
    outputs: Slice?, hidden: Slice, cell: Slice? = nil, gates: Slice, recurrent: Slice? = nil,
    reachesInitialState: Bool
  ) {
    self.outputs = outputs
    self.hidden = hidden
    self.cell = cell
    self.gates = gates
    self.recurrent = recurrent
    self.reachesInitialState = reachesInitialState
  }

  /// The same gradients in another form.
  @inlinable public func map<Other>(_ transform: (Slice) -> Other) -> RecurrenceGradients<Other> {
    RecurrenceGradients<Other>(
      outputs: outputs.map(transform), hidden: transform(hidden), cell: cell.map(transform), gates: transform(gates),
      recurrent: recurrent.map(transform), reachesInitialState: reachesInitialState)
  }
}

/// The operands of one cell, all dense.
@frozen
public struct RecurrentStep<Slice> {
  /// `[batch, gates]`. Before: the sums; with h·U, but where recurrent sums stay apart. After: the gates (i, f, g, o) or
  /// (r, z, n); the sums as they were for `simple`.
  public var gates: Slice
  /// `[batch, gates]`, where recurrent sums stay apart: h·U. After: q in the last third, the others as they were.
  public var recurrent: Slice?
  /// d, `[gates]`, where recurrent sums stay apart.
  public var recurrentBias: Slice?
  /// Bool `[batch]`; false where the state stays as it is.
  public var mask: Slice?
  /// The state before, `[batch, units]`; nil for zeros.
  public var previousHidden, previousCell: Slice?
  /// Results: the state after.
  public var hidden: Slice
  public var cell: Slice?

  @inlinable public init(
    gates: Slice, recurrent: Slice? = nil, recurrentBias: Slice? = nil, mask: Slice? = nil,
    previousHidden: Slice? = nil, previousCell: Slice? = nil, hidden: Slice, cell: Slice? = nil
  ) {
    self.gates = gates
    self.recurrent = recurrent
    self.recurrentBias = recurrentBias
    self.mask = mask
    self.previousHidden = previousHidden
    self.previousCell = previousCell
    self.hidden = hidden
    self.cell = cell
  }

  /// The same operands in another form.
  @inlinable public func map<Other>(_ transform: (Slice) -> Other) -> RecurrentStep<Other> {
    RecurrentStep<Other>(
      gates: transform(gates), recurrent: recurrent.map(transform), recurrentBias: recurrentBias.map(transform),
      mask: mask.map(transform), previousHidden: previousHidden.map(transform),
      previousCell: previousCell.map(transform), hidden: transform(hidden), cell: cell.map(transform))
  }
}

/// The gradients of one cell, all dense.
@frozen
public struct RecurrentStepGradients<Slice> {
  /// That of h as a result of this step, `[batch, units]`; nil for zero.
  public var output: Slice?
  /// `[batch, units]`. Before: that of h from the step after, to which `output` is added. After: the part of the gradient of
  /// the h before that does not go through h·U.
  public var hidden: Slice
  /// `[batch, units]`. Before: that of c from the step after. After: that of the c before.
  public var cell: Slice?
  /// Results: those of the sums; may be the slices of the operands.
  public var gates: Slice
  public var recurrent: Slice?

  @inlinable public init(output: Slice?, hidden: Slice, cell: Slice? = nil, gates: Slice, recurrent: Slice? = nil) {
    self.output = output
    self.hidden = hidden
    self.cell = cell
    self.gates = gates
    self.recurrent = recurrent
  }

  /// The same gradients in another form.
  @inlinable public func map<Other>(_ transform: (Slice) -> Other) -> RecurrentStepGradients<Other> {
    RecurrentStepGradients<Other>(
      output: output.map(transform), hidden: transform(hidden), cell: cell.map(transform), gates: transform(gates),
      recurrent: recurrent.map(transform))
  }
}

extension RecurrenceOperands: Sendable where Slice: Sendable {}
extension RecurrenceGradients: Sendable where Slice: Sendable {}
extension RecurrentStep: Sendable where Slice: Sendable {}
extension RecurrentStepGradients: Sendable where Slice: Sendable {}

/// An operand of which a part can be named.
public protocol Advancing {
  /// What begins as many elements later.
  func advanced(by elements: Int) -> Self
}

extension BufferSlice: Advancing {}

extension RecurrenceOperands where Slice: Advancing {
  /// The operands of what is computed as number `index`.
  @inlinable public func step(_ index: Int, _ shape: RecurrenceShape) -> RecurrentStep<Slice> {
    let place = shape.place(index)
    let (states, sums) = (place * shape.stateCount, place * shape.sumCount)
    var step = RecurrentStep(
      gates: gates.advanced(by: sums), recurrent: recurrent?.advanced(by: sums), recurrentBias: recurrentBias,
      mask: mask?.advanced(by: place * shape.batch), previousHidden: initialHidden, previousCell: initialCell,
      hidden: hidden.advanced(by: states), cell: cells?.advanced(by: states))
    if index > 0 {
      let previous = shape.place(index - 1) * shape.stateCount
      step.previousHidden = hidden.advanced(by: previous)
      step.previousCell = cells?.advanced(by: previous)
    }
    return step
  }
}

extension RecurrenceGradients where Slice: Advancing {
  /// The gradients of what has been computed as number `index`.
  @inlinable public func step(_ index: Int, _ shape: RecurrenceShape) -> RecurrentStepGradients<Slice> {
    let place = shape.place(index)
    let (states, sums) = (place * shape.stateCount, place * shape.sumCount)
    return RecurrentStepGradients(
      output: outputs?.advanced(by: states), hidden: hidden, cell: cell, gates: gates.advanced(by: sums),
      recurrent: recurrent?.advanced(by: sums))
  }
}

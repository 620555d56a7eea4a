/// The computation of a recurrent layer in each step, from a sum x·W + b of the input and from the previous state h
/// (and c). The formulas and the order of the gates match PyTorch; σ is the sigmoid.
@frozen
public enum RecurrentCell: Sendable, Hashable, CaseIterable {
  /// h′ = tanh(x·W + b + h·U).
  case simple
  /// With the gates (i, f, g, o) = (σ, σ, tanh, σ)(x·W + b + h·U): c′ = f·c + i·g, h′ = o·tanh(c′).
  case lstm
  /// Reset after the product: with (r, z) = σ(x·W + b + h·U + d) and, in the last third, q = h·U + d,
  /// n = tanh(x·W + b + r·q), h′ = n + z·(h − n).
  case gru

  /// The width of the sums as a multiple of the units.
  @inlinable public var gateCount: Int {
    switch self {
    case .simple: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  /// Whether the state has a second part, c.
  @inlinable public var hasCellState: Bool { self == .lstm }
  /// Whether h·U is kept separate from the sums of the input.
  @inlinable public var separatesRecurrentSums: Bool { self == .gru }
}

/// The shape of a sequence of cells.
@frozen
public struct RecurrenceShape: Sendable, Hashable {
  public var cell: RecurrentCell
  public var steps, batch, units: Int
  /// Whether the steps run from the last to the first.
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
  /// The number of elements of h, and of the sums, in one step.
  @inlinable public var stateCount: Int { batch * units }
  @inlinable public var sumCount: Int { batch * gates }

  /// Returns the position in the sequence of computed step `index`.
  @inlinable public func place(_ index: Int) -> Int { isReversed ? steps - 1 - index : index }
}

/// The operands of a sequence of cells, all dense. `Slice` is `BufferSlice` or the form in which a recorder stores one.
@frozen
public struct RecurrenceOperands<Slice> {
  /// U, `[units, gates]`.
  public var weight: Slice
  /// d, `[gates]`, if recurrent sums are separate.
  public var recurrentBias: Slice?
  /// The state before the sequence, `[batch, units]`; nil for zeros.
  public var initialHidden, initialCell: Slice?
  /// Bool `[steps, batch]`; false where the state does not change. Nil: true everywhere.
  public var mask: Slice?
  /// `[steps, batch, gates]`. Before: x·W + b. After: the values that the gradient needs (`RecurrentStep.gates`).
  public var gates: Slice
  /// `[steps, batch, gates]`, if recurrent sums are separate: h·U, the last third with d added.
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

  /// Returns the same operands in another form.
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
  /// The gradient of h as a result, `[steps, batch, units]`; nil for zero.
  public var outputs: Slice?
  /// `[batch, units]`. Before: the values added to the gradient of the last h and c. After: the gradients of the state
  /// before the sequence if `reachesInitialState`; else undefined.
  public var hidden: Slice
  public var cell: Slice?
  /// Result: the gradient of the sums x·W + b, `[steps, batch, gates]`; may be the slice of the operand `gates`.
  public var gates: Slice
  /// Result, if recurrent sums are separate: the gradient of h·U + d; may be the slice of the operand `recurrent`.
  public var recurrent: Slice?
  /// Whether to compute the gradient of the state before the sequence.
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

  /// Returns the same gradients in another form.
  @inlinable public func map<Other>(_ transform: (Slice) -> Other) -> RecurrenceGradients<Other> {
    RecurrenceGradients<Other>(
      outputs: outputs.map(transform), hidden: transform(hidden), cell: cell.map(transform), gates: transform(gates),
      recurrent: recurrent.map(transform), reachesInitialState: reachesInitialState)
  }
}

/// The operands of one cell, all dense.
@frozen
public struct RecurrentStep<Slice> {
  /// `[batch, gates]`. Before: the sums, including h·U unless recurrent sums are separate. After: the gates (i, f, g,
  /// o) or (r, z, n); unchanged sums for `simple`.
  public var gates: Slice
  /// `[batch, gates]`, if recurrent sums are separate: h·U. After: q in the last third, the others unchanged.
  public var recurrent: Slice?
  /// d, `[gates]`, if recurrent sums are separate.
  public var recurrentBias: Slice?
  /// Bool `[batch]`; false where the state does not change.
  public var mask: Slice?
  /// The previous state, `[batch, units]`; nil for zeros.
  public var previousHidden, previousCell: Slice?
  /// Results: the new state.
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

  /// Returns the same operands in another form.
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
  /// The gradient of h as a result of this step, `[batch, units]`; nil for zero.
  public var output: Slice?
  /// `[batch, units]`. Before: the gradient of h from the following step, to which `output` is added. After: the part
  /// of the gradient of the previous h that does not pass through h·U.
  public var hidden: Slice
  /// `[batch, units]`. Before: the gradient of c from the following step. After: the gradient of the previous c.
  public var cell: Slice?
  /// Results: the gradients of the sums; may be the slices of the operands.
  public var gates: Slice
  public var recurrent: Slice?

  @inlinable public init(output: Slice?, hidden: Slice, cell: Slice? = nil, gates: Slice, recurrent: Slice? = nil) {
    self.output = output
    self.hidden = hidden
    self.cell = cell
    self.gates = gates
    self.recurrent = recurrent
  }

  /// Returns the same gradients in another form.
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

/// An operand that can be advanced to a later element.
public protocol Advancing {
  /// Returns the operand that starts the given number of elements later.
  func advanced(by elements: Int) -> Self
}

extension BufferSlice: Advancing {}

extension RecurrenceOperands where Slice: Advancing {
  /// Returns the operands of computed step `index`.
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
  /// Returns the gradients of computed step `index`.
  @inlinable public func step(_ index: Int, _ shape: RecurrenceShape) -> RecurrentStepGradients<Slice> {
    let place = shape.place(index)
    let (states, sums) = (place * shape.stateCount, place * shape.sumCount)
    return RecurrentStepGradients(
      output: outputs?.advanced(by: states), hidden: hidden, cell: cell, gates: gates.advanced(by: sums),
      recurrent: recurrent?.advanced(by: sums))
  }
}

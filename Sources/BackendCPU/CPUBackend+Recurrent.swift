internal import HostSystem
import BackendCore
import CPUKernels

/// Recurrent cells, and whole sequences of them: each thread processes some rows of the batch through all steps, so
/// that threads never wait for each other between steps. Weights are packed once per sequence.
extension CPUBackend {
  public func recurrentCell(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, batch: Int, units: Int
  ) throws {
    try require(.recurrentCell, for: step.gates.dtype)
    if step.gates.dtype == .float64 { return try composed.recurrentCell(cell, step, batch: batch, units: units) }
    let (addresses, kernels) = (step.map { Address($0) }, kernels)
    parallel(batch, grain: max(1, Grain.heavy / max(1, cell.gateCount * units)), unit: 1) { rows in
      addresses.compute(kernels, cell, rows, units: units)
    }
  }

  public func recurrentCellGradient(
    _ cell: RecurrentCell, _ step: RecurrentStep<BufferSlice>, _ gradients: RecurrentStepGradients<BufferSlice>,
    batch: Int, units: Int
  ) throws {
    try require(.recurrentCellGradient, for: step.gates.dtype)
    if step.gates.dtype == .float64 {
      return try composed.recurrentCellGradient(cell, step, gradients, batch: batch, units: units)
    }
    let (addresses, gradientAddresses, kernels) = (step.map { Address($0) }, gradients.map { Address($0) }, kernels)
    parallel(batch, grain: max(1, Grain.heavy / max(1, cell.gateCount * units)), unit: 1) { rows in
      addresses.computeGradient(kernels, cell, gradientAddresses, rows, units: units)
    }
  }

  public func recurrence(_ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>) throws {
    try require(.recurrence, for: operands.gates.dtype)
    if operands.gates.dtype == .float64 { return try composed.recurrence(shape, operands) }
    let (addresses, kernels) = (operands.map { Address($0) }, kernels)
    let weight = PackedWeight(kernels, rows: shape.units, columns: shape.gates)
    try withScratch(weight.count, of: Float.self) { panels in
      weight.pack(addresses.weight.floats, into: panels)
      parallelRows(shape) { rows in
        for index in 0..<shape.steps {
          let step = addresses.step(index, shape)
          let sums = (step.recurrent ?? step.gates).floats
          let isApart = step.recurrent != nil
          if let hidden = step.previousHidden {
            weight.multiply(hidden.floats, panels, beta: isApart ? 0 : 1, into: sums, rows)
          } else if isApart {
            (sums + rows.lowerBound * shape.gates).update(repeating: 0, count: rows.count * shape.gates)
          }
          step.compute(kernels, shape.cell, rows, units: shape.units)
        }
      }
    }
  }

  public func recurrenceGradient(
    _ shape: RecurrenceShape, _ operands: RecurrenceOperands<BufferSlice>, _ gradients: RecurrenceGradients<BufferSlice>
  ) throws {
    try require(.recurrenceGradient, for: operands.gates.dtype)
    if operands.gates.dtype == .float64 { return try composed.recurrenceGradient(shape, operands, gradients) }
    let (addresses, kernels) = (operands.map { Address($0) }, kernels)
    let gradientAddresses = gradients.map { Address($0) }
    let weight = PackedWeight(kernels, rows: shape.gates, columns: shape.units)
    try withScratch(weight.count, of: Float.self) { panels in
      weight.packTransposed(addresses.weight.floats, into: panels)
      parallelRows(shape) { rows in
        for index in (0..<shape.steps).reversed() {
          let stepGradients = gradientAddresses.step(index, shape)
          addresses.step(index, shape).computeGradient(kernels, shape.cell, stepGradients, rows, units: shape.units)
          if index > 0 || gradientAddresses.reachesInitialState {
            let sums = (stepGradients.recurrent ?? stepGradients.gates).floats
            weight.multiply(sums, panels, beta: 1, into: gradientAddresses.hidden.floats, rows)
          }
        }
      }
    }
  }

  /// Divides the rows of a batch among threads: each thread gets enough rows for fast products and enough work, as long
  /// as there is work for every thread.
  private func parallelRows(_ shape: RecurrenceShape, _ body: (Range<Int>) -> Void) {
    let operations = 2 * shape.units * shape.gates * shape.steps
    let worthwhile = (1 << 18) / max(operations, 1)
    let fair = min(max(shape.batch / pool.threadCount, 4), 16)
    parallel(shape.batch, grain: max(worthwhile, fair), unit: 1, body)
  }
}

/// A weight matrix packed into strips of columns.
private struct PackedWeight {
  nonisolated(unsafe) let kernels: UnsafePointer<nn_cpu_kernels>
  let rows, columns: Int

  init(_ kernels: UnsafePointer<nn_cpu_kernels>, rows: Int, columns: Int) {
    self.kernels = kernels
    self.rows = rows
    self.columns = columns
  }

  private var strip: Int { kernels.pointee.strip }
  /// The number of floats in the packed strips; the last strip has the full width.
  var count: Int { columns.roundedUp(toMultipleOf: strip) * rows }

  private func forEachStrip(_ body: (_ first: Int, _ width: Int) -> Void) {
    for first in stride(from: 0, to: columns, by: strip) { body(first, min(strip, columns - first)) }
  }

  /// Packs a `[rows, columns]` matrix.
  func pack(_ weight: UnsafePointer<Float>, into panels: UnsafeMutablePointer<Float>) {
    forEachStrip { first, width in
      for row in 0..<rows {
        (panels + first * rows + row * strip).update(from: weight + row * columns + first, count: width)
      }
    }
  }

  /// Packs a `[columns, rows]` matrix.
  func packTransposed(_ weight: UnsafePointer<Float>, into panels: UnsafeMutablePointer<Float>) {
    forEachStrip { first, width in
      kernels.pointee.transpose(weight + first * rows, width, rows, rows, panels + first * rows, strip)
    }
  }

  /// y = x·W + beta·y for some rows of x and y.
  func multiply(
    _ x: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, beta: Float, into y: UnsafeMutablePointer<Float>,
    _ range: Range<Int>
  ) {
    let (source, result) = (x + range.lowerBound * rows, y + range.lowerBound * columns)
    forEachStrip { first, width in
      kernels.pointee.gemm_strip(
        false, range.count, width, rows, source, rows, panels + first * rows, strip, nil, result + first, columns, 1,
        beta)
    }
  }
}

/// The address of an operand.
fileprivate struct Address: Advancing {
  let base: UnsafeMutableRawPointer
  let size: Int

  init(_ slice: BufferSlice) {
    base = slice.address
    size = slice.dtype.byteCount
  }

  private init(_ base: UnsafeMutableRawPointer, size: Int) {
    self.base = base
    self.size = size
  }

  func advanced(by elements: Int) -> Address { Address(base + elements * size, size: size) }

  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
  var bytes: UnsafeMutablePointer<UInt8> { base.assumingMemoryBound(to: UInt8.self) }
}

extension RecurrentStep<Address> {
  /// Computes the step for some rows.
  fileprivate func compute(
    _ kernels: UnsafePointer<nn_cpu_kernels>, _ cell: RecurrentCell, _ rows: Range<Int>, units: Int
  ) {
    var step = nn_recurrent_step(self, from: rows.lowerBound, gates: cell.gateCount * units, units: units)
    kernels.pointee.recurrent_cell(cell.code, &step, rows.count, units)
  }

  /// Computes the gradient of the step for some rows.
  fileprivate func computeGradient(
    _ kernels: UnsafePointer<nn_cpu_kernels>, _ cell: RecurrentCell, _ gradients: RecurrentStepGradients<Address>,
    _ rows: Range<Int>, units: Int
  ) {
    let gates = cell.gateCount * units
    var step = nn_recurrent_step(self, from: rows.lowerBound, gates: gates, units: units)
    var rowGradients = nn_recurrent_gradients(gradients, from: rows.lowerBound, gates: gates, units: units)
    kernels.pointee.recurrent_cell_gradient(cell.code, &step, &rowGradients, rows.count, units)
  }
}

extension nn_recurrent_step {
  /// The operands starting at a row.
  fileprivate init(_ step: RecurrentStep<Address>, from row: Int, gates: Int, units: Int) {
    self.init(
      gates: step.gates.floats + row * gates, recurrent: step.recurrent.map { $0.floats + row * gates },
      recurrent_bias: step.recurrentBias.map { UnsafePointer($0.floats) },
      mask: step.mask.map { UnsafePointer($0.bytes + row) },
      previous_hidden: step.previousHidden.map { UnsafePointer($0.floats + row * units) },
      previous_cell: step.previousCell.map { UnsafePointer($0.floats + row * units) },
      hidden: step.hidden.floats + row * units, cell: step.cell.map { $0.floats + row * units })
  }
}

extension nn_recurrent_gradients {
  /// The gradients starting at a row.
  fileprivate init(_ gradients: RecurrentStepGradients<Address>, from row: Int, gates: Int, units: Int) {
    self.init(
      output: gradients.output.map { UnsafePointer($0.floats + row * units) },
      hidden: gradients.hidden.floats + row * units, cell: gradients.cell.map { $0.floats + row * units },
      gates: gradients.gates.floats + row * gates, recurrent: gradients.recurrent.map { $0.floats + row * gates })
  }
}

extension RecurrentCell {
  fileprivate var code: nn_cell {
    switch self {
    case .simple: NN_CELL_SIMPLE
    case .lstm: NN_CELL_LSTM
    case .gru: NN_CELL_GRU
    }
  }
}

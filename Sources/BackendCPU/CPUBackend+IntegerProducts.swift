internal import HostSystem
import BackendCore
import CPUKernels

/// Products of matrices of 8-bit integers: with AVX512-VNNI, or with pairs of 16-bit integers.
extension CPUBackend: QuantizedProducts {
  package func integerProduct(_ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, into c: BufferSlice) throws {
    for operand in [a, b] where operand.dtype != .int8 && operand.dtype != .uint8 {
      throw unsupported("integerMatmul", operand.dtype)
    }
    var shape = shape
    if shape.batch > 1 && shape.strideB == 0 && shape.strideA == shape.m * shape.k {
      shape.m *= shape.batch
      shape.batch = 1
    }
    let (left, right, result) = (a.bytes, b.bytes, c.address.assumingMemoryBound(to: Int32.self))
    let (isLeftSigned, isRightSigned) = (a.dtype == .int8, b.dtype == .int8)
    if let direct = DirectIntegerProduct(
      integerKernels, m: shape.m, n: shape.n, k: shape.k, isLeftSigned: isLeftSigned, isRightSigned: isRightSigned)
    {
      try divide(
        amount(shape), least: DirectIntegerProduct.leastRectangle,
        scratchCount: { direct.scratchCount(rows: $0, columns: $1) }
      ) { matrix, rows, columns, scratch in
        direct.compute(
          left + matrix * shape.strideA, right + matrix * shape.strideB, result + matrix * shape.m * shape.n,
          rows: rows, columns: columns, scratch: scratch)
      }
      return
    }
    let (m, n, k) = (shape.m, shape.n, shape.k)
    let product = PackedProduct(
      kernels, integerKernels, m: m, n: n, k: k, isLeftSigned: isLeftSigned, isRightSigned: isRightSigned)
    guard m > 0 && n > 0 else { return }
    if shape.batch > 1 && shape.batch >= pool.threadCount {
      try multiplyEach(product, left, right, result, shape)
      return
    }
    try withScratch(product.leftSize + product.rightSize, of: UInt8.self) { scratch in
      let packedLeft = product.left(at: scratch), packedRight = product.right(at: scratch + product.leftSize)
      for batch in 0..<shape.batch {
        parallel(m, grain: Grain.simple / max(k, 1), unit: 1) {
          product.packRows(left + batch * shape.strideA, $0, into: packedLeft)
        }
        parallel(n, grain: Grain.simple / max(k, 1), unit: PackedIntegers.width) {
          product.packColumns(right + batch * shape.strideB, $0, into: packedRight)
        }
        try multiply(product, packedLeft, packedRight, result + batch * m * n, nil)
      }
    }
  }

  /// Packs and multiplies each matrix of a batch on one thread.
  private func multiplyEach(
    _ product: PackedProduct, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ c: UnsafeMutablePointer<Int32>,
    _ shape: MatmulShape
  ) throws {
    let (m, n) = (shape.m, shape.n), size = product.leftSize + product.rightSize
    try divide(
      amount(shape), least: (rows: m, columns: n), scratchCount: { _, _ in size / 4 + product.workspace }
    ) { matrix, _, _, scratch in
      guard let scratch else { return }
      let memory = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt8.self)
      let left = product.left(at: memory), right = product.right(at: memory + product.leftSize)
      product.packRows(a + matrix * shape.strideA, 0..<m, into: left)
      product.packColumns(b + matrix * shape.strideB, 0..<n, into: right)
      product.compute(
        left, right, c + matrix * m * n, rows: 0..<m, columns: 0..<n, workspace: scratch + size / 4, nil)
    }
  }

  package func quantizedLinear(
    _ x: BufferSlice, _ weight: PackedIntegers, inputScale: Float?, bias: BufferSlice?, rows: Int, into y: BufferSlice
  ) throws {
    guard x.dtype == .float32 else { throw unsupported("quantizedLinear", x.dtype) }
    let (inputs, units) = (weight.inputs, weight.units)
    let product = PackedProduct(
      kernels, integerKernels, m: rows, n: units, k: inputs, isLeftSigned: true, isRightSigned: true)
    guard rows > 0, let panels = weight.panels.baseAddress, let sums = weight.sums.baseAddress,
      let scales = weight.scales.baseAddress
    else { return }
    let source = x.floats, result = y.address.assumingMemoryBound(to: Int32.self)
    // The packed rows, then the rounded ones, then their scales.
    let scaleStart = product.leftSize + (rows * inputs).roundedUp(toMultipleOf: 64)
    try withScratch(scaleStart + 4 * rows, of: UInt8.self) { scratch in
      let packed = product.left(at: scratch), rounded = scratch + product.leftSize
      let rowScales = UnsafeMutableRawPointer(scratch + scaleStart).bindMemory(to: Float.self, capacity: rows)
      parallel(rows, grain: Grain.simple / max(inputs, 1), unit: 1) { range in
        for row in range {
          let bytes = rounded + row * inputs
          rowScales[row] = bytes.withMemoryRebound(to: Int8.self, capacity: inputs) {
            kernels.pointee.quantize_row(source + row * inputs, inputs, inputScale ?? 0, $0)
          }
          product.packRows(rounded, row..<row + 1, into: packed)
        }
      }
      let bytes = UnsafeMutableRawPointer(panels).assumingMemoryBound(to: UInt8.self)
      let right = PackedProduct.Right(panels: bytes, sums: sums)
      let scaling = PackedProduct.Scaling(rows: rowScales, columns: scales, bias: bias?.floats)
      try multiply(product, packed, right, result, scaling)
    }
  }

  /// As `InstructionSet.multiplyAdds(rounds:)`, with the instructions for products of 8-bit integers.
  package func integerMultiplyAdds(rounds: Int) -> Double {
    var sink: Float = 0
    return integerKernels.pointee.peak_loop(rounds, &sink)
  }

  /// Multiplies packed operands, on several threads if there is enough work.
  private func multiply(
    _ product: PackedProduct, _ left: PackedProduct.Left, _ right: PackedProduct.Right,
    _ c: UnsafeMutablePointer<Int32>, _ scaling: PackedProduct.Scaling?
  ) throws {
    let shape = amount(MatmulShape(m: product.m, n: product.n, k: product.k))
    try divide(shape, least: (rows: 24, columns: PackedIntegers.width), scratchCount: { _, _ in product.workspace }) {
      _, rows, columns, scratch in
      product.compute(left, right, c, rows: rows, columns: columns, workspace: scratch, scaling)
    }
  }

  /// The shape by which the work is divided: an instruction multiplies several pairs, so that a thread needs a larger
  /// product.
  private func amount(_ shape: MatmulShape) -> MatmulShape {
    var amount = shape
    amount.k /= 3
    return amount
  }
}

/// C[m, n] = A·B for 8-bit integers: the rows of A and the panels of B are packed first.
struct PackedProduct {
  let kernels: UnsafePointer<nn_cpu_kernels>
  let integers: UnsafePointer<nn_integer_kernels>
  let m, n, k: Int
  let isLeftSigned, isRightSigned: Bool
  /// The number of words of four bytes for a row or column.
  let quads: Int
  /// The distance between packed rows in bytes: an odd number of cache lines, so that the rows use all cache sets.
  let rowStep: Int

  /// Packed rows, and the sums of the rows.
  struct Left {
    let rows: UnsafeMutableRawPointer
    let sums: UnsafeMutablePointer<Int32>
  }

  /// Panels, and the sums of their columns.
  struct Right {
    let panels: UnsafeMutablePointer<UInt8>
    let sums: UnsafeMutablePointer<Int32>
  }

  /// The factors with which sums become float32, and the numbers that are added then.
  struct Scaling {
    let rows, columns: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?
  }

  /// So many packed rows stay in the L2 cache while all panels are read.
  private static let rowBlock = 240

  init(
    _ kernels: UnsafePointer<nn_cpu_kernels>, _ integers: UnsafePointer<nn_integer_kernels>, m: Int, n: Int, k: Int,
    isLeftSigned: Bool, isRightSigned: Bool
  ) {
    (self.kernels, self.integers, self.m, self.n, self.k) = (kernels, integers, m, n, k)
    (self.isLeftSigned, self.isRightSigned) = (isLeftSigned, isRightSigned)
    quads = k.dividedRoundingUp(by: 4)
    rowStep = ((4 * quads * integers.pointee.element_size).dividedRoundingUp(by: 64) | 1) * 64
  }

  /// The bytes of packed rows and of panels, with their sums.
  var leftSize: Int { m * rowStep + (4 * m).roundedUp(toMultipleOf: 64) }
  var rightSize: Int { paddedColumns * (4 * quads + 4) }
  /// The number of words for `compute`.
  var workspace: Int { quads * integers.pointee.workspace }

  private var paddedColumns: Int { n.roundedUp(toMultipleOf: PackedIntegers.width) }
  private var panelSize: Int { 4 * quads * PackedIntegers.width }

  func left(at memory: UnsafeMutablePointer<UInt8>) -> Left {
    let sums = UnsafeMutableRawPointer(memory + m * rowStep).bindMemory(to: Int32.self, capacity: m)
    return Left(rows: UnsafeMutableRawPointer(memory), sums: sums)
  }

  func right(at memory: UnsafeMutablePointer<UInt8>) -> Right {
    let sums = UnsafeMutableRawPointer(memory + 4 * quads * paddedColumns)
      .bindMemory(to: Int32.self, capacity: paddedColumns)
    return Right(panels: memory, sums: sums)
  }

  func packRows(_ a: UnsafePointer<UInt8>, _ rows: Range<Int>, into left: Left) {
    integers.pointee.pack_rows(
      isLeftSigned, rows.count, k, a + rows.lowerBound * k, k, left.rows + rows.lowerBound * rowStep, rowStep,
      isRightSigned ? nil : left.sums + rows.lowerBound)
  }

  /// Packs columns that start at a multiple of the width of a panel.
  func packColumns(_ b: UnsafePointer<UInt8>, _ columns: Range<Int>, into right: Right) {
    let width = PackedIntegers.width
    for column in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
      integers.pointee.pack_panel(
        isRightSigned, k, min(width, n - column), b + column, n, right.panels + column / width * panelSize,
        right.sums + column)
    }
  }

  /// Computes a rectangle of C. Its columns start at a multiple of 16.
  func compute(
    _ left: Left, _ right: Right, _ c: UnsafeMutablePointer<Int32>, rows: Range<Int>, columns: Range<Int>,
    workspace: UnsafeMutablePointer<Float>?, _ scaling: Scaling?
  ) {
    var product = nn_integer_product(
      quads: quads, a_step: rowStep, ldc: n, left_offset: isLeftSigned ? integers.pointee.left_offset : 0,
      right_offset: isRightSigned ? 0 : -128)
    let width = PackedIntegers.width
    let words = workspace.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: Int32.self) }
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowBlock) {
      let height = min(Self.rowBlock, rows.upperBound - row)
      var column = columns.lowerBound
      while column < columns.upperBound {
        let (panel, place) = (column / width, column % width)
        let count = min(width - place, columns.upperBound - column)
        let part = c + row * n + column
        integers.pointee.strip(
          &product, height, count, left.rows + row * rowStep, isRightSigned ? nil : left.sums + row,
          right.panels + panel * panelSize + 4 * place, right.sums + column, words, part)
        if let scaling {
          kernels.pointee.scale_integers(
            height, count, scaling.rows + row, scaling.columns + column, scaling.bias.map { $0 + column }, part, n)
        }
        column += count
      }
    }
  }
}

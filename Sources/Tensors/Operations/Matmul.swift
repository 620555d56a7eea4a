import BackendCore

extension Tensor {
  /// Returns the matrix product over the last two axes, `[..., m, k] × [..., k, n] → [..., m, n]`; leading axes are
  /// broadcast. A vector on the left is a row and a vector on the right is a column; its axis is removed from the
  /// result. The flags transpose the last two axes of an operand first, at no cost. Integers wrap around; their
  /// products are computed by elementwise operations, which are much slower.
  public func matmul(_ other: Tensor, transposingLeft: Bool = false, transposingRight: Bool = false) -> Tensor {
    checked {
      let name: StaticString = "matmul"
      try Checks.number(name, self)
      try Checks.sameDType(name, self, other)
      if rank == 0 || other.rank == 0 {
        try Checks.fail(name, "shapes \(extents) and \(other.extents): a scalar is not a matrix", hint: "use *")
      }
      if rank == 1 || other.rank == 1 {
        return vectorMatmul(other, transposingLeft: transposingLeft, transposingRight: transposingRight)
      }
      let plan = try MatmulPlan(extents, other.extents, transposingLeft, transposingRight)
      if dtype.isInteger {
        if dtype.isWidened {
          return try inInt32(name, other) {
            $0.matmul($1, transposingLeft: transposingLeft, transposingRight: transposingRight)
          }
        }
        return try (transposingLeft ? transposed() : self)
          .integerMatmul(transposingRight ? other.transposed() : other, plan.result)
      }
      if let full = plan.batchToFill {
        let left = broadcast(to: try full.appending(extents[-2], extents[-1]))
        let right = other.broadcast(to: try full.appending(other.extents[-2], other.extents[-1]))
        return left.matmul(right, transposingLeft: transposingLeft, transposingRight: transposingRight)
      }
      let shape = plan.shape
      var y = Tensor.launch(
        self, other, plan.result, dtype, on: try Checks.sameDevice(name, self, other)
      ) { backend, a, b, y in
        try backend.matmul(a, b, shape, alpha: 1, beta: 0, into: y)
      }
      if let tape = Tape.recording(node, other.node) {
        y.node = tape.append(.matmul(MatmulRecord(self, other, transposingLeft, transposingRight, on: tape)))
      }
      return y
    }
  }

  /// Returns the product of int32 or int64 matrices: products of each column of the left with each row of the right,
  /// summed. Several are computed at once, as long as they do not take much memory.
  private func integerMatmul(_ other: Tensor, _ result: Shape) throws -> Tensor {
    _ = try Checks.sameDevice("matmul", self, other)
    let (batch, m, n, k) = (result.dropping(last: 2), result[-2], result[-1], extents[-1])
    let left = broadcast(to: try batch.appending(m, k)).reshaped([batch.count, m, k])
    let right = other.broadcast(to: try batch.appending(k, n)).reshaped([batch.count, k, n])
    let together = Swift.max(1, (1 << 22) / Swift.max(1, result.count))
    var sum = Tensor.zeros([batch.count, m, n], dtype: dtype, on: device)
    for first in stride(from: 0, to: k, by: together) {
      let count = Swift.min(together, k - first)
      let columns = left.narrowed(axis: 2, from: first, count: count).expanded(axis: 3)
      let rows = right.narrowed(axis: 1, from: first, count: count).expanded(axis: 1)
      sum += (columns * rows).sum(axis: 2)
    }
    return sum.reshaped(to: result)
  }

  /// Returns the product with a vector, treated as a matrix of one row or column.
  private func vectorMatmul(_ other: Tensor, transposingLeft: Bool, transposingRight: Bool) -> Tensor {
    checked {
      let left = rank == 1 ? expanded(axis: 0) : self
      let right = other.rank == 1 ? other.expanded(axis: 1) : other
      let k = transposingLeft && rank > 1 ? left.extents[-2] : left.extents[-1]
      let otherK = transposingRight && other.rank > 1 ? right.extents[-1] : right.extents[-2]
      if k != otherK { try MatmulPlan.refuse(extents, other.extents, k, otherK) }
      var result = left.matmul(
        right, transposingLeft: transposingLeft && rank > 1, transposingRight: transposingRight && other.rank > 1)
      if other.rank == 1 { result = result.squeezed(axis: -1) }
      if rank == 1 { result = result.squeezed(axis: other.rank == 1 ? -1 : -2) }
      return result
    }
  }
}

/// The mapping of a product of two tensors of rank 2 or more to one call of the primitive.
struct MatmulPlan {
  var shape: MatmulShape
  var result: Shape
  /// Set if the leading axes must be expanded by repetition so that one call suffices.
  var batchToFill: Shape?

  @inline(__always)
  init(_ a: Shape, _ b: Shape, _ transposesA: Bool, _ transposesB: Bool) throws {
    if a.rank == 2 && b.rank == 2 {
      try self.init(matrices: a, b, transposesA, transposesB)
    } else {
      try self.init(batches: a, b, transposesA, transposesB)
    }
  }

  /// For small products, the overhead of each call is a significant part of the time.
  @inline(__always)
  private init(matrices a: Shape, _ b: Shape, _ transposesA: Bool, _ transposesB: Bool) throws {
    let (m, k) = transposesA ? (a[1], a[0]) : (a[0], a[1])
    let (otherK, n) = transposesB ? (b[1], b[0]) : (b[0], b[1])
    if k != otherK { try MatmulPlan.refuse(a, b, k, otherK) }
    result = Shape(m, n)
    if m.multipliedReportingOverflow(by: n).overflow { try Checks.countable("matmul", result) }
    shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
  }

  @inline(never)
  private init(batches a: Shape, _ b: Shape, _ transposesA: Bool, _ transposesB: Bool) throws {
    let (m, k) = transposesA ? (a[-1], a[-2]) : (a[-2], a[-1])
    let (otherK, n) = transposesB ? (b[-1], b[-2]) : (b[-2], b[-1])
    if k != otherK { try MatmulPlan.refuse(a, b, k, otherK) }
    let (aBatch, bBatch) = (a.dropping(last: 2), b.dropping(last: 2))
    let batch = try aBatch == bBatch ? aBatch : Checks.broadcast("matmul", aBatch, bBatch)
    result = try Checks.countable("matmul", batch.appending(m, n))
    shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
    let (aCount, bCount, count) = (aBatch.count, bBatch.count, batch.count)
    if bCount == 1 && aCount == count && !transposesA {
      shape.m = count * m  // one tall matrix
    } else if (aCount == count || aCount == 1) && (bCount == count || bCount == 1) {
      shape.batch = count
      shape.strideA = aCount == 1 ? 0 : m * k
      shape.strideB = bCount == 1 ? 0 : k * n
    } else {
      batchToFill = batch
    }
  }

  static func refuse(_ a: Shape, _ b: Shape, _ k: Int, _ otherK: Int) throws -> Never {
    try Checks.fail(
      "matmul", "shapes \(a) and \(b) do not fit: the inner extents are \(k) and \(otherK)",
      hint: "transpose an operand with transposingLeft: or transposingRight:")
  }
}

extension Shape {
  func dropping(last count: Int) -> Shape {
    var result = Shape(rank: rank - count, repeating: 1)
    for axis in result.axes { result[axis] = self[axis] }
    return result
  }

  func appending(_ m: Int, _ n: Int) throws -> Shape {
    if rank + 2 > Shape.maximumRank {
      try Checks.fail("matmul", "leading axes \(self) and two more exceed \(Shape.maximumRank) axes")
    }
    var result = Shape(rank: rank + 2, repeating: 1)
    for axis in axes { result[axis] = self[axis] }
    result[rank] = m
    result[rank + 1] = n
    return result
  }
}

/// C = A·B, each optionally transposed.
struct MatmulRecord: GradientRule {
  let a, b: Operand
  let transposesA, transposesB: Bool

  init(_ a: Tensor, _ b: Tensor, _ transposesA: Bool, _ transposesB: Bool, on tape: Tape) {
    self.a = Operand(a, keeping: tape.owns(b.node))
    self.b = Operand(b, keeping: tape.owns(a.node))
    self.transposesA = transposesA
    self.transposesB = transposesB
  }

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if pass.needsGradient(a) {
      let b = b.tensor
      pass.accumulate(
        transposesA
          ? b.matmul(dy, transposingLeft: transposesB, transposingRight: true)
          : dy.matmul(b, transposingRight: !transposesB), to: a)
    }
    if pass.needsGradient(b) { addRight(dy, in: &pass) }
  }

  /// dB = Aᵀ·dC, written into the slab if B is a parameter.
  private func addRight(_ dy: Tensor, in pass: inout BackwardPass) {
    let a = a.tensor
    if b.extents.rank == 2 && !transposesA && !pass.isRecorded {
      // All leading axes of A and dC become rows of one product.
      let left = a.reshaped(to: [a.count / Swift.max(a.extents[-1], 1), a.extents[-1]])
      let right = dy.reshaped(to: [dy.count / Swift.max(dy.extents[-1], 1), dy.extents[-1]])
      if left.extents[0] == right.extents[0] {
        transposesB ? pass.addProduct(right, left, to: b) : pass.addProduct(left, right, to: b)
        return
      }
    }
    pass.accumulate(
      transposesB
        ? dy.matmul(a, transposingLeft: true, transposingRight: transposesA)
        : a.matmul(dy, transposingLeft: !transposesA), to: b)
  }
}

extension BackwardPass {
  /// Adds the matrix product aᵀ·b, directly into the slab range of the operand if it has one.
  mutating func addProduct(_ a: Tensor, _ b: Tensor, to operand: Operand) {
    if a.isPoisoned || b.isPoisoned {
      accumulate(a.matmul(b, transposingLeft: true), to: operand)
      return
    }
    let shape = MatmulShape(m: a.extents[1], n: b.extents[1], k: a.extents[0], transposesA: true)
    let isWritten = write(to: operand) { backend, range, isAccumulating in
      try backend.matmul(a.operand, b.operand, shape, alpha: 1, beta: isAccumulating ? 1 : 0, into: range)
    }
    if !isWritten { accumulate(a.matmul(b, transposingLeft: true), to: operand) }
  }
}

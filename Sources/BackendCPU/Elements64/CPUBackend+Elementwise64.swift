internal import HostSystem
import BackendCore
import CPUKernels

/// Functions of one and two elements of 64 bits.
extension CPUBackend {
  // MARK: One element

  func unary64(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard op.kind.accepts(x.dtype) else { throw unsupported("\(op.kind)", x.dtype) }
    if x.dtype == .float64 { return unaryDouble(op, x, count: count, into: y) }
    let (a, b) = (Int64(saturating: op.a), Int64(saturating: op.b))
    func map(_ body: (Int64) -> Int64) { self.map(x, into: y, count, Grain.simple, body) }
    switch op.kind {
    case .negate: map { 0 &- $0 }
    case .magnitude: map { $0 < 0 ? 0 &- $0 : $0 }
    case .sign: map { $0.signum() }
    case .square: map { $0 &* $0 }
    case .clamp: map { $0 < a ? a : $0 > b ? b : $0 }
    default: throw unsupported("\(op.kind)", x.dtype)
    }
  }

  private func unaryDouble(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) {
    let (kind, a, b) = (op.kind, op.a, op.b)
    switch kind {
    case .isNaN: map(x, into: y, count, Grain.simple) { (x: Double) -> UInt8 in x.isNaN ? 1 : 0 }
    case .isFinite: map(x, into: y, count, Grain.simple) { (x: Double) -> UInt8 in x.isFinite ? 1 : 0 }
    case .negate: map(x, into: y, count, Grain.simple) { (x: Double) in -x }
    case .magnitude: map(x, into: y, count, Grain.simple) { (x: Double) in abs(x) }
    case .square: map(x, into: y, count, Grain.simple) { (x: Double) in x * x }
    case .squareRoot: map(x, into: y, count, Grain.simple) { (x: Double) in x.squareRoot() }
    case .reciprocal: map(x, into: y, count, Grain.simple) { (x: Double) in 1 / x }
    case .relu: map(x, into: y, count, Grain.simple) { (x: Double) in x < 0 ? 0 : x }
    default: map(x, into: y, count, kind.grain) { (x: Double) in value(of: kind, a, b, at: x) }
    }
  }

  @inline(__always)
  private func map<Element, Result>(
    _ x: BufferSlice, into y: BufferSlice, _ count: Int, _ grain: Int, _ body: (Element) -> Result
  ) {
    let (source, result) = (x.elements(Element.self), y.elements(Result.self))
    parallel(count, grain: grain) { for i in $0 { result[i] = body(source[i]) } }
  }

  /// The gradient of a function of float64.
  func unaryGradient64(_ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice) {
    let (kind, a, b) = (op.kind, op.a, op.b)
    let (gradient, source, result) = (
      dy.elements(Double.self), saved.elements(Double.self), dx.elements(Double.self)
    )
    parallel(count, grain: kind.grain) {
      for i in $0 { result[i] = passBack(gradient[i], through: kind, a, b, saved: source[i]) }
    }
  }

  // MARK: Two elements

  func binary64(_ op: BinaryOp, _ loop: StridedLoop<2>, _ a: BufferSlice, _ b: BufferSlice, into y: BufferSlice) {
    let (result, isInteger) = (y.address, a.dtype == .int64)
    forEachPlane(of: loop, [a, b], grain: op.grain) { plane in
      if isInteger {
        plane.apply(op, into: result.assumingMemoryBound(to: Int64.self))
      } else {
        plane.apply(op, into: result.assumingMemoryBound(to: Double.self))
      }
    }
  }

  func binaryScalar64(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) {
    let (source, result, isInteger) = (x.address, y.address, x.dtype == .int64)
    withScalar64(scalar, x.dtype) { constant in
      parallel(count, grain: op.grain) { range in
        let element = nn_view(base: source + 8 * range.lowerBound, row: 0, column: 1)
        let plane = Plane(element, constant, scalarFirst: scalarFirst, range)
        if isInteger {
          plane.apply(op, into: result.assumingMemoryBound(to: Int64.self))
        } else {
          plane.apply(op, into: result.assumingMemoryBound(to: Double.self))
        }
      }
    }
  }

  func compare64(
    _ op: ComparisonOp, _ loop: StridedLoop<2>, _ a: BufferSlice, _ b: BufferSlice, into y: BufferSlice
  ) {
    let (result, isInteger) = (y.bytes, a.dtype == .int64)
    forEachPlane(of: loop, [a, b], grain: Grain.simple) { plane in
      if isInteger { plane.compare(op, Int64.self, into: result) } else { plane.compare(op, Double.self, into: result) }
    }
  }

  func compareScalar64(_ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice) {
    let (source, result, isInteger) = (x.address, y.bytes, x.dtype == .int64)
    withScalar64(scalar, x.dtype) { constant in
      parallel(count, grain: Grain.simple, unit: 64) { range in
        let element = nn_view(base: source + 8 * range.lowerBound, row: 0, column: 1)
        let plane = Plane(element, constant, scalarFirst: false, range)
        if isInteger {
          plane.compare(op, Int64.self, into: result)
        } else {
          plane.compare(op, Double.self, into: result)
        }
      }
    }
  }

  private func withScalar64(_ scalar: Double, _ dtype: DType, _ body: (nn_view) -> Void) {
    let bits = dtype == .int64 ? UInt64(bitPattern: Int64(saturating: scalar)) : scalar.bitPattern
    withUnsafePointer(to: bits) { body(nn_view(base: $0, row: 0, column: 0)) }
  }

  // MARK: Sequences and random numbers

  func range64(start: Double, step: Double, count: Int, into y: BufferSlice) {
    if y.dtype == .int64 {
      let (first, step, result) = (Int64(saturating: start), Int64(saturating: step), y.elements(Int64.self))
      parallel(count, grain: Grain.simple) { for i in $0 { result[i] = first &+ Int64(i) &* step } }
    } else {
      let result = y.elements(Double.self)
      parallel(count, grain: Grain.simple) { for i in $0 { result[i] = start + Double(i) * step } }
    }
  }

  /// Random numbers in float64, with the bits of those in float32.
  func randomDoubles(
    _ distribution: RandomDistribution, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    guard distribution.accepts(.float64) else { throw unsupported("random \(distribution)", .float64) }
    let result = y.elements(Double.self)
    let offset = source.stepOffset.map { UInt32(bitPattern: $0.integers.pointee) } ?? 0
    // Pieces start at whole blocks of four numbers.
    parallel(count, grain: Grain.heavy, unit: 64) { range in
      for first in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
        let words = source.block(first / 4, stepOffset: offset)
        let numbers = Self.doubles(distribution, words)
        for i in 0..<min(4, range.upperBound - first) { result[first + i] = numbers[i] }
      }
    }
  }

  private static func doubles(_ distribution: RandomDistribution, _ words: SIMD4<UInt32>) -> SIMD4<Double> {
    switch distribution {
    case .bits: return SIMD4(words)
    case .uniform:
      return SIMD4(
        Double(Philox.uniform(words[0])), Double(Philox.uniform(words[1])), Double(Philox.uniform(words[2])),
        Double(Philox.uniform(words[3])))
    case .normal:
      let (first, second) = (Philox.normals(words[0], words[1]), Philox.normals(words[2], words[3]))
      return SIMD4(first.0, first.1, second.0, second.1)
    case .bernoulli(let probability):
      let threshold = Philox.threshold(probability: probability)
      func draw(_ word: UInt32) -> Double { UInt64(word) < threshold ? 1 : 0 }
      return SIMD4(draw(words[0]), draw(words[1]), draw(words[2]), draw(words[3]))
    }
  }
}

extension Plane<2> {
  /// Stores op(a, b) of integers. `CPUBackend` has checked that the operation is defined for them.
  fileprivate func apply(_ op: BinaryOp, into y: UnsafeMutablePointer<Int64>) {
    switch op {
    case .add: map(into: y) { (a: Int64, b: Int64) in a &+ b }
    case .subtract: map(into: y) { (a: Int64, b: Int64) in a &- b }
    case .multiply: map(into: y) { (a: Int64, b: Int64) in a &* b }
    case .maximum: map(into: y) { (a: Int64, b: Int64) in a > b ? a : b }
    case .minimum: map(into: y) { (a: Int64, b: Int64) in a < b ? a : b }
    case .bitwiseAnd: map(into: y) { (a: Int64, b: Int64) in a & b }
    case .bitwiseOr: map(into: y) { (a: Int64, b: Int64) in a | b }
    case .bitwiseXor: map(into: y) { (a: Int64, b: Int64) in a ^ b }
    case .shiftLeft: map(into: y) { (a: Int64, b: Int64) in a << b }
    case .shiftRight: map(into: y) { (a: Int64, b: Int64) in a >> b }
    default: map(into: y) { (a: Int64, b: Int64) in integerValue(of: op, a, b, .int64) ?? 0 }
    }
  }

  /// Stores op(a, b) of floating-point numbers.
  fileprivate func apply(_ op: BinaryOp, into y: UnsafeMutablePointer<Double>) {
    switch op {
    case .add: map(into: y) { (a: Double, b: Double) in a + b }
    case .subtract: map(into: y) { (a: Double, b: Double) in a - b }
    case .multiply: map(into: y) { (a: Double, b: Double) in a * b }
    case .divide: map(into: y) { (a: Double, b: Double) in a / b }
    case .maximum: map(into: y) { (a: Double, b: Double) in Double.larger(a, b) }
    case .minimum: map(into: y) { (a: Double, b: Double) in Double.smaller(a, b) }
    default: map(into: y) { (a: Double, b: Double) in value(of: op, a, b) }
    }
  }

  fileprivate func compare<Element: Comparable>(
    _ op: ComparisonOp, _ type: Element.Type, into y: UnsafeMutablePointer<UInt8>
  ) {
    switch op {
    case .equal: map(into: y) { (a: Element, b: Element) in a == b ? 1 : 0 }
    case .notEqual: map(into: y) { (a: Element, b: Element) in a != b ? 1 : 0 }
    case .less: map(into: y) { (a: Element, b: Element) in a < b ? 1 : 0 }
    case .lessOrEqual: map(into: y) { (a: Element, b: Element) in a <= b ? 1 : 0 }
    case .greater: map(into: y) { (a: Element, b: Element) in a > b ? 1 : 0 }
    case .greaterOrEqual: map(into: y) { (a: Element, b: Element) in a >= b ? 1 : 0 }
    }
  }
}

import BackendCore

/// Scatters and accumulating copies of elements of 64 bits.
extension CPUBackend {
  /// Combines rows of y with rows of updates, for one matrix and some of its columns.
  func scatterRow64(_ op: ScatterOp, _ updates: BufferSlice, from: Int, into y: BufferSlice, to: Int, count: Int) {
    if y.dtype == .int64 {
      Self.combine(op, y.elements(Int64.self) + to, updates.elements(Int64.self) + from, count)
    } else {
      Self.combine(op, y.elements(Double.self) + to, updates.elements(Double.self) + from, count)
    }
  }

  private static func combine<Element: Element64>(
    _ op: ScatterOp, _ y: UnsafeMutablePointer<Element>, _ x: UnsafePointer<Element>, _ count: Int
  ) {
    switch op {
    case .sum: for i in 0..<count { y[i] = Element.sum(y[i], x[i]) }
    case .product: for i in 0..<count { y[i] = Element.product(y[i], x[i]) }
    case .maximum: for i in 0..<count { y[i] = Element.larger(y[i], x[i]) }
    case .minimum: for i in 0..<count { y[i] = Element.smaller(y[i], x[i]) }
    case .replacement: for i in 0..<count { y[i] = x[i] }
    }
  }

  func scatterElements64(_ op: ScatterOp, _ updates: BufferSlice, _ scatter: ElementScatter, into y: BufferSlice) {
    if y.dtype == .int64 {
      scatterElements(op, updates.elements(Int64.self), scatter, into: y.elements(Int64.self))
    } else {
      scatterElements(op, updates.elements(Double.self), scatter, into: y.elements(Double.self))
    }
  }

  private func scatterElements<Element: Element64>(
    _ op: ScatterOp, _ x: UnsafePointer<Element>, _ scatter: ElementScatter, into y: UnsafeMutablePointer<Element>
  ) {
    switch op {
    case .sum: scatterElements(scatter) { y[$0] = Element.sum(y[$0], x[$1]) }
    case .product: scatterElements(scatter) { y[$0] = Element.product(y[$0], x[$1]) }
    case .maximum: scatterElements(scatter) { y[$0] = Element.larger(y[$0], x[$1]) }
    case .minimum: scatterElements(scatter) { y[$0] = Element.smaller(y[$0], x[$1]) }
    case .replacement: scatterElements(scatter) { y[$0] = x[$1] }
    }
  }
}

/// y[i·yStep] += x[i·xStep] for elements of 64 bits.
func addElements64(
  _ x: UnsafeMutableRawPointer, _ xStep: Int, _ y: UnsafeMutableRawPointer, _ yStep: Int, _ count: Int, _ dtype: DType
) {
  func add<Element: Element64>(_ type: Element.Type) {
    let (source, result) = (x.assumingMemoryBound(to: type), y.assumingMemoryBound(to: type))
    for i in 0..<count { result[i * yStep] = Element.sum(result[i * yStep], source[i * xStep]) }
  }
  if dtype == .int64 { add(Int64.self) } else { add(Double.self) }
}

internal import HostSystem
import BackendCore
import CPUKernels

// int64 and float64 have no C kernels: generic Swift code, specialized for the two types, processes them. The compiler
// makes vector code of its loops.

/// An element type of 64 bits.
protocol Element64: BitwiseCopyable, Comparable, Sendable {
  static func sum(_ a: Self, _ b: Self) -> Self
  static func product(_ a: Self, _ b: Self) -> Self
  /// The larger number; NaN if either is.
  static func larger(_ a: Self, _ b: Self) -> Self
  /// The smaller number; NaN if either is.
  static func smaller(_ a: Self, _ b: Self) -> Self
  static var zero: Self { get }
  static var one: Self { get }
  /// The number that every other one is at least.
  static var lowest: Self { get }
  /// The number that every other one is at most.
  static var highest: Self { get }
  /// An unsigned key with the same order as the elements: NaN is above all others, and both zeros are equal.
  var sortKey: UInt64 { get }
  var isNotNumber: Bool { get }
}

extension Int64: Element64 {
  @inline(__always) static func sum(_ a: Int64, _ b: Int64) -> Int64 { a &+ b }
  @inline(__always) static func product(_ a: Int64, _ b: Int64) -> Int64 { a &* b }
  @inline(__always) static func larger(_ a: Int64, _ b: Int64) -> Int64 { a > b ? a : b }
  @inline(__always) static func smaller(_ a: Int64, _ b: Int64) -> Int64 { a < b ? a : b }
  @inline(__always) static var one: Int64 { 1 }
  @inline(__always) static var lowest: Int64 { .min }
  @inline(__always) static var highest: Int64 { .max }
  @inline(__always) var sortKey: UInt64 { UInt64(bitPattern: self) ^ 1 << 63 }
  @inline(__always) var isNotNumber: Bool { false }
}

extension Double: Element64 {
  @inline(__always) static func sum(_ a: Double, _ b: Double) -> Double { a + b }
  @inline(__always) static func product(_ a: Double, _ b: Double) -> Double { a * b }
  // A comparison with NaN is false, which chooses b in the first one and keeps a in the second one.
  @inline(__always) static func larger(_ a: Double, _ b: Double) -> Double { a > b || a.isNaN ? a : b }
  @inline(__always) static func smaller(_ a: Double, _ b: Double) -> Double { a < b || a.isNaN ? a : b }
  @inline(__always) static var one: Double { 1 }
  @inline(__always) static var lowest: Double { -.infinity }
  @inline(__always) static var highest: Double { .infinity }
  @inline(__always) var sortKey: UInt64 {
    if isNaN { return .max }
    let bits = self == 0 ? 0 : bitPattern
    return bits >> 63 != 0 ? ~bits : bits | 1 << 63
  }
  @inline(__always) var isNotNumber: Bool { isNaN }
}

extension DType {
  /// Whether generic Swift code computes with elements of this type.
  @inline(__always) var isElement64: Bool { self == .int64 || self == .float64 }
}

extension BufferSlice {
  /// The address of the first element.
  @inline(__always) func elements<Element>(_ type: Element.Type) -> UnsafeMutablePointer<Element> {
    address.assumingMemoryBound(to: type)
  }
}

extension CPUBackend {
  /// This backend for calls with float64: its primitives, and the compositions of them for fused operations.
  var composed: DefaultsOnly { DefaultsOnly(self) }
}

extension Plane<2> {
  /// Calls `body` with the pairs of elements, and stores its results.
  @inline(__always)
  func map<Element, Result>(
    into result: UnsafeMutablePointer<Result>, _ body: (Element, Element) -> Result
  ) {
    let (left, right) = (views[0], views[1])
    for row in 0..<rows {
      let a = left.base.assumingMemoryBound(to: Element.self) + row * left.row
      let b = right.base.assumingMemoryBound(to: Element.self) + row * right.row
      let y = result + (position + row * step)
      switch (left.column, right.column) {
      case (1, 1): for i in 0..<columns { y[i] = body(a[i], b[i]) }
      case (1, 0):
        let constant = b.pointee
        for i in 0..<columns { y[i] = body(a[i], constant) }
      case (0, 1):
        let constant = a.pointee
        for i in 0..<columns { y[i] = body(constant, b[i]) }
      default: for i in 0..<columns { y[i] = body(a[i * left.column], b[i * right.column]) }
      }
    }
  }

  /// Part of a dense operand and a scalar.
  init(
    _ element: nn_view, _ scalar: nn_view, scalarFirst: Bool, _ range: Range<Int>
  ) {
    self.init(
      views: scalarFirst ? [scalar, element] : [element, scalar], position: range.lowerBound, step: 0, rows: 1,
      columns: range.count)
  }
}

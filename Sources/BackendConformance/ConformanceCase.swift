import BackendCore

/// One call of an operation with its operands, to be made on several backends.
///
/// Each operand is in a separate buffer, `offset` elements from the start, with guard elements on both sides.
struct ConformanceCase {
  /// A handle for an operand.
  struct Operand { fileprivate let number: Int }

  /// The content of a buffer before the call, and the expectation after it.
  struct Slot {
    let name: String
    let values: [Double]
    /// The values of an int64 operand if `Double` does not represent all of them.
    var integers: [Int64]?
    let dtype: DType
    let offset: Int
    /// The required accuracy relative to the Reference result; nil for inputs, which must not change.
    let tolerance: Tolerance?
    /// Whether `values` are poison.
    let isPoisoned: Bool
  }

  /// The operands on one backend.
  struct Slices {
    let slices: [BufferSlice]
    /// Whether this is the run on absolute values that computes the magnitudes for `Tolerance.sum`. Scalar factors then
    /// also count with their magnitudes.
    let isMagnitude: Bool

    subscript(operand: Operand) -> BufferSlice { slices[operand.number] }
    subscript(ifGiven operand: Operand?) -> BufferSlice? { operand.map { slices[$0.number] } }

    /// A scalar factor of a sum.
    func factor(_ value: Double) -> Double { isMagnitude ? abs(value) : value }
  }

  typealias Body = (_ backend: any Backend, _ operands: Slices) throws -> Void

  private(set) var slots: [Slot] = []

  /// Adds an operand that the call reads.
  mutating func input(_ values: [Double], _ dtype: DType = .float32, offset: Int = 0) -> Operand {
    add(Slot(name: "input", values: values, dtype: dtype, offset: offset, tolerance: nil, isPoisoned: false))
  }

  /// Adds an operand of integers that the call reads.
  mutating func input(integers: [Int64], _ dtype: DType = .int64, offset: Int = 0) -> Operand {
    add(
      Slot(
        name: "input", values: integers.map { Double($0) }, integers: dtype == .int64 ? integers : nil, dtype: dtype,
        offset: offset, tolerance: nil, isPoisoned: false))
  }

  /// Adds an operand that the call reads, whose integers are shifted by `origin`.
  mutating func input(_ values: [Double], around origin: Int64, _ dtype: DType, offset: Int) -> Operand {
    dtype.isInteger
      ? input(integers: values.map { Int64($0) + origin }, dtype, offset: offset)
      : input(values, dtype, offset: offset)
  }

  /// Adds an operand that the call writes, poisoned beforehand.
  mutating func output(
    _ count: Int, _ dtype: DType = .float32, offset: Int = 0, within tolerance: Tolerance, name: String = "result"
  ) -> Operand {
    let poison = [Double](repeating: ConformanceCase.poison(dtype), count: count)
    return add(
      Slot(name: name, values: poison, dtype: dtype, offset: offset, tolerance: tolerance, isPoisoned: true))
  }

  /// Adds an operand that the call reads and writes.
  mutating func updated(
    _ values: [Double], _ dtype: DType = .float32, offset: Int = 0, within tolerance: Tolerance, name: String = "result"
  ) -> Operand {
    add(Slot(name: name, values: values, dtype: dtype, offset: offset, tolerance: tolerance, isPoisoned: false))
  }

  private mutating func add(_ slot: Slot) -> Operand {
    slots.append(slot)
    return Operand(number: slots.count - 1)
  }

  /// The same case with operands of a 16-bit type in place of float32.
  func replacingFloats(by dtype: DType) -> ConformanceCase {
    replacingSlots { $0.dtype == .float32 ? $0.replacing(dtype) { $0 } : nil }
  }

  /// The same case with operands of another type in place of halves, and the numbers that the halves represent.
  func replacingHalves(by dtype: DType) -> ConformanceCase {
    replacingSlots { slot in slot.dtype.isHalf ? slot.replacing(dtype, slot.rounded) : nil }
  }

  private func replacingSlots(_ replacement: (Slot) -> Slot?) -> ConformanceCase {
    var result = self
    result.slots = slots.map { replacement($0) ?? $0 }
    return result
  }

  /// NaN, or a number that is unlikely to be the result of an operation.
  private static func poison(_ dtype: DType) -> Double {
    switch dtype {
    case .float32, .float64, .float16, .bfloat16: .nan
    case .bool, .uint8: 0xAA
    case .int8: -86
    case .int16: -21_846
    case .int32, .int64: -1_431_655_766
    }
  }
}

extension ConformanceCase.Slot {
  /// The same operand with other elements.
  fileprivate func replacing(_ dtype: DType, _ number: (Double) -> Double) -> Self {
    Self(
      name: name, values: values.map(number), dtype: dtype, offset: offset, tolerance: tolerance,
      isPoisoned: isPoisoned)
  }

  /// The nearest number of the element type, if it is a 16-bit type.
  func rounded(_ number: Double) -> Double {
    guard dtype.isHalf else { return number }
    let format = HalfFormat(dtype)
    return Double(format.number(format.bits(of: number)))
  }

  /// The number of guard elements after the operand.
  static let trailing = 5
  /// The byte of guard elements: a huge float32, a huge int32, and a bool that is neither 0 nor 1.
  static let guardByte: UInt8 = 0x7F

  var elementCount: Int { offset + values.count + Self.trailing }
  var content: Range<Int> { offset * dtype.byteCount..<(offset + values.count) * dtype.byteCount }

  /// The bytes of the whole buffer before the call, with floats as magnitudes on request.
  func image(asMagnitudes: Bool) -> [UInt8] {
    var bytes = [UInt8](repeating: Self.guardByte, count: elementCount * dtype.byteCount)
    bytes.withUnsafeMutableBytes { raw in
      for (i, value) in values.enumerated() {
        let number = asMagnitudes && dtype.isFloatingPoint ? abs(value) : value
        let place = (offset + i) * dtype.byteCount
        switch dtype {
        case .float32: raw.storeBytes(of: Float(number), toByteOffset: place, as: Float.self)
        case .float64: raw.storeBytes(of: number, toByteOffset: place, as: Double.self)
        case .int32: raw.storeBytes(of: Int32(number), toByteOffset: place, as: Int32.self)
        case .bool, .uint8: raw.storeBytes(of: UInt8(number), toByteOffset: place, as: UInt8.self)
        case .int8: raw.storeBytes(of: Int8(number), toByteOffset: place, as: Int8.self)
        case .int16: raw.storeBytes(of: Int16(number), toByteOffset: place, as: Int16.self)
        case .int64: raw.storeBytes(of: integers?[i] ?? Int64(number), toByteOffset: place, as: Int64.self)
        case .float16, .bfloat16:
          raw.storeBytes(of: HalfFormat(dtype).bits(of: number), toByteOffset: place, as: UInt16.self)
        }
      }
    }
    return bytes
  }

  /// The bits of an element of an int64 operand in the bytes of its buffer.
  func integer(_ index: Int, _ bytes: [UInt8]) -> Int64 {
    bytes.withUnsafeBytes { $0.load(fromByteOffset: (offset + index) * dtype.byteCount, as: Int64.self) }
  }

  /// The elements of the operand in the bytes of its buffer.
  func decode(_ bytes: [UInt8]) -> [Double] {
    bytes.withUnsafeBytes { raw in
      values.indices.map { i in
        let place = (offset + i) * dtype.byteCount
        return switch dtype {
        case .float32: Double(raw.load(fromByteOffset: place, as: Float.self))
        case .float64: raw.load(fromByteOffset: place, as: Double.self)
        case .int32: Double(raw.load(fromByteOffset: place, as: Int32.self))
        case .bool, .uint8: Double(raw.load(fromByteOffset: place, as: UInt8.self))
        case .int8: Double(raw.load(fromByteOffset: place, as: Int8.self))
        case .int16: Double(raw.load(fromByteOffset: place, as: Int16.self))
        case .int64: Double(raw.load(fromByteOffset: place, as: Int64.self))
        case .float16, .bfloat16: Double(HalfFormat(dtype).number(raw.load(fromByteOffset: place, as: UInt16.self)))
        }
      }
    }
  }
}

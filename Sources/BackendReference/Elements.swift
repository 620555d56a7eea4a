import BackendCore

/// The elements of an operand, read as Double regardless of their type, and rounded once when stored. Integers can also
/// be read and stored directly, because Double arithmetic does not wrap around, and a Double does not hold every int64.
struct Elements {
  private let buffer: ReferenceBuffer
  private let offset: Int
  let dtype: DType

  init(_ slice: BufferSlice) {
    guard let buffer = slice.buffer as? ReferenceBuffer else {
      fatalError("the Reference backend got a buffer of another backend: \(type(of: slice.buffer))")
    }
    self.buffer = buffer
    offset = slice.offset
    dtype = slice.dtype
  }

  /// The address of the first element.
  var address: UnsafeMutableRawPointer { buffer.bytes + offset * dtype.byteCount }

  private func pointer<Element>(_ index: Int, _ type: Element.Type) -> UnsafeMutablePointer<Element> {
    buffer.bytes.assumingMemoryBound(to: type) + (offset + index)
  }

  /// An element as Double, which can represent every value of every type except int64, which is rounded. Stored integers
  /// are truncated and saturate.
  subscript(index: Int) -> Double {
    get {
      switch dtype {
      case .float32: Double(pointer(index, Float.self).pointee)
      case .float64: pointer(index, Double.self).pointee
      case .int8, .uint8, .int16, .int32, .int64: Double(self[integer: index])
      case .bool: pointer(index, UInt8.self).pointee == 0 ? 0 : 1
      case .float16, .bfloat16: Double(HalfFormat(dtype).number(pointer(index, UInt16.self).pointee))
      }
    }
    nonmutating set {
      switch dtype {
      case .float32: pointer(index, Float.self).pointee = Float(newValue)
      case .float64: pointer(index, Double.self).pointee = newValue
      case .int8: pointer(index, Int8.self).pointee = Int8(saturating: newValue)
      case .uint8: pointer(index, UInt8.self).pointee = UInt8(saturating: newValue)
      case .int16: pointer(index, Int16.self).pointee = Int16(saturating: newValue)
      case .int32: pointer(index, Int32.self).pointee = Int32(saturating: newValue)
      case .int64: pointer(index, Int64.self).pointee = Int64(saturating: newValue)
      case .bool: pointer(index, UInt8.self).pointee = newValue == 0 ? 0 : 1
      case .float16, .bfloat16: pointer(index, UInt16.self).pointee = HalfFormat(dtype).bits(of: newValue)
      }
    }
  }

  /// An integer element, widened so that a single sum or product of two int32 cannot overflow. Stored values wrap around.
  subscript(integer index: Int) -> Int64 {
    get {
      switch dtype {
      case .int8: Int64(pointer(index, Int8.self).pointee)
      case .uint8: Int64(pointer(index, UInt8.self).pointee)
      case .int16: Int64(pointer(index, Int16.self).pointee)
      case .int64: pointer(index, Int64.self).pointee
      default: Int64(pointer(index, Int32.self).pointee)
      }
    }
    nonmutating set {
      switch dtype {
      case .int8: pointer(index, Int8.self).pointee = Int8(truncatingIfNeeded: newValue)
      case .uint8: pointer(index, UInt8.self).pointee = UInt8(truncatingIfNeeded: newValue)
      case .int16: pointer(index, Int16.self).pointee = Int16(truncatingIfNeeded: newValue)
      case .int64: pointer(index, Int64.self).pointee = newValue
      default: pointer(index, Int32.self).pointee = Int32(truncatingIfNeeded: newValue)
      }
    }
  }

  /// Copies one element without interpreting it: the sign of a zero and the bits of a NaN are preserved.
  func copyElement(_ index: Int, from source: Elements, _ sourceIndex: Int) {
    let size = dtype.byteCount
    (address + index * size).copyMemory(from: source.address + sourceIndex * size, byteCount: size)
  }

  /// Stores the value for an index out of range: NaN, or 0 for types without NaN.
  func storeOutOfRange(_ index: Int) { self[index] = dtype.isFloatingPoint ? .nan : 0 }
}

/// A scalar operand rounded to the element type: the protocol passes scalars as Double, and they are rounded once.
func rounded(_ scalar: Double, to dtype: DType) -> Double {
  switch dtype {
  case .float32: Double(Float(scalar))
  case .float64: scalar
  case .int8: Double(Int8(saturating: scalar))
  case .uint8: Double(UInt8(saturating: scalar))
  case .int16: Double(Int16(saturating: scalar))
  case .int32: Double(Int32(saturating: scalar))
  case .int64: Double(Int64(saturating: scalar))
  case .bool: scalar == 0 ? 0 : 1
  case .float16, .bfloat16: Double(HalfFormat(dtype).number(HalfFormat(dtype).bits(of: scalar)))
  }
}

extension Shape {
  /// Calls `body` with the position of each index for every stride list, in row-major order.
  func forEachPosition(_ strides: [Strides], _ body: (_ index: Int, _ positions: [Int]) -> Void) {
    var index = [Int](repeating: 0, count: rank)
    var positions = [Int](repeating: 0, count: strides.count)
    for linear in 0..<count {
      body(linear, positions)
      // Advance like an odometer: the last axis first, carrying to the left.
      var axis = rank - 1
      while axis >= 0 {
        index[axis] += 1
        let wraps = index[axis] == self[axis]
        let steps = wraps ? 1 - self[axis] : 1
        for operand in strides.indices { positions[operand] += steps * strides[operand][axis] }
        guard wraps else { break }
        index[axis] = 0
        axis -= 1
      }
    }
  }
}

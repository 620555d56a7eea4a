import Files
import HostSystem
import NeuralNetworks

/// Converts the elements of an array from chunks of their bytes. Apart from one chunk, only the values and then the
/// tensor take memory. Floating point becomes float32, and integers become int32 if they fit, unless they keep their type.
struct ElementConversion {
  private let element: StoredElement
  private let isBigEndian: Bool
  // Only the array for the element type of the tensor is filled.
  private var floats: [Float] = []
  private var integers: [Int32] = []
  private var bools: [Bool] = []
  /// The elements of another type that stay as they are.
  private var kept: (any KeptElements)?
  /// The first bytes of an element that continues in the next chunk.
  private var rest: [UInt8] = []

  /// The reason why elements cannot be read.
  struct Failure: Error {
    /// The index of the element; nil if the failure concerns all elements.
    let index: Int?
    let reason: String

    var description: String { index.map { "element \($0): \(reason)" } ?? reason }
  }

  /// Checks the memory for `count` values and their tensor before either is allocated.
  /// - Parameter keepingTypes: Whether elements keep their type if tensors have it.
  init(
    _ element: StoredElement, count: Int, isBigEndian: Bool = false, keepingTypes: Bool = false
  ) throws(Failure) {
    self.element = element
    self.isBigEndian = isBigEndian
    kept = keepingTypes ? element.keptElements : nil
    do { try HostMemory.check(count, of: element == .bool ? 2 : kept == nil ? 8 : 2 * element.size) } catch {
      throw Failure(index: nil, reason: "\(error)")
    }
    if kept != nil {
      kept?.reserveCapacity(count)
    } else if element == .bool {
      bools.reserveCapacity(count)
    } else if element.isFloatingPoint {
      floats.reserveCapacity(count)
    } else {
      integers.reserveCapacity(count)
    }
  }

  /// Converts the elements in a byte range of a file.
  mutating func append(from file: FileReader, _ range: Range<Int>) throws {
    let piece = 1 << 18
    for start in stride(from: range.lowerBound, to: range.upperBound, by: piece) {
      try append(try file.read(at: start, count: min(piece, range.upperBound - start)))
    }
  }

  /// Converts the next bytes, which may end within an element.
  mutating func append(_ piece: some Collection<UInt8>) throws(Failure) {
    rest += piece
    let whole = rest.count / element.size * element.size
    let (bytes, isSwapped) = (rest[..<whole], isBigEndian)
    switch element {
    case _ where kept != nil: kept?.append(bytes, isBigEndian: isSwapped)
    case .float32: floats += words(bytes).map { (bits: UInt32) in Float(bitPattern: bits) }
    case .bfloat16: floats += words(bytes).map { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
    case .float16: floats += words(bytes).map { Float(Float16(bitPattern: $0)) }
    case .float64: try append(doubles: words(bytes))
    case .int32: integers += words(bytes)
    case .int64: try append(integers: words(bytes) as [Int64])
    case .int16: try append(integers: words(bytes) as [Int16])
    case .int8: try append(integers: words(bytes) as [Int8])
    case .uint64: try append(integers: words(bytes) as [UInt64])
    case .uint32: try append(integers: words(bytes) as [UInt32])
    case .uint16: try append(integers: words(bytes) as [UInt16])
    case .uint8: try append(integers: words(bytes) as [UInt8])
    case .bool: try append(bools: bytes)
    }
    rest.removeFirst(whole)
  }

  private func words<Word: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> [Word] {
    let count = bytes.count / MemoryLayout<Word>.size
    let words = [Word](unsafeUninitializedCapacity: count) { words, filled in
      UnsafeMutableRawBufferPointer(words).copyBytes(from: bytes)
      filled = count
    }
    return isBigEndian ? words.map { Word(bigEndian: $0) } : words
  }

  private mutating func append(doubles words: [UInt64]) throws(Failure) {
    for bits in words {
      let double = Double(bitPattern: bits), float = Float(double)
      if float.isInfinite && double.isFinite {
        throw Failure(index: floats.count, reason: "\(double) is too large for float32")
      }
      floats.append(float)
    }
  }

  private mutating func append(integers words: [some FixedWidthInteger]) throws(Failure) {
    for word in words {
      guard let integer = Int32(exactly: word) else {
        throw Failure(index: integers.count, reason: "an integer does not fit into 32 bits")
      }
      integers.append(integer)
    }
  }

  private mutating func append(bools bytes: ArraySlice<UInt8>) throws(Failure) {
    for byte in bytes {
      if byte > 1 { throw Failure(index: bools.count, reason: "a boolean is \(byte), neither 0 nor 1") }
      bools.append(byte == 1)
    }
  }

  /// Returns the tensor of the elements and releases their values.
  /// - Parameters:
  ///   - shape: The shape.
  ///   - strides: The distances between the elements along each axis; nil for C order.
  ///   - device: The device.
  /// - Throws: `Failure` if the device does not have elements of a type that is kept.
  mutating func tensor(shape: [Int], strides: [Int]? = nil, on device: Device) throws(Failure) -> Tensor {
    if let dtype = kept?.dtype, !device.backend.supports(dtype) {
      throw Failure(index: nil, reason: "\(device) has no elements of type \(dtype)")
    }
    if kept != nil, let tensor = kept?.tensor(shape, strides, on: device) { return tensor }
    if element == .bool {
      return Tensor(ElementConversion.take(&bools, shape, strides), shape: shape, on: device)
    }
    if element.isFloatingPoint {
      return Tensor(ElementConversion.take(&floats, shape, strides), shape: shape, on: device)
    }
    return Tensor(ElementConversion.take(&integers, shape, strides), shape: shape, on: device)
  }

  fileprivate static func take<Value>(_ values: inout [Value], _ shape: [Int], _ strides: [Int]?) -> [Value] {
    defer { values = [] }
    guard let strides, !shape.contains(0), strides != rowMajorStrides(of: shape) else { return values }
    return rowMajor(values, shape, strides)
  }

  /// The strides of C order.
  private static func rowMajorStrides(of shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  /// Converts values from any order to C order.
  private static func rowMajor<Value>(_ values: [Value], _ shape: [Int], _ strides: [Int]) -> [Value] {
    var indices = [Int](repeating: 0, count: shape.count)
    var source = 0
    let count = shape.reduce(1, *)
    var output: [Value] = []
    output.reserveCapacity(count)
    while output.count < count {
      output.append(values[source])
      for axis in shape.indices.reversed() {
        indices[axis] += 1
        // An axis with one element can have any stride, also one that does not fit.
        source &+= strides[axis]
        if indices[axis] < shape[axis] { break }
        source &-= strides[axis] &* shape[axis]
        indices[axis] = 0
      }
    }
    return output
  }
}

/// Elements that keep their type.
private protocol KeptElements {
  /// The type of the tensor.
  var dtype: DType { get }
  mutating func reserveCapacity(_ count: Int)
  mutating func append(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool)
  mutating func tensor(_ shape: [Int], _ strides: [Int]?, on device: Device) -> Tensor
}

private struct KeptArray<Value: TensorScalar & BitwiseCopyable>: KeptElements {
  // That of an array of `Double` would be float32.
  let dtype: DType
  private var values: [Value] = []

  init(_ type: Value.Type, _ dtype: DType) { self.dtype = dtype }

  mutating func reserveCapacity(_ count: Int) { values.reserveCapacity(count) }

  mutating func append(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) {
    let size = MemoryLayout<Value>.size, count = bytes.count / size
    values += [Value](unsafeUninitializedCapacity: count) { values, filled in
      let memory = UnsafeMutableRawBufferPointer(values)
      memory.copyBytes(from: bytes)
      if isBigEndian && size > 1 {
        for first in stride(from: 0, to: count * size, by: size) { memory[first..<first + size].reverse() }
      }
      filled = count
    }
  }

  mutating func tensor(_ shape: [Int], _ strides: [Int]?, on device: Device) -> Tensor {
    Tensor(ElementConversion.take(&values, shape, strides), shape: shape, dtype: dtype, on: device)
  }
}

extension StoredElement {
  /// An empty array for elements that are converted unless they keep their type; nil for types that are read as they are,
  /// and for those that tensors do not have.
  fileprivate var keptElements: (any KeptElements)? {
    switch self {
    case .float64: KeptArray(Double.self, .float64)
    case .float16: KeptArray(Float16.self, .float16)
    case .bfloat16: KeptArray(BFloat16Bits.self, .bfloat16)
    case .int64: KeptArray(Int64.self, .int64)
    case .int16: KeptArray(Int16.self, .int16)
    case .int8: KeptArray(Int8.self, .int8)
    case .uint8: KeptArray(UInt8.self, .uint8)
    case .float32, .int32, .bool, .uint64, .uint32, .uint16: nil
    }
  }
}

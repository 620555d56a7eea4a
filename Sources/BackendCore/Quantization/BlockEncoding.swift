extension BlockFormat {
  /// Whether numbers can be converted to this format: Q8_0, Q4_0, and Q4_1.
  public var canEncode: Bool { self == .q80 || self == .q40 || self == .q41 }

  /// Converts numbers to blocks of a format that `canEncode`, in the same steps as the reference implementation
  /// (`gguf.quants` in Python), so that the bytes are the same. A block with a number that is not finite, or is too large
  /// for a scale in float16, gives numbers that are not finite.
  ///
  /// - Parameters:
  ///   - numbers: The numbers of whole blocks.
  ///   - bytes: Memory for the blocks.
  package func encode(_ numbers: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer) {
    for index in 0..<numbers.count / count {
      let block = BlockEncoder(
        numbers: UnsafeBufferPointer(rebasing: numbers[index * count..<(index + 1) * count]),
        bytes: UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]))
      switch self {
      case .q80: block.bytesWithScale()
      case .q40: block.integersWithScale()
      case .q41: block.integersWithMinimum()
      case .q50, .q51, .q4K, .q5K, .q6K: break
      }
    }
  }
}

/// The encoding of one block of 32 numbers.
private struct BlockEncoder {
  let numbers: UnsafeBufferPointer<Float>
  let bytes: UnsafeMutableRawBufferPointer

  private func set(_ number: Float, at offset: Int) {
    bytes.storeBytes(
      of: HalfFormat.float16.bits(of: Double(number)).littleEndian, toByteOffset: offset, as: UInt16.self)
  }

  private func inverse(of scale: Float) -> Float { scale == 0 ? 0 : 1 / scale }

  /// The integer part of a number within a range; its lower bound for NaN.
  private func integer(_ number: Float, in range: ClosedRange<Float>) -> Int {
    number >= range.lowerBound ? Int(number < range.upperBound ? number : range.upperBound) : Int(range.lowerBound)
  }

  /// The first number with the largest magnitude; NaN if there is one.
  private var extreme: Float {
    numbers.reduce(numbers[0]) { $1.magnitude > $0.magnitude || $1.isNaN ? $1 : $0 }
  }

  /// Q8_0.
  func bytesWithScale() {
    let scale = extreme.magnitude / 127, inverse = inverse(of: scale)
    set(scale, at: 0)
    for (place, number) in numbers.enumerated() {
      let rounded = (number * inverse).rounded(.toNearestOrAwayFromZero)
      bytes[2 + place] = UInt8(bitPattern: Int8(integer(rounded, in: -127...127)))
    }
  }

  /// Q4_0. The number with the largest magnitude becomes -8.
  func integersWithScale() {
    let scale = extreme / -8, inverse = Double(inverse(of: scale))
    set(scale, at: 0)
    setHalves(at: 2) { Float(Double($0) * inverse + 8.5) }
  }

  /// Q4_1. The smallest number becomes 0, the largest 15.
  func integersWithMinimum() {
    let smallest = numbers.reduce(.infinity) { $1 < $0 || $1.isNaN ? $1 : $0 }
    let largest = numbers.reduce(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
    let scale = (largest - smallest) / 15, inverse = inverse(of: scale)
    set(scale, at: 0)
    set(smallest, at: 2)
    setHalves(at: 4) { ($0 - smallest) * inverse + 0.5 }
  }

  /// Stores integers of 4 bits: those of the first 16 numbers in the low halves of 16 bytes, the others in the high ones.
  @inline(__always)
  private func setHalves(at start: Int, _ value: (Float) -> Float) {
    for place in 0..<16 {
      let low = integer(value(numbers[place]), in: 0...15), high = integer(value(numbers[16 + place]), in: 0...15)
      bytes[start + place] = UInt8(low | high << 4)
    }
  }
}

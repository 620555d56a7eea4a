extension BlockFormat {
  /// Writes the numbers of whole blocks. Each operation is rounded to float32 in the order of the reference
  /// implementation (`gguf.quants` in Python), so that the bits are the same.
  ///
  /// - Parameters:
  ///   - bytes: The blocks.
  ///   - numbers: Memory for `count` numbers of each block.
  package func decode(_ bytes: UnsafeRawBufferPointer, into numbers: UnsafeMutableBufferPointer<Float>) {
    for index in 0..<bytes.count / size {
      let block = BlockDecoder(
        bytes: UnsafeRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]),
        numbers: UnsafeMutableBufferPointer(rebasing: numbers[index * count..<(index + 1) * count]))
      switch self {
      case .q40: block.integersWithScale(at: 2, offset: 8)
      case .q41: block.integersWithMinimum(at: 4)
      case .q50: block.integersWithScale(at: 6, fifthBits: block.word(at: 2), offset: 16)
      case .q51: block.integersWithMinimum(at: 8, fifthBits: block.word(at: 4))
      case .q80: block.bytesWithScale()
      case .q4K: block.groupsOf32(at: 16, fifthBits: nil)
      case .q5K: block.groupsOf32(at: 48, fifthBits: 16)
      case .q6K: block.groupsOf16()
      }
    }
  }
}

/// The decoding of one block.
private struct BlockDecoder {
  let bytes: UnsafeRawBufferPointer
  let numbers: UnsafeMutableBufferPointer<Float>

  func word(at offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  private func half(at offset: Int) -> Float {
    Float(Float16(bitPattern: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))))
  }

  /// Q4_0 and Q5_0.
  func integersWithScale(at start: Int, fifthBits: UInt32 = 0, offset: Int32) {
    let scale = half(at: 0)
    integers(at: start, fifthBits) { scale * Float($0 - offset) }
  }

  /// Q4_1 and Q5_1.
  func integersWithMinimum(at start: Int, fifthBits: UInt32 = 0) {
    let scale = half(at: 0), minimum = half(at: 2)
    integers(at: start, fifthBits) { scale * Float($0) + minimum }
  }

  /// Converts 32 integers: the low halves of 16 bytes, then the high ones, with the bits of a word as fifth bits.
  @inline(__always)
  private func integers(at start: Int, _ fifthBits: UInt32, _ number: (Int32) -> Float) {
    for place in 0..<16 {
      let byte = Int32(bytes[start + place])
      numbers[place] = number(byte & 15 | Int32(fifthBits >> place & 1) << 4)
      numbers[16 + place] = number(byte >> 4 | Int32(fifthBits >> (16 + place) & 1) << 4)
    }
  }

  /// Q8_0.
  func bytesWithScale() {
    let scale = half(at: 0)
    for place in 0..<32 { numbers[place] = scale * Float(Int8(bitPattern: bytes[2 + place])) }
  }

  /// Q4_K and Q5_K. Two groups share 32 bytes, of which they have the low and the high halves. The fifth bits of all
  /// groups are in 32 bytes, with a bit of each byte for each group.
  func groupsOf32(at start: Int, fifthBits: Int?) {
    let scale = half(at: 0), minimum = half(at: 2)
    for group in 0..<8 {
      let own = scaleAndMinimum(of: group)
      let factor = scale * Float(own.scale), offset = minimum * Float(own.minimum)
      for place in 0..<32 {
        var integer = Int32(bytes[start + 32 * (group / 2) + place] >> (group % 2 * 4) & 15)
        if let fifthBits { integer |= Int32(bytes[fifthBits + place] >> group & 1) << 4 }
        numbers[32 * group + place] = factor * Float(integer) - offset
      }
    }
  }

  /// The scales and the minima of 8 groups in the 12 bytes at 4. Those of the first four groups are the low 6 bits of a
  /// byte; those of the others are in halves of the last four bytes, with their upper 2 bits in the first eight.
  private func scaleAndMinimum(of group: Int) -> (scale: UInt8, minimum: UInt8) {
    if group < 4 { return (bytes[4 + group] & 63, bytes[8 + group] & 63) }
    let halves = bytes[8 + group]
    return (halves & 15 | (bytes[group] >> 6) << 4, halves >> 4 | (bytes[4 + group] >> 6) << 4)
  }

  /// Q6_K. Each half of the block has 64 bytes with the low 4 bits of its integers and 32 bytes with the upper 2 bits.
  func groupsOf16() {
    let scale = half(at: 208)
    for group in 0..<16 {
      let factor = scale * Float(Int8(bitPattern: bytes[192 + group]))
      let (part, quarter, first) = (group / 8, group % 8 / 2, group % 2 * 16)
      for place in first..<first + 16 {
        let low = bytes[64 * part + 32 * (quarter % 2) + place] >> (quarter / 2 * 4) & 15
        let high = bytes[128 + 32 * part + place] >> (2 * quarter) & 3
        numbers[128 * part + 32 * quarter + place] = factor * Float(Int32(low | high << 4) - 32)
      }
    }
  }
}

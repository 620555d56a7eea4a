import HostSystem
package import Synchronization

/// A matrix in blocks of small integers, of which 16 rows are side by side, so that a vector instruction has an integer
/// of each of them. It takes the same bytes as the blocks of the rows one after another, with rows of zeros up to a
/// multiple of 16: a matrix with one row takes as much memory as one with 16.
///
/// For each block of 16 rows: the 16 scales, then the 16 minima, and then the integers, four bytes of each row at a time.
/// The integers of Q4_0 are stored as signed numbers.
package final class InterleavedBlocks: @unchecked Sendable {
  package let format: BlockFormat
  /// The number of rows.
  package let rows: Int
  /// The number of blocks in a row.
  package let blocks: Int
  /// The memory. It is only written before the matrix is shared.
  package let bytes: UnsafeMutableRawBufferPointer

  /// Copies in the memory of devices, in the order of their kernels, each with the object that identifies the device.
  package let deviceCopies = Mutex<[ObjectIdentifier: [BufferSlice]]>([:])

  /// The number of rows side by side.
  package static let width = 16

  /// Allocates a matrix of zeros.
  ///
  /// - Throws: `HostMemory.Shortage` if it does not fit into memory.
  package init(_ format: BlockFormat, rows: Int, blocks: Int) throws(HostMemory.Shortage) {
    (self.format, self.rows, self.blocks) = (format, rows, blocks)
    try HostMemory.check((rows + Self.width - 1) / Self.width * Self.width, of: blocks * format.size)
    let count = (rows + Self.width - 1) / Self.width * Self.width * blocks * format.size
    bytes = .allocate(byteCount: count, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }

  /// The number of bytes before the integers of a block: scales, and minima.
  private var scaleSize: Int {
    switch format {
    case .q40, .q50, .q80, .q6K: 2
    case .q41, .q51, .q4K, .q5K: 4
    }
  }
  /// Turns the integers of Q4_0, from which 8 is subtracted, into signed ones, and back.
  private var mask: UInt8 { format == .q40 ? 0x88 : 0 }

  /// The position of a block, for the first of its 16 rows.
  private func start(_ row: Int, _ block: Int) -> Int { (row / Self.width * blocks + block) * Self.width * format.size }

  /// The position of a byte of a block after `start`, for the row with this number among the 16.
  private func place(_ byte: Int, _ lane: Int) -> Int {
    if byte < scaleSize { return Self.width * (byte & ~1) + 2 * lane + byte & 1 }
    let integer = byte - scaleSize
    return Self.width * scaleSize + Self.width * (integer & ~3) + 4 * lane + integer & 3
  }

  /// Stores the blocks of a row.
  package func store(_ row: Int, _ source: UnsafeRawBufferPointer) {
    let lane = row % Self.width, mask = mask, scaleSize = scaleSize, size = format.size
    for block in 0..<blocks {
      let start = start(row, block)
      for byte in 0..<size {
        bytes[start + place(byte, lane)] = source[block * size + byte] ^ (byte < scaleSize ? 0 : mask)
      }
    }
  }

  /// Returns the blocks of a row.
  package func load(_ row: Int, into destination: UnsafeMutableRawBufferPointer) {
    let lane = row % Self.width, mask = mask, scaleSize = scaleSize, size = format.size
    for block in 0..<blocks {
      let start = start(row, block)
      for byte in 0..<size {
        destination[block * size + byte] = bytes[start + place(byte, lane)] ^ (byte < scaleSize ? 0 : mask)
      }
    }
  }
}

/// A backend that multiplies with a matrix in blocks of small integers without decoding it to memory.
package protocol BlockProducts: Backend {
  /// Whether `blockProduct` takes weights of this format.
  func multiplies(_ format: BlockFormat) -> Bool
  /// y = x·Wᵀ: x `[rows, W.format.count·W.blocks]`, y `[rows, W.rows]`, both float32. With `roundsInputs`, x is rounded to multiples
  /// n·s of the scale s of its block of 32 numbers, with n from -127 to 127 and s = max|x|/127.
  func blockProduct(
    _ x: BufferSlice, _ weight: InterleavedBlocks, rows: Int, roundsInputs: Bool, into y: BufferSlice) throws
}

extension InterleavedBlocks {
  /// Whether a backend, or the one to which it passes its calls on, multiplies with this matrix without decoding it.
  package func canMultiply(on backend: any Backend) -> Bool {
    if let products = backend as? any BlockProducts { return products.multiplies(format) }
    return (backend as? any ForwardingBackend).map { canMultiply(on: $0.base) } ?? false
  }

  /// y = x·Wᵀ on a backend that `canMultiply(on:)` accepts: a direct call, or an operation that is passed on, so that it
  /// can be recorded.
  package func multiply(
    _ x: BufferSlice, rows: Int, roundsInputs: Bool, into y: BufferSlice, on backend: any Backend
  ) throws {
    if let products = backend as? any BlockProducts {
      return try products.blockProduct(x, self, rows: rows, roundsInputs: roundsInputs, into: y)
    }
    let product = CustomOperation("quantizedMatmul") { backend, operands in
      guard let products = backend as? any BlockProducts else {
        throw BackendError.unsupported(operation: "quantizedMatmul", dtype: operands[0].dtype, device: backend.name)
      }
      try products.blockProduct(operands[0], self, rows: rows, roundsInputs: roundsInputs, into: operands[1])
    }
    try BackendOperation.custom(product).perform(on: backend, [x, y])
  }
}

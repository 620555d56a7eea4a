import BackendCore

/// Memory of the CPU backend. The block returns to the allocator when the last reference is released.
final class CPUBuffer: Buffer, @unchecked Sendable {
  let block: CachingAllocator.Block
  /// Unowned: the allocator lives as long as any of its blocks.
  private let allocator: Unmanaged<CachingAllocator>

  init(count: Int, dtype: DType, block: CachingAllocator.Block, allocator: CachingAllocator) {
    self.block = block
    self.allocator = .passUnretained(allocator)
    super.init(count: count, dtype: dtype)
  }

  deinit { allocator._withUnsafeGuaranteedRef { $0.release(block) } }
}

extension BufferSlice {
  /// The first byte of the operand.
  @inline(__always) var address: UnsafeMutableRawPointer {
    guard type(of: buffer) == CPUBuffer.self else { Self.refuse(buffer) }
    return unsafeDowncast(buffer, to: CPUBuffer.self).block.address + offset * dtype.byteCount
  }

  @inline(__always) var floats: UnsafeMutablePointer<Float> { address.assumingMemoryBound(to: Float.self) }
  @inline(__always) var integers: UnsafeMutablePointer<Int32> { address.assumingMemoryBound(to: Int32.self) }
  @inline(__always) var bytes: UnsafeMutablePointer<UInt8> { address.assumingMemoryBound(to: UInt8.self) }
  @inline(__always) var words: UnsafeMutablePointer<UInt32> { address.assumingMemoryBound(to: UInt32.self) }

  private static func refuse(_ buffer: Buffer) -> Never {
    fatalError("the CPU backend was given a buffer of another backend: \(type(of: buffer))")
  }
}

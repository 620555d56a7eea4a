import BackendCore

/// Transfers, copies, fills, and the reports of the allocator.
extension ConformanceRunner {
  func examineMemory() {
    for dtype in [DType.float32, .int32, .bool] where !tested.supports(dtype) {
      fail("supports", "\(dtype)", expected: "true", found: "false")
    }
    for dtype in movedTypes {
      for count in [0, 1, 33, 1000] { examineTransfers(dtype, count) }
    }
    let values = Special.floats + Special.denormals
    examine("copy float32", "special values") { testCase in
      let x = testCase.input(values, offset: 1)
      let y = testCase.output(values.count, offset: 2, within: .bits)
      return { backend, s in try backend.copy(s[x], count: values.count, into: s[y]) }
    }
    for value in [0, -0.0, 1.5, .nan, .infinity, -1e-40] { examineFill(.float32, value) }
    for value in [0, -7, Double(Int32.max), Double(Int32.min)] { examineFill(.int32, value) }
    for value in [0.0, 1] { examineFill(.bool, value) }
    for dtype in halfTypes {
      // The last two round up and down if they are rounded only once.
      for value in [0, -0.0, 1.5, .nan, .infinity, 65519, 65520, -1e-40, 1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-8 - 0x1p-40] {
        examineFill(dtype, value)
      }
    }
    for dtype in storedTypes {
      // The largest numbers of the types, numbers beyond them, and numbers that are rounded.
      for value in [0, -7, 200, 255, 256, 1.5, -1.5, .nan, .infinity, -.infinity, 40_000, -1e10, 0x1p53, 1e300] {
        examineFill(dtype, value)
      }
    }
    examineAllocator()
  }

  private func examineTransfers(_ dtype: DType, _ count: Int) {
    let values = numbers.values(count, dtype)
    examine("copy \(dtype)", "[\(count)]") { testCase in
      let x = testCase.input(values, dtype, offset: 5)
      let y = testCase.output(count, dtype, offset: 3, within: .bits)
      return { backend, s in try backend.copy(s[x], count: count, into: s[y]) }
    }
    examine("download and upload \(dtype)", "[\(count)]") { testCase in
      let x = testCase.input(values, dtype, offset: 5)
      let y = testCase.output(count, dtype, offset: 3, within: .bits)
      return { backend, s in
        var bytes = [UInt8](repeating: 0, count: count * dtype.byteCount)
        try bytes.withUnsafeMutableBytes { try backend.download(s[x], into: $0) }
        try bytes.withUnsafeBytes { try backend.upload($0, into: s[y]) }
        // The source of an upload may change when the call returns.
        for i in bytes.indices { bytes[i] = 0x55 }
        try backend.synchronize()
      }
    }
  }

  private func examineFill(_ dtype: DType, _ value: Double) {
    for count in [0, 1, 129] {
      examine("fill \(dtype) with \(value)", "[\(count)]") { testCase in
        let y = testCase.output(count, dtype, offset: 3, within: .number)
        return { backend, s in try backend.fill(s[y], count: count, with: value) }
      }
    }
  }

  private func examineAllocator() {
    do {
      let elements = 1 << 18
      let buffer = try tested.allocate(count: elements, dtype: .float32)
      let statistics = tested.memoryStatistics()
      if buffer.count != elements || buffer.dtype != .float32 {
        fail("allocate", "[\(elements)]", expected: "\(elements) float32", found: "\(buffer.count) \(buffer.dtype)")
      }
      let isPlausible = statistics.liveBytes >= 4 * elements && statistics.peakBytes >= statistics.liveBytes
      if !isPlausible {
        fail("memoryStatistics", "[\(elements)]", expected: "at least \(4 * elements) bytes", found: "\(statistics)")
      }
      try withExtendedLifetime(buffer) { try tested.synchronize() }
    } catch {
      fail("allocate", "[262144]", expected: "a buffer", found: "\(error)")
    }
    examineCapabilities()
    // More than any address space.
    refuse(1 << 46)
  }

  private func examineCapabilities() {
    let capabilities = tested.capabilities
    if !(1...BackendCapabilities.currentVersion).contains(capabilities.version) {
      fail(
        "capabilities", "version", expected: "1 to \(BackendCapabilities.currentVersion)",
        found: "\(capabilities.version)")
    }
    if capabilities.largestBufferBytes < Int.max - 4 { refuse(capabilities.largestBufferBytes / 4 + 1) }
  }

  /// A buffer that is too large is refused with the error for it.
  private func refuse(_ impossible: Int) {
    do {
      _ = try tested.allocate(count: impossible, dtype: .float32)
      fail("allocate", "[\(impossible)]", expected: "an error", found: "a buffer")
    } catch BackendError.outOfMemory {
      return
    } catch {
      fail("allocate", "[\(impossible)]", expected: "BackendError.outOfMemory", found: "\(error)")
    }
  }
}

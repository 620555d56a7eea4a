import BackendCore
import BackendReference

/// Runs conformance cases and collects the failures. Each family of operations extends it in a separate file.
final class ConformanceRunner {
  let tested: any Backend
  let reference: any Backend
  let defaults: DefaultsOnly
  var family = ConformanceFamily.memory
  var numbers: Numbers
  private(set) var failures: [ConformanceFailure] = []
  /// The type of the operands that cases declare as float32.
  private let dtype: DType
  /// Whether operations compute with 16-bit numbers.
  var computesHalves: Bool { dtype.isHalf }

  init(_ tested: any Backend, seed: UInt64, _ dtype: DType) {
    self.tested = tested
    self.dtype = dtype
    reference = dtype.isWidened && dtype.isInteger ? WidenedArithmetic(ReferenceBackend()) : ReferenceBackend()
    defaults = DefaultsOnly(tested)
    numbers = Numbers(seed: seed)
  }

  /// The element types whose elements every operation that only moves them must move.
  var movedTypes: [DType] { [.float32, .int32, .bool] + halfTypes + storedTypes }
  /// The 16-bit types that the backend supports.
  var halfTypes: [DType] { [DType.float16, .bfloat16].filter { tested.supports($0) } }

  /// The other types that the backend supports.
  var storedTypes: [DType] { [DType.int8, .uint8, .int16, .int64, .float64].filter { tested.supports($0) } }

  /// The integer types with which operations compute.
  var integerTypes: [DType] {
    if dtype.isInteger { return [dtype] }
    return dtype == .float32 ? [DType.int32, .int64].filter { tested.computes($0) } : []
  }

  /// Makes one call on the Reference backend and on the examined one, and compares all operands.
  /// - Parameters:
  ///   - isFused: Whether to run the protocol's default composition as well.
  ///   - prepare: Sets up the operands and returns the call.
  func examine(
    _ operation: String, _ shapes: String, isFused: Bool = false,
    _ prepare: (inout ConformanceCase) -> ConformanceCase.Body
  ) {
    var testCase = ConformanceCase()
    let body = prepare(&testCase)
    if dtype.isInteger && !testCase.slots.contains(where: { $0.dtype == dtype }) { return }
    let isSum = testCase.slots.contains { $0.tolerance?.isSum ?? false }
    // The reference computes in float64 with the same numbers, so that only the backend's results are rounded to halves.
    var exactCase = computesHalves ? testCase.replacingFloats(by: dtype).replacingHalves(by: .float64) : testCase
    if dtype.isFloatingPoint && dtype != .float32 { testCase = testCase.replacingFloats(by: dtype) }
    if dtype == .float64 { exactCase = testCase }
    do {
      let expected = try run(exactCase, body, on: reference)
      let magnitudes = isSum ? try run(exactCase, body, on: reference, asMagnitudes: true) : expected
      let judge = Judge(testCase: testCase, exactCase: exactCase, expected: expected, magnitudes: magnitudes)
      let found = try run(testCase, body, on: tested)
      report(judge, found, operation, shapes)
      if isSum {
        let repeated = try run(testCase, body, on: tested)
        if repeated != found { fail(operation, shapes, expected: "the same bits each time", found: "other bits") }
      }
      if isFused && dtype == .float32 {
        report(judge, try run(testCase, body, on: defaults), "default composition of \(operation)", shapes)
      }
    } catch {
      fail(operation, shapes, expected: "no error", found: "\(error)")
    }
  }

  private func report(_ judge: Judge, _ found: [[UInt8]], _ operation: String, _ shapes: String) {
    for fault in judge.faults(found) {
      failures.append(
        ConformanceFailure(
          family: family, operation: operation, shapes: "\(shapes), \(fault.operand)", index: fault.index,
          expected: fault.expected, found: fault.found))
    }
  }

  /// Records the failure of a call as a whole.
  func fail(_ operation: String, _ shapes: String, expected: String, found: String) {
    failures.append(
      ConformanceFailure(
        family: family, operation: operation, shapes: shapes, index: nil, expected: expected, found: found))
  }

  /// The bytes of every operand after the call.
  private func run(
    _ testCase: ConformanceCase, _ body: ConformanceCase.Body, on backend: any Backend, asMagnitudes: Bool = false
  ) throws -> [[UInt8]] {
    let slices = try testCase.slots.map { slot in
      let buffer = try backend.allocate(count: slot.elementCount, dtype: slot.dtype)
      try slot.image(asMagnitudes: asMagnitudes).withUnsafeBytes {
        try backend.upload($0, into: BufferSlice(buffer))
      }
      return BufferSlice(buffer, offset: slot.offset)
    }
    try body(backend, ConformanceCase.Slices(slices: slices, isMagnitude: asMagnitudes))
    return try slices.map { slice in
      var bytes = [UInt8](repeating: 0, count: slice.buffer.byteCount)
      try bytes.withUnsafeMutableBytes { try backend.download(BufferSlice(slice.buffer), into: $0) }
      return bytes
    }
  }
}

/// Compares the operands of a case after a call with the expected values.
private struct Judge {
  struct Fault {
    let operand: String
    let index: Int?
    let expected, found: String
  }

  let testCase: ConformanceCase
  /// The case of the reference.
  let exactCase: ConformanceCase
  let expected: [[UInt8]]
  let magnitudes: [[UInt8]]

  /// The first fault of each operand.
  func faults(_ found: [[UInt8]]) -> [Fault] {
    testCase.slots.indices.compactMap { number in
      let slot = testCase.slots[number]
      return guardFault(slot, found[number])
        ?? (slot.tolerance == nil
          ? inputFault(slot, found[number])
          : resultFault(slot, found[number], exactCase.slots[number], expected[number], magnitudes[number]))
    }
  }

  private func guardFault(_ slot: ConformanceCase.Slot, _ found: [UInt8]) -> Fault? {
    let outside = found.indices.first { !slot.content.contains($0) && found[$0] != ConformanceCase.Slot.guardByte }
    return outside.map { byte in
      Fault(
        operand: slot.name, index: byte / slot.dtype.byteCount - slot.offset, expected: "nothing written there",
        found: "a write outside of the operand's \(slot.values.count) elements")
    }
  }

  private func inputFault(_ slot: ConformanceCase.Slot, _ found: [UInt8]) -> Fault? {
    let before = slot.image(asMagnitudes: false)
    let changed = found.indices.first { found[$0] != before[$0] }
    return changed.map { byte in
      let index = byte / slot.dtype.byteCount - slot.offset
      return Fault(
        operand: slot.name, index: index, expected: "an unchanged input, \(slot.values[index])",
        found: "\(slot.decode(found)[index])")
    }
  }

  private func resultFault(
    _ slot: ConformanceCase.Slot, _ found: [UInt8], _ exactSlot: ConformanceCase.Slot, _ expected: [UInt8],
    _ magnitudes: [UInt8]
  ) -> Fault? {
    guard let tolerance = slot.tolerance, found != expected else { return nil }
    let (foundValues, expectedValues) = (slot.decode(found), exactSlot.decode(expected))
    let magnitudeValues = tolerance.isSum ? exactSlot.decode(magnitudes) : expectedValues
    let wrong = expectedValues.indices.filter { i in
      if slot.dtype == .int64 { return slot.integer(i, found) != slot.integer(i, expected) }
      return !agree(foundValues[i], expectedValues[i], slot, tolerance, i, magnitudeValues[i])
    }
    guard let first = wrong.first else { return nil }
    let others = wrong.count > 1 ? " (and \(wrong.count - 1) more elements differ)" : ""
    let (expectedText, foundText) =
      slot.dtype == .int64
      ? ("\(slot.integer(first, expected))", "\(slot.integer(first, found))")
      : ("\(expectedValues[first])", "\(foundValues[first])")
    return Fault(operand: slot.name, index: first, expected: expectedText, found: foundText + others)
  }

  private func agree(
    _ found: Double, _ expected: Double, _ slot: ConformanceCase.Slot, _ tolerance: Tolerance, _ index: Int,
    _ magnitude: Double
  ) -> Bool {
    if expected.isNaN || found.isNaN { return expected.isNaN && found.isNaN }
    if tolerance.isBitwise { return found == slot.rounded(expected) && found.sign == expected.sign }
    if found == slot.rounded(expected) { return true }
    guard slot.dtype.isFloatingPoint, expected.isFinite else { return false }
    let allowance = tolerance.allowance(expected: expected, index: index, magnitude: magnitude, slot.dtype)
    if !slot.dtype.isHalf { return abs(found - expected) <= allowance }
    return (slot.rounded(expected - allowance)...slot.rounded(expected + allowance)).contains(found)
  }
}

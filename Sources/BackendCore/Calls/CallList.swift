/// A recorded call: an operation, and the values on which it works.
public struct BackendCall: Sendable {
  /// The method and its settings.
  public var operation: BackendOperation
  /// The operands, in the order given by `BackendOperation.perform(on:_:)`.
  public var operands: [CallOperand]
}

/// An operand of a recorded call: the number of a value, and the element where the operand starts.
@frozen
public struct CallOperand: Sendable, Hashable {
  /// The number of the value in the list of calls; negative for an absent operand.
  public var value: Int32
  /// The position of the first element.
  public var offset: Int

  /// An optional operand that is not given.
  public static let absent = CallOperand(value: -1, offset: 0)

  /// Whether the operand is given.
  public var isPresent: Bool { value >= 0 }
}

/// Memory used by recorded calls. Each allocation is a new value, even where it gets the memory of an earlier one.
public struct CallValue: Sendable, Hashable {
  /// The number of elements.
  public var count: Int
  /// The element type.
  public var dtype: DType
  /// Whether only the calls use the value. The others existed before the recording or are results.
  public var isTemporary: Bool

  /// The size in bytes.
  public var byteCount: Int { count * dtype.byteCount }
}

/// A sequence of calls and the values on which they work: a recording as data, which can be printed and counted.
public struct CallList: Sendable {
  /// The calls in their order.
  public internal(set) var calls: [BackendCall] = []
  /// The values, by number.
  public internal(set) var values: [CallValue] = []

  /// The sum of the sizes of all temporary values.
  public var temporaryByteCount: Int { values.reduce(0) { $0 + ($1.isTemporary ? $1.byteCount : 0) } }

  /// Returns the numbers of the calls from the first to the last that uses a value, by the number of the value. Values
  /// that no call uses have no entry.
  public func lifetimes() -> [Int: ClosedRange<Int>] {
    var lifetimes: [Int: ClosedRange<Int>] = [:]
    for (index, call) in calls.enumerated() {
      for operand in call.operands where operand.isPresent {
        let value = Int(operand.value)
        lifetimes[value] = (lifetimes[value]?.lowerBound ?? index)...index
      }
    }
    return lifetimes
  }

  /// The largest sum of the sizes of temporary values that are in use at the same time. Without moving calls, no
  /// arrangement in memory takes less, unless results replace operands.
  public var peakByteCount: Int {
    var changes = [Int](repeating: 0, count: calls.count + 1)
    for (value, lifetime) in lifetimes() where values[value].isTemporary {
      changes[lifetime.lowerBound] += values[value].byteCount
      changes[lifetime.upperBound + 1] -= values[value].byteCount
    }
    var (live, peak) = (0, 0)
    for change in changes {
      live += change
      peak = max(peak, live)
    }
    return peak
  }
}

extension CallList: CustomStringConvertible {
  /// One line for each call, with its results first: `%5 = multiply(%3, %4)`.
  public var description: String {
    calls.map { call in
      var (read, written): ([String], [String]) = ([], [])
      for (index, operand) in call.operands.enumerated() {
        guard operand.isPresent else { continue }
        let text = "%\(operand.value)" + (operand.offset == 0 ? "" : "+\(operand.offset)")
        let access = call.operation.access(of: index)
        if access != .written { read.append(text) }
        if access != .read { written.append(text) }
      }
      return "\(written.joined(separator: ", ")) = \(call.operation.name)(\(read.joined(separator: ", ")))"
    }.joined(separator: "\n")
  }
}

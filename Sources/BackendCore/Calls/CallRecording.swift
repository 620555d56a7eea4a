/// A recording as a list of calls and a table with the memory of each value.
final class CallRecording: Recording, @unchecked Sendable {
  private let list: CallList
  private let base: any Backend
  /// The operands of all calls, one after the other, and the position of the first one of each call, then the end.
  private let operands: [CallOperand]
  private let starts: [Int]
  /// The memory of each value in the recording, and in the current replay.
  private let home: [Place]
  private let places: UnsafeMutableBufferPointer<Place>
  /// Keeps the memory alive.
  private let buffers: [Buffer]
  /// The value of each buffer.
  private let values: [ObjectIdentifier: Int]
  /// The buffers substituted in the last replay, and their values: usually those of the next one.
  private var substituted: [(identity: ObjectIdentifier, value: Int?)] = []

  var calls: CallList? { list }

  init(_ planned: PlannedCalls, on base: any Backend) {
    list = planned.list
    home = planned.places
    places = .allocate(capacity: home.count)
    _ = places.initialize(from: home)
    values = planned.values
    buffers = planned.buffers
    self.base = base
    operands = list.calls.flatMap(\.operands)
    starts = list.calls.reduce(into: [0]) { starts, call in
      starts.append(starts[starts.count - 1] + call.operands.count)
    }
  }

  deinit { places.deallocate() }

  func replay(substituting substitutions: [BufferBinding]) throws {
    resolve(substitutions)
    for (substitution, (_, value)) in zip(substitutions, substituted) {
      guard let value else { continue }
      places[value] = Place(substitution.replacement.buffer, offset: substitution.replacement.offset)
    }
    defer { for case (_, let value?) in substituted { places[value] = home[value] } }
    try operands.withUnsafeBufferPointer { operands in
      for index in list.calls.indices {
        let all = UnsafeBufferPointer(rebasing: operands[starts[index]..<starts[index + 1]])
        let placed = PlacedOperands(operands: all, places: UnsafeBufferPointer(places))
        try list.calls[index].operation.performInline(on: base, placed)
      }
    }
  }

  /// Finds the values of the substituted buffers.
  private func resolve(_ substitutions: [BufferBinding]) {
    let isSame =
      substituted.count == substitutions.count
      && zip(substituted, substitutions).allSatisfy { $0.identity == ObjectIdentifier($1.buffer) }
    if isSame { return }
    substituted = substitutions.map {
      let identity = ObjectIdentifier($0.buffer)
      return (identity, values[identity])
    }
  }
}

/// The operands of a call in a replay.
private struct PlacedOperands: CallOperands {
  let operands: UnsafeBufferPointer<CallOperand>
  let places: UnsafeBufferPointer<Place>

  var count: Int { operands.count }

  @inline(__always)
  func optional(_ index: Int) -> BufferSlice? {
    let operand = operands[index]
    guard operand.isPresent else { return nil }
    let place = places[Int(operand.value)]
    return BufferSlice(place.buffer, offset: place.offset + operand.offset)
  }
}

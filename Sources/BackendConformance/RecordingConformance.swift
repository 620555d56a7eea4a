import BackendCore

/// A recording repeats its calls on the same buffers, with what they hold by then. A backend that records nothing conforms.
extension Examiner {
  func examineRecording() {
    let (first, second) = (numbers.floats(129), numbers.floats(129))
    let scalars = [0.5, 2.0]
    examine("record and replay", "[129]") { trial in
      let x = trial.input(first)
      let other = trial.input(second)
      let factor = trial.input(scalars)
      let work = trial.updated(first, within: .number, name: "input buffer")
      let rate = trial.updated([0], within: .number, name: "scalar buffer")
      let eager = trial.output(129, within: .number, name: "first result")
      let replayed = trial.output(129, within: .number, name: "replayed result")
      let dense = Layout(dense: [129])
      let repeated = Layout(shape: [129], strides: Strides())
      return { backend, s in
        let result = BufferSlice(try backend.allocate(count: 129, dtype: .float32))
        func step() throws {
          try backend.binary(.multiply, s[work], dense, s[rate], repeated, into: result)
          try backend.binaryScalar(.add, result, 1, scalarFirst: false, count: 129, into: result)
        }
        try backend.copy(s[x], count: 129, into: s[work])
        try backend.copy(s[factor], count: 1, into: s[rate])
        let recording = try backend.record(step)
        try backend.copy(result, count: 129, into: s[eager])
        // New numbers in the same buffers.
        try backend.copy(s[other], count: 129, into: s[work])
        try backend.copy(s[factor].advanced(by: 1), count: 1, into: s[rate])
        if let recording { try recording.replay() } else { try step() }
        try backend.copy(result, count: 129, into: s[replayed])
      }
    }
  }
}

import BackendCore

/// A recording repeats its calls on the same buffers with their current content. A backend that does not record
/// conforms.
extension ConformanceRunner {
  func examineRecording() {
    examineReplay()
    examineSubstitution()
    examineReplayedStep()
  }

  private func examineReplay() {
    let (first, second) = (numbers.floats(129), numbers.floats(129))
    let dense = Layout(dense: [129])
    let repeated = Layout(shape: [129], strides: Strides())
    examine("record and replay", "[129]") { testCase in
      let x = testCase.input(first)
      let other = testCase.input(second)
      let factors = testCase.input([0.5, 2])
      let work = testCase.updated(first, within: .number, name: "input buffer")
      let factor = testCase.updated([0], within: .number, name: "scalar buffer")
      let recorded = testCase.output(129, within: .number, name: "recorded result")
      let replayed = testCase.output(129, within: .number, name: "replayed result")
      return { backend, s in
        let result = BufferSlice(try backend.allocate(count: 129, dtype: .float32))
        func step(_ backend: any Backend) throws {
          try backend.binary(.multiply, s[work], dense, s[factor], repeated, into: result)
          try backend.binaryScalar(.add, result, 1, scalarFirst: false, count: 129, into: result)
        }
        try backend.copy(s[x], count: 129, into: s[work])
        try backend.copy(s[factors], count: 1, into: s[factor])
        let recording = try backend.record(step)
        try backend.copy(result, count: 129, into: s[recorded])
        // New numbers in the same buffers.
        try backend.copy(s[other], count: 129, into: s[work])
        try backend.copy(s[factors].advanced(by: 1), count: 1, into: s[factor])
        if let recording { try recording.replay() } else { try step(backend) }
        try backend.copy(result, count: 129, into: s[replayed])
      }
    }
  }

  /// A replay may read and write buffers other than the recorded ones, at any offset.
  private func examineSubstitution() {
    let (first, second) = (numbers.floats(33), numbers.floats(40))
    examine("replay with other buffers", "[33]") { testCase in
      let x = testCase.input(first)
      let other = testCase.input(second)
      let recorded = testCase.output(33, within: .number, name: "recorded result")
      let replayed = testCase.output(33, within: .number, name: "replayed result")
      return { backend, s in
        let input = BufferSlice(try backend.allocate(count: 33, dtype: .float32))
        let between = BufferSlice(try backend.allocate(count: 33, dtype: .float32))
        let result = BufferSlice(try backend.allocate(count: 33, dtype: .float32))
        func step(_ backend: any Backend) throws {
          try backend.binaryScalar(.multiply, input, 3, scalarFirst: false, count: 33, into: between)
          try backend.unary(UnaryOp(.negate), between, count: 33, into: result)
        }
        try backend.copy(s[x], count: 33, into: input)
        let recording = try backend.record(step)
        try backend.copy(result, count: 33, into: s[recorded])
        let moved = s[other].advanced(by: 7)
        if let recording {
          try recording.replay(substituting: [
            BufferBinding(input.buffer, by: moved), BufferBinding(result.buffer, by: s[replayed]),
          ])
        } else {
          try backend.copy(moved, count: 33, into: input)
          try step(backend)
          try backend.copy(result, count: 33, into: s[replayed])
        }
      }
    }
  }

  /// Values that change from step to step are read from the device each time: the step of the mask, and the scalars of
  /// the rule.
  private func examineReplayedStep() {
    let (parameters, gradients) = (numbers.floats(33), numbers.floats(33))
    let rule = OptimizerStep(rule: .sgd(momentum: 0.9, isNesterov: false))
    var scalars = [Double](repeating: 0, count: 2 * StepScalars.count)
    for t in 0..<2 {
      scalars[t * StepScalars.count + StepScalars.learningRate] = [0.5, 0.125][t]
      scalars[t * StepScalars.count + StepScalars.gradientScale] = [1, 0.5][t]
      scalars[t * StepScalars.count + StepScalars.gradientBound] = .infinity
    }
    examine("record and replay a training step", "[33]", isFused: true) { testCase in
      let g = testCase.input(gradients)
      let scalarsOfSteps = testCase.input(scalars)
      let numbersOfSteps = testCase.input([3, 4], .int32)
      let scalar = testCase.updated(Array(scalars.prefix(StepScalars.count)), within: .number, name: "scalars")
      let number = testCase.updated([3], .int32, within: .number, name: "step number")
      let p = testCase.updated(parameters, within: .mixed(ulps: 16, absolute: 16), name: "parameters")
      let v = testCase.updated(
        [Double](repeating: 0, count: 33), within: .mixed(ulps: 16, absolute: 16), name: "velocity")
      return { backend, s in
        let dropped = BufferSlice(try backend.allocate(count: 33, dtype: .float32))
        let source = RandomSource(key: 99, call: 1, stepOffset: s[number])
        func step(_ backend: any Backend) throws {
          try backend.dropout(s[g], probability: 0.5, source, count: 33, into: dropped)
          try backend.optimizerStep(
            rule, parameters: s[p], gradients: dropped, states: [s[v]], count: 33, scalars: s[scalar])
        }
        let recording = try backend.record(step)
        try backend.copy(s[scalarsOfSteps].advanced(by: StepScalars.count), count: StepScalars.count, into: s[scalar])
        try backend.copy(s[numbersOfSteps].advanced(by: 1), count: 1, into: s[number])
        if let recording { try recording.replay() } else { try step(backend) }
        try backend.synchronize()
      }
    }
  }
}

extension Loss {
  /// Returns the mean of −ln p/length, where p is the probability of a sequence of labels, and length the number of its
  /// labels (at least 1): connectionist temporal classification, for sequences whose labels have no known places, such
  /// as the letters of a recording (Graves et al., 2006). PyTorch's `ctc_loss`, except that the batch is the first
  /// axis.
  ///
  /// p is the sum over all ways to spread the labels in their order over the time steps, each over one or more, with
  /// blanks before, between, and after them; between two equal labels, there is at least one blank. The sum is computed
  /// with logarithms, step by step: the time is proportional to the number of steps. If no alignment is possible, because the
  /// labels are too many for the steps, the loss is infinite, with a gradient of 0.
  ///
  /// It is a function for custom training loops, and not a loss of a prediction and a target.
  /// - Parameters:
  ///   - logProbabilities: The logarithms of the probabilities of the classes, `[N, steps, classes]`, as `logSoftmax`
  ///     gives them.
  ///   - targets: The labels, class indices `[N, labels]` of type int32. Those beyond the length of a sequence are not
  ///     used.
  ///   - inputLengths: The number of time steps of each sequence that count, `[N]`, of type int32, from 1 on.
  ///   - targetLengths: The number of labels of each sequence, `[N]`, of type int32; 0 for blanks only.
  ///   - blank: The class of the blank, which must not be a label.
  ///   - zeroInfinity: Whether impossible sequences count as 0 instead of infinity.
  public static func ctc(
    _ logProbabilities: Tensor, targets: Tensor, inputLengths: Tensor, targetLengths: Tensor, blank: Int = 0,
    zeroInfinity: Bool = false
  ) -> Tensor {
    checked {
      let shape = logProbabilities.shape
      guard shape.count == 3, shape[1] > 0 else {
        try ProgrammerError.refuse(
          "ctc: the logarithms of probabilities have shape \(shape), expected [examples, steps, classes]")
      }
      guard targets.rank == 2, targets.shape[0] == shape[0] else {
        try ProgrammerError.refuse("ctc: the targets have shape \(targets.shape), expected [\(shape[0]), labels]")
      }
      for (name, lengths) in [("inputLengths", inputLengths), ("targetLengths", targetLengths)]
      where lengths.shape != [shape[0]] {
        try ProgrammerError.refuse("ctc: \(name) has shape \(lengths.shape), expected [\(shape[0])]")
      }
      guard (0..<shape[2]).contains(blank) else {
        try ProgrammerError.refuse("ctc: the blank is class \(blank) of \(shape[2]) classes")
      }
      for (name, numbers) in [("targets", targets), ("inputLengths", inputLengths), ("targetLengths", targetLengths)]
      where numbers.dtype != .int32 {
        try ProgrammerError.refuse("ctc: \(name) has elements of type \(numbers.dtype), expected int32")
      }
      let lengths = targetLengths.detached().minimum(targets.shape[1])
      let states = LabelStates(targets.detached(), lengths: lengths, blank: blank)
      let values = states.logProbability(of: logProbabilities, inputLengths: inputLengths.detached())
      let isImpossible = values.detached() .< LabelStates.impossible / 10
      let losses = (-values).replacing(with: zeroInfinity ? 0 : .infinity, where: isImpossible)
      return (losses / lengths.maximum(1).cast(to: losses.dtype)).mean()
    }
  }
}

/// The states of a sequence of labels: blank, first label, blank, second label, …, blank.
private struct LabelStates {
  /// A logarithm of 0 with which differences are defined.
  static let impossible = -1e30

  /// The class of each state, `[N, states]`.
  private let classes: Tensor
  /// Whether a state may follow the one two places before it: a label that differs from the one before.
  private let canSkip: Tensor
  /// The last state of each example, a blank.
  private let last: Tensor

  init(_ targets: Tensor, lengths: Tensor, blank: Int) {
    let (examples, labels) = (targets.shape[0], targets.shape[1])
    // The padding may contain anything.
    let places = Tensor.range(0..<labels, on: targets.device)
    let known = targets.replacing(with: Double(blank), where: places .>= lengths.expanded(axis: 1))
    let blanks = Tensor.full(like: known, Double(blank))
    let pairs = Tensor.stacked([blanks, known], axis: 2).reshaped([examples, 2 * labels])
    let end = Tensor.full([examples, 1], Double(blank), dtype: .int32, on: targets.device)
    classes = Tensor.concatenated([pairs, end], axis: 1)
    let before = LabelStates.shifted(classes, by: 2, filling: Double(blank))
    let canSkip = (classes .!= blank) .& (classes .!= before)
    self.canSkip = canSkip
    last = (2 * lengths).expanded(axis: 1)
  }

  /// Returns the logarithm of the probability of each sequence, `[N]`.
  func logProbability(of logarithms: Tensor, inputLengths: Tensor) -> Tensor {
    let steps = logarithms.shape[1]
    let indices = classes.expanded(axis: 1).broadcast(to: [classes.shape[0], steps, classes.shape[1]])
    let emitted = logarithms.gathered(indices, axis: -1)
    let impossible = LabelStates.impossible
    // A sequence begins with a blank or with the first label.
    let isStart = Tensor.range(0..<classes.shape[1], on: logarithms.device) .< 2
    var ways = emitted[.all, 0].replacing(with: impossible, where: .!isStart)
    for step in 1..<max(steps, 1) {
      let next = LabelStates.shifted(ways, by: 1, filling: impossible)
      let skip = LabelStates.shifted(ways, by: 2, filling: impossible).replacing(with: impossible, where: .!canSkip)
      let sum = Tensor.stacked([ways, next, skip]).logSumExp(axis: 0) + emitted[.all, step]
      ways = ways.replacing(with: sum, where: inputLengths.expanded(axis: 1) .> step)
    }
    // It ends with the last label or with a blank; without labels, only with the blank.
    let label = ways.gathered((last - 1).maximum(0), axis: 1).replacing(with: impossible, where: last .== 0)
    return Tensor.concatenated([ways.gathered(last, axis: 1), label], axis: 1).logSumExp(axis: 1)
  }

  /// Moves the states of each row to higher places.
  private static func shifted(_ states: Tensor, by places: Int, filling value: Double) -> Tensor {
    states.padded([(0, 0), (places, 0)], with: value)[.all, 0..<states.shape[1]]
  }
}

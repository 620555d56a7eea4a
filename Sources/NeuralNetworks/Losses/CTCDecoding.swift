import BackendCore
import HostSystem

/// A sequence of labels that may have produced the output of a network trained with `Loss.ctc`.
public struct CTCDecoding: Sendable, Hashable {
  /// The labels, without blanks.
  public let labels: [Int]
  /// The natural logarithm of its probability.
  public let logProbability: Double
}

extension Tensor {
  /// Returns the likely sequences of labels of each example, the likeliest first (Keras' `ctc_decode`). Waits for the
  /// device; the search runs on the host, in Double.
  ///
  /// With a beam width of 1, it is the best path: the likeliest class of each step, without repetitions and then
  /// without blanks. Its probability is that of the path alone.
  ///
  /// A larger beam width searches prefixes (Graves et al., 2006; Hannun et al., 2014): after each step, it keeps the
  /// likeliest prefixes, each with the sum of the probabilities of its paths so far. The time is proportional to
  /// steps · width · classes, and to the number of labels for long sequences.
  ///
  /// ```swift
  /// let words = try model(sound, .inference).logSoftmax().ctcDecoded(beamWidth: 20).map { $0[0].labels }
  /// ```
  /// - Parameters:
  ///   - inputLengths: The number of time steps of each sequence that count, `[N]`, of type int32; nil for all steps.
  ///   - blank: The class of the blank.
  ///   - beamWidth: The number of prefixes to keep, at least 1.
  ///   - paths: The number of sequences to return for each example, from 1 to `beamWidth`. There can be fewer.
  /// - Returns: The sequences of each example. This tensor has the logarithms of the probabilities of the classes,
  ///   `[N, steps, classes]`, as `logSoftmax` gives them.
  /// - Throws: `DeviceError`.
  public func ctcDecoded(
    inputLengths: Tensor? = nil, blank: Int = 0, beamWidth: Int = 1, paths: Int = 1
  ) throws -> [[CTCDecoding]] {
    guard rank == 3 else {
      ProgrammerError.end("ctcDecoded: the tensor has shape \(shape), expected [examples, steps, classes]")
    }
    let (examples, steps, classes) = (shape[0], shape[1], shape[2])
    guard (0..<classes).contains(blank) else {
      ProgrammerError.end("ctcDecoded: the blank is class \(blank) of \(classes) classes")
    }
    guard paths >= 1, beamWidth >= paths else {
      ProgrammerError.end("ctcDecoded: paths is \(paths), expected a number from 1 to the beam width, \(beamWidth)")
    }
    if let inputLengths, inputLengths.shape != [examples] {
      ProgrammerError.end("ctcDecoded: inputLengths has shape \(inputLengths.shape), expected [\(examples)]")
    }
    let lengths = try inputLengths?.scalars(as: Int.self) ?? Array(repeating: steps, count: examples)
    let values = try scalars(as: Double.self)
    return (0..<examples).map { example in
      let count = Swift.max(0, Swift.min(lengths[example], steps))
      let rows = (0..<count).map { step in
        values[((example * steps + step) * classes)..<((example * steps + step + 1) * classes)]
      }
      if beamWidth == 1 { return [bestPath(rows, blank: blank)] }
      var beam = PrefixBeam(width: beamWidth, blank: blank)
      for row in rows { beam.advance(row) }
      return beam.decodings(paths)
    }
  }
}

/// Returns the labels of the likeliest path.
private func bestPath(_ rows: [ArraySlice<Double>], blank: Int) -> CTCDecoding {
  var labels: [Int] = []
  var previous = blank
  var sum = 0.0
  for row in rows {
    var best = row.startIndex
    for place in row.indices where row[place] > row[best] { best = place }
    let label = best - row.startIndex
    if label != blank && label != previous { labels.append(label) }
    previous = label
    sum += row[best]
  }
  return CTCDecoding(labels: labels, logProbability: sum)
}

/// The likeliest prefixes of the labels after some steps.
private struct PrefixBeam {
  /// The logarithms of the probabilities of the paths of a prefix, by their last class: the same label again continues
  /// the last label, unless there is a blank in between.
  struct Paths {
    var endingWithBlank = -Double.infinity
    var endingWithLabel = -Double.infinity
    var total: Double { logSumExp(endingWithBlank, endingWithLabel) }
  }

  let width: Int
  let blank: Int
  private var prefixes: [(labels: [Int], paths: Paths)] = [([], Paths(endingWithBlank: 0))]

  init(width: Int, blank: Int) {
    self.width = width
    self.blank = blank
  }

  /// Extends each prefix by the classes of a step, and keeps the likeliest ones.
  mutating func advance(_ row: ArraySlice<Double>) {
    var next: [[Int]: Paths] = [:]
    for (labels, paths) in prefixes {
      let total = paths.total
      for place in row.indices {
        let (label, logarithm) = (place - row.startIndex, row[place])
        if label == blank {
          next[labels, default: Paths()].endingWithBlank.addExponential(total + logarithm)
          continue
        }
        let repeats = label == labels.last
        if repeats { next[labels, default: Paths()].endingWithLabel.addExponential(paths.endingWithLabel + logarithm) }
        next[labels + [label], default: Paths()].endingWithLabel
          .addExponential((repeats ? paths.endingWithBlank : total) + logarithm)
      }
    }
    prefixes = next.map { ($0, $1) }.sorted(by: PrefixBeam.isLikelier).prefix(width).map { $0 }
  }

  /// Returns the likeliest prefixes, at least one. Others are left out if they are impossible, such as a label twice
  /// without time for a blank in between.
  func decodings(_ count: Int) -> [CTCDecoding] {
    let decodings = prefixes.sorted(by: PrefixBeam.isLikelier).prefix(count)
      .map { CTCDecoding(labels: $0, logProbability: $1.total) }
    return decodings.prefix(1) + decodings.dropFirst().filter { $0.logProbability != -.infinity }
  }

  /// Orders by probability, and equal ones by their labels, so that the result does not depend on the order of a hash.
  private static func isLikelier(_ a: (labels: [Int], paths: Paths), _ b: (labels: [Int], paths: Paths)) -> Bool {
    let (first, second) = (a.paths.total, b.paths.total)
    return first != second ? first > second : a.labels.lexicographicallyPrecedes(b.labels)
  }
}

/// Returns ln(eᵃ + eᵇ) without overflow.
private func logSumExp(_ a: Double, _ b: Double) -> Double {
  let (low, high) = a < b ? (a, b) : (b, a)
  return low == -.infinity ? high : high + log1p(exp(low - high))
}

extension Double {
  /// Adds to a number that is stored as its logarithm.
  fileprivate mutating func addExponential(_ logarithm: Double) { self = logSumExp(self, logarithm) }
}

import BackendCore
import NeuralNetworks

/// The examples of several datasets, one dataset after another.
public struct ConcatenatedDataset: ResampledDataset, LocalDataset {
  private var bases: [any Dataset]
  /// The position after the last example of each dataset.
  private let ends: [Int]
  /// The positions of the examples in the datasets together; nil for all in order.
  private let order: [Int]?

  /// Creates a dataset from at least one other.
  public init(_ bases: [any Dataset]) { self.init(bases, order: nil) }

  private init(_ bases: [any Dataset], order: [Int]?) {
    if bases.isEmpty { ProgrammerError.end("ConcatenatedDataset: there are no datasets") }
    self.bases = bases
    self.order = order
    var end = 0
    ends = bases.map {
      let (sum, overflows) = end.addingReportingOverflow($0.count)
      if overflows { ProgrammerError.end("ConcatenatedDataset: there are more than \(Int.max) examples") }
      end = sum
      return sum
    }
  }

  public var count: Int { order?.count ?? ends[ends.count - 1] }

  /// Returns the examples at these positions, in this order.
  /// - Throws: Errors of the datasets; `TrainingError.noSuchExample` for a position out of range; `DataError.examples` if
  ///   examples of two datasets have different shapes or element types.
  public func batch(at indices: [Int]) throws -> Batch {
    try checkPositions(indices, below: count)
    let parts = divided(indices.map { order?[$0] ?? $0 })
    if indices.isEmpty { return try bases[0].batch(at: []) }
    let pieces = try bases.indices.filter { !parts[$0].isEmpty }.map { base in
      (batch: try bases[base].batch(at: parts[base].map(\.position)), places: parts[base].map(\.place))
    }
    return try Batch.assembled(pieces, of: "concatenated datasets")
  }

  /// Returns the positions in each dataset, with their places among the given positions.
  private func divided(_ positions: [Int]) -> [[(position: Int, place: Int)]] {
    var parts = [[(position: Int, place: Int)]](repeating: [], count: bases.count)
    for (place, position) in positions.enumerated() {
      var (low, high) = (0, bases.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] > position { high = middle } else { low = middle + 1 }
      }
      parts[low].append((position - (low == 0 ? 0 : ends[low - 1]), place))
    }
    return parts
  }

  public func during(epoch: Int) -> any Dataset {
    ConcatenatedDataset(bases.map { $0.examples(ofEpoch: epoch) }, order: order)
  }

  public var original: any Dataset { ConcatenatedDataset(bases.map(\.measured), order: order) }

  package func part(at positions: [Int]) -> (any Dataset)? {
    guard bases.contains(where: { ($0 as? any ResampledDataset)?.part(at: []) != nil }) else { return nil }
    if let bad = positions.first(where: { $0 < 0 || $0 >= count }) {
      ProgrammerError.end("Subset: example \(bad) is out of range; the concatenated datasets have \(count)")
    }
    let parts = divided(positions.map { order?[$0] ?? $0 })
    var rows = [Int](repeating: 0, count: positions.count)
    for (row, place) in parts.joined().map(\.place).enumerated() { rows[place] = row }
    return ConcatenatedDataset(
      bases.indices.map { Subset(bases[$0], indices: parts[$0].map(\.position)) }, order: rows)
  }

  /// Mixes the orders of the datasets evenly.
  package func shuffledOrder(_ source: RandomSource) -> [Int32]? {
    guard order == nil, count <= Int(Int32.max) else { return nil }
    let local = bases.map { ($0 as? any LocalDataset)?.shuffledOrder(source) }
    if local.allSatisfy({ $0 == nil }) { return nil }
    var keyed: [(key: Double, position: Int32)] = []
    for (index, base) in bases.enumerated() {
      let start = index == 0 ? 0 : ends[index - 1]
      let order = local[index] ?? ExampleOrder.permutation(count: base.count, source: source)
      for (place, position) in order.enumerated() {
        keyed.append(((Double(place) + 0.5) / Double(base.count), Int32(start + Int(position))))
      }
    }
    return keyed.sorted { ($0.key, $0.position) < ($1.key, $1.position) }.map(\.position)
  }
}

extension Dataset {
  /// Returns the examples followed by those of another dataset, of the same shapes and element types.
  public func concatenated(with other: any Dataset) -> ConcatenatedDataset { ConcatenatedDataset([self, other]) }
}

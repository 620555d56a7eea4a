import HostSystem
import NeuralNetworks

extension Dataset {
  /// Returns the first examples, or all if there are fewer.
  /// - Parameter count: The number of examples, at least 0.
  public func prefix(_ count: Int) -> Subset {
    if count < 0 { ProgrammerError.end("prefix: the number of examples is at least 0, not \(count)") }
    return Subset(self, indices: Array(0..<Swift.min(count, self.count)))
  }

  /// Returns all examples except for the first ones.
  /// - Parameter count: The number of examples to leave out, at least 0.
  public func dropFirst(_ count: Int = 1) -> Subset {
    if count < 0 { ProgrammerError.end("dropFirst: the number of examples is at least 0, not \(count)") }
    return Subset(self, indices: Array(Swift.min(count, self.count)..<self.count))
  }

  /// Returns the examples several times, one pass after another.
  /// - Parameter times: The number of passes, at least 0.
  public func repeated(_ times: Int) -> Subset {
    if times < 0 { ProgrammerError.end("repeated: the number of passes is at least 0, not \(times)") }
    requireMemory(for: "repeated(\(times))", times, of: 8 * count)
    return Subset(self, indices: (0..<times).flatMap { _ in 0..<count })
  }

  /// Returns the examples for which a condition holds. All examples are read once, without variation, when this method
  /// is called.
  ///
  /// ```swift
  /// let ones = try data.filtered { try $0.target.item() == 1 }
  /// ```
  /// - Parameters:
  ///   - threads: The number of threads that evaluate the condition; nil for one on each processor.
  ///   - isIncluded: Takes a batch of one example.
  /// - Throws: Errors of the dataset and of the condition.
  public func filtered(
    threads: Int? = nil, _ isIncluded: @escaping @Sendable (Batch) throws -> Bool
  ) throws -> Subset {
    if let threads, threads < 1 { ProgrammerError.end("filtered: at least 1 thread is needed, not \(threads)") }
    let threads = threads ?? onlineProcessors()
    var indices: [Int] = []
    var batches = (measured as any Dataset).batches(of: 256)
    var start = 0
    while let batch = try batches.next() {
      let answers = try concurrentResults(batch.count, threads: threads) { row throws(any Error) in
        try isIncluded(batch.rows(row..<row + 1))
      }
      for (row, answer) in answers.enumerated() where answer { indices.append(start + row) }
      start += batch.count
    }
    return Subset(self, indices: indices)
  }
}

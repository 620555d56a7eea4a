import ArgumentParser

/// Positions of examples: "0,7,100-104".
struct Positions {
  let positions: [Int]

  init(word: String) throws {
    positions = try word.split(separator: ",", omittingEmptySubsequences: false).flatMap { part in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], last >= first,
        last - first < 1 << 20
      else { throw ValidationError("expected positions from 0, as in 0,7,100-104") }
      return Array(first...last)
    }
  }
}

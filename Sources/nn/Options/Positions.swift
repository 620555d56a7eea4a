import ArgumentParser

/// Positions of examples, such as "0,7,100-104".
struct Positions {
  let positions: [Int]

  init(word: String) throws {
    positions = try word.split(separator: ",", omittingEmptySubsequences: false).flatMap { part in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], last >= first
      else { throw ValidationError("expected positions from 0, as in 0,7,100-104") }
      guard last - first < 1 << 20 else {
        throw ValidationError("expected ranges of at most 1048576 positions, found \(part)")
      }
      return Array(first...last)
    }
  }
}

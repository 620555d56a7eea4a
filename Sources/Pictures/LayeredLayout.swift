/// Positions for the boxes of an acyclic graph, in rows from top to bottom so that arrows point down (Sugiyama et al.,
/// 1981).
struct LayeredLayout {
  struct Size {
    let width: Double, height: Double
  }

  /// The centers of the boxes, in the order in which they were given.
  private(set) var centers: [(x: Double, y: Double)] = []
  /// The points where each arrow crosses the rows between its ends.
  private(set) var bends: [[(x: Double, top: Double, bottom: Double)]] = []
  private(set) var width = 0.0
  private(set) var height = 0.0

  private static let gapX = 28.0, gapY = 30.0
  /// The maximum total number of such points; arrows beyond it are straight.
  private static let mostPlaces = 100_000

  /// A box, or the point where an arrow crosses a row.
  private struct Item {
    let width: Double
    var x = 0.0
    var above: [Int] = []
    var below: [Int] = []
  }

  /// Computes the layout.
  /// - Parameters:
  ///   - sizes: The sizes of the boxes. Each box comes after its predecessors.
  ///   - edges: The arrows.
  init(_ sizes: [Size], _ edges: [(from: Int, to: Int)]) {
    guard !sizes.isEmpty else { return }
    let ranks = LayeredLayout.ranks(sizes.count, edges)
    var items = sizes.map { Item(width: $0.width) }
    var rows = [[Int]](repeating: [], count: (ranks.max() ?? 0) + 1)
    for (index, rank) in ranks.enumerated() { rows[rank].append(index) }
    let chains = edges.map { edge -> [Int] in
      var chain = [edge.from]
      let passed = ranks[edge.to] - ranks[edge.from] - 1
      if items.count - sizes.count + passed > LayeredLayout.mostPlaces { return [edge.from, edge.to] }
      for rank in ranks[edge.from] + 1..<max(ranks[edge.to], ranks[edge.from] + 1) {
        items.append(Item(width: 12))
        rows[rank].append(items.count - 1)
        chain.append(items.count - 1)
      }
      chain.append(edge.to)
      for (upper, lower) in zip(chain, chain.dropFirst()) {
        items[upper].below.append(lower)
        items[lower].above.append(upper)
      }
      return chain
    }
    LayeredLayout.order(&rows, items)
    LayeredLayout.spread(rows, &items)
    place(sizes, ranks, rows, items, chains)
  }

  /// The row of each box: below all its predecessors. A box without predecessors is directly above its successors.
  private static func ranks(_ count: Int, _ edges: [(from: Int, to: Int)]) -> [Int] {
    var ranks = [Int](repeating: 0, count: count)
    let incoming = Dictionary(grouping: edges, by: \.to)
    for box in 0..<count { ranks[box] = incoming[box]?.map { ranks[$0.from] + 1 }.max() ?? 0 }
    let outgoing = Dictionary(grouping: edges, by: \.from)
    for box in 0..<count where incoming[box] == nil {
      if let next = outgoing[box]?.map({ ranks[$0.to] }).min() { ranks[box] = max(next - 1, 0) }
    }
    return ranks
  }

  /// Sorts each row by the positions of its neighbors, so that few arrows cross.
  private static func order(_ rows: inout [[Int]], _ items: [Item]) {
    var places = [Double](repeating: 0, count: items.count)
    func note(_ row: [Int]) { for (place, item) in row.enumerated() { places[item] = Double(place) } }
    rows.forEach(note)
    for sweep in 0..<12 {
      let isDown = sweep % 2 == 0
      for rank in isDown ? Array(rows.indices) : rows.indices.reversed() {
        let keys = rows[rank].map { item -> Double in
          let neighbors = isDown ? items[item].above : items[item].below
          return neighbors.isEmpty
            ? places[item] : neighbors.reduce(0) { $0 + places[$1] } / Double(neighbors.count)
        }
        // The sort is stable.
        let sorted = rows[rank].indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        rows[rank] = sorted.map { rows[rank][$0] }
        note(rows[rank])
      }
    }
  }

  /// Moves each item below or above the center of its neighbors, as far as the adjacent items in its row allow.
  private static func spread(_ rows: [[Int]], _ items: inout [Item]) {
    for sweep in 0..<24 {
      for rank in sweep % 2 == 0 ? Array(rows.indices) : rows.indices.reversed() {
        let row = rows[rank]
        var offset = 0.0
        var offsets: [Double] = [], wanted: [Double] = []
        for (place, item) in row.enumerated() {
          if place > 0 { offset += (items[row[place - 1]].width + items[item].width) / 2 + gapX }
          let neighbors =
            sweep < 20
            ? (sweep % 2 == 0 ? items[item].above : items[item].below) : items[item].above + items[item].below
          let middle =
            neighbors.isEmpty
            ? items[item].x : neighbors.reduce(0) { $0 + items[$1].x } / Double(neighbors.count)
          offsets.append(offset)
          wanted.append(middle - offset)
        }
        for (place, value) in rising(wanted).enumerated() { items[row[place]].x = value + offsets[place] }
      }
    }
  }

  /// The non-decreasing numbers closest to the given ones: decreasing neighbors are replaced by their mean.
  private static func rising(_ values: [Double]) -> [Double] {
    var pools: [(sum: Double, count: Int)] = []
    for value in values {
      pools.append((value, 1))
      while pools.count > 1 {
        let last = pools[pools.count - 1], before = pools[pools.count - 2]
        guard before.sum / Double(before.count) > last.sum / Double(last.count) else { break }
        pools.removeLast(2)
        pools.append((before.sum + last.sum, before.count + last.count))
      }
    }
    return pools.flatMap { Array(repeating: $0.sum / Double($0.count), count: $0.count) }
  }

  private mutating func place(
    _ sizes: [Size], _ ranks: [Int], _ rows: [[Int]], _ items: [Item], _ chains: [[Int]]
  ) {
    let left = items.map { $0.x - $0.width / 2 }.min() ?? 0
    width = (items.map { $0.x + $0.width / 2 }.max() ?? 0) - left
    var tops: [Double] = [], heights: [Double] = [], y = 0.0
    for row in rows {
      let tallest = row.map { $0 < sizes.count ? sizes[$0].height : 0 }.max() ?? 0
      tops.append(y)
      heights.append(tallest)
      y += tallest + LayeredLayout.gapY
    }
    height = y - LayeredLayout.gapY
    centers = ranks.enumerated().map { (items[$0].x - left, tops[$1] + heights[$1] / 2) }
    bends = chains.map { chain in
      chain.dropFirst().dropLast().enumerated().map { step, item in
        let rank = ranks[chain[0]] + 1 + step
        return (items[item].x - left, tops[rank], tops[rank] + heights[rank])
      }
    }
  }
}

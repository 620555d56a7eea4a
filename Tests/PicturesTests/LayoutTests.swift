import TestSupport
import Testing

@testable import Pictures

@Suite struct LayoutTests {
  private static func overlap(_ layout: LayeredLayout, _ sizes: [LayeredLayout.Size]) -> Bool {
    for a in sizes.indices {
      for b in sizes.indices where b > a {
        let (p, q) = (layout.centers[a], layout.centers[b])
        let apartX = abs(p.x - q.x) >= (sizes[a].width + sizes[b].width) / 2 - 1e-9
        let apartY = abs(p.y - q.y) >= (sizes[a].height + sizes[b].height) / 2 - 1e-9
        if !apartX && !apartY { return true }
      }
    }
    return false
  }

  @Test func aChainIsALine() {
    let sizes = [LayeredLayout.Size](repeating: .init(width: 80, height: 30), count: 4)
    let layout = LayeredLayout(sizes, [(0, 1), (1, 2), (2, 3)])
    #expect(layout.centers.allSatisfy { abs($0.x - 40) < 1e-6 })
    #expect(zip(layout.centers, layout.centers.dropFirst()).allSatisfy { $0.y < $1.y })
    #expect(abs(layout.width - 80) < 1e-6 && layout.bends.allSatisfy(\.isEmpty))
  }

  @Test func arrowsGoDownAndBoxesKeepApart() {
    var state: UInt64 = 7
    func draw(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<50 {
      let count = 2 + draw(20)
      let sizes = (0..<count).map { _ in
        LayeredLayout.Size(width: Double(30 + draw(200)), height: Double(20 + draw(60)))
      }
      let edges = (1..<count).flatMap { to in (0...draw(3)).map { _ in (from: draw(to), to: to) } }
      let layout = LayeredLayout(sizes, edges)
      #expect(!Self.overlap(layout, sizes))
      for (edge, bends) in zip(edges, layout.bends) {
        let steps = [layout.centers[edge.from].y] + bends.map(\.top) + [layout.centers[edge.to].y]
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
      }
      for (center, size) in zip(layout.centers, sizes) {
        #expect(center.x - size.width / 2 > -1e-6 && center.x + size.width / 2 < layout.width + 1e-6)
      }
    }
  }

  /// A chain whose first box leads to every other one: routed around the boxes, its arrows would pass 12.5 million
  /// points.
  @Test func manyLongArrowsCostLinearTime() {
    let count = 5000
    let sizes = [LayeredLayout.Size](repeating: .init(width: 50, height: 20), count: count)
    let edges = (1..<count).flatMap { [(from: $0 - 1, to: $0), (from: 0, to: $0)] }
    let seconds = processorSeconds {
      let layout = LayeredLayout(sizes, edges)
      #expect(layout.centers.count == count && layout.bends.count == edges.count)
    }
    #expect(seconds < 10)
  }
}

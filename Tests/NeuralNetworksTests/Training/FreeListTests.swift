import Synchronization
import Testing

@testable import NeuralNetworks

@Suite struct FreeListTests {
  final class Item: Sendable {
    static let alive = Atomic<Int>(0)
    let users = Atomic<Int>(0)
    init() { Item.alive.add(1, ordering: .relaxed) }
    deinit { Item.alive.subtract(1, ordering: .relaxed) }
  }

  /// No object is returned twice, none is lost, and objects that do not fit are released.
  @Test func handsOutEachObjectOnce() async {
    do {
      let list = FreeList<Item>()
      #expect(list.take() == nil)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            for _ in 0..<5000 {
              let item = list.take() ?? Item()
              #expect(item.users.add(1, ordering: .relaxed).newValue == 1)
              item.users.subtract(1, ordering: .relaxed)
              list.put(item)
            }
          }
        }
      }
      #expect((1...8).contains(Item.alive.load(ordering: .relaxed)))
      for _ in 0..<50 { list.put(Item()) }
      #expect(Item.alive.load(ordering: .relaxed) == 32)
    }
    #expect(Item.alive.load(ordering: .relaxed) == 0)
  }
}

/// Distinct texts, numbered in the order of their insertion and compared by their bytes.
///
/// The bytes of all texts are in one array, and the index holds numbers, not texts: a text takes its bytes and 12 to 20 more.
/// In a dictionary with `String` keys, a name of 25 bytes takes 130. The texts can have 4 GB in total.
struct PackedNames: Sendable {
  private var bytes: [UInt8] = []
  /// The end of each text in `bytes`.
  private var ends: [UInt32] = []
  /// A hash table with open addressing: the number of a text plus 1, or 0 in a free slot. At least half of the slots are
  /// free, and their count is a power of two.
  private var slots = [UInt32](repeating: 0, count: 16)

  var count: Int { ends.count }

  /// All texts.
  var texts: [String] { ends.indices.map { self[$0] } }

  /// The text with a number.
  subscript(number: Int) -> String { String(decoding: bytes[range(number)], as: UTF8.self) }

  /// Returns the number of a text; nil if it was not inserted.
  func number(of text: String) -> Int? {
    var text = text
    let found = text.withUTF8 { slots[slot(of: UnsafeRawBufferPointer($0))] }
    return found == 0 ? nil : Int(found) - 1
  }

  /// Returns the number of a text, which is appended if it is new.
  mutating func insert(_ text: String) -> Int {
    var text = text
    return text.withUTF8 { utf8 in
      let slot = slot(of: UnsafeRawBufferPointer(utf8))
      if slots[slot] != 0 { return Int(slots[slot]) - 1 }
      bytes.append(contentsOf: utf8)
      ends.append(UInt32(bytes.count))
      slots[slot] = UInt32(count)
      if 2 * count > slots.count { grow() }
      return count - 1
    }
  }

  private func range(_ number: Int) -> Range<Int> { (number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number]) }

  /// The slot of a text, or the free one where it belongs.
  private func slot(of text: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: text)
    var slot = hasher.finalize() & (slots.count - 1)
    while slots[slot] != 0 {
      let other = range(Int(slots[slot]) - 1)
      if other.count == text.count && bytes[other].elementsEqual(text) { break }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: 2 * slots.count)
    for number in ends.indices {
      let slot = bytes.withUnsafeBytes { self.slot(of: UnsafeRawBufferPointer(rebasing: $0[range(number)])) }
      slots[slot] = UInt32(number + 1)
    }
  }
}

import NeuralNetworks

/// The members of a JSON object, in their original order. Equality ignores the order. Keys are compared by their bytes.
///
/// A member takes 40 bytes. An index of the keys exists only for more than eight members, because a file can have
/// millions of small objects.
public struct JSONObject: Sendable, Sequence {
  private struct Member: Sendable {
    let key: String
    var value: JSONValue
  }

  /// The members; nil for removed ones, which stay until they are half of all members, so that a removal moves nothing.
  private var members: [Member?] = []
  /// The position of each key in `members`; empty for a small object, which is searched.
  private var places: [ByteKey: Int] = [:]

  private static let most = 8

  public init() {}

  /// Creates an object from its members. If a key occurs twice, the later value is used.
  public init(_ members: some Sequence<(String, JSONValue)>) {
    for (key, value) in members { self[key] = value }
  }

  /// The keys, in their original order.
  public var keys: [String] { members.compactMap { $0?.key } }

  public var count: Int { places.isEmpty ? members.count { $0 != nil } : places.count }
  public var isEmpty: Bool { count == 0 }

  private func place(_ key: String) -> Int? {
    if !places.isEmpty { return places[ByteKey(key)] }
    return members.firstIndex { $0?.key.hasBytes(of: key) ?? false }
  }

  /// The value of a key. Setting the value of a new key appends it; setting nil removes the key.
  public subscript(key: String) -> JSONValue? {
    get { place(key).flatMap { members[$0]?.value } }
    set {
      guard let newValue else { return remove(key) }
      if let place = place(key) {
        members[place]?.value = newValue
        return
      }
      if !places.isEmpty { places[ByteKey(key)] = members.count }
      members.append(Member(key: key, value: newValue))
      if places.isEmpty && members.count > JSONObject.most { renumber() }
    }
  }

  private mutating func remove(_ key: String) {
    guard let place = place(key) else { return }
    members[place] = nil
    places[ByteKey(key)] = nil
    if members.count > 2 * count { renumber() }
  }

  /// Drops removed members and updates the positions of the others.
  private mutating func renumber() {
    members.removeAll { $0 == nil }
    places = [:]
    if members.count <= JSONObject.most { return }
    for (place, member) in members.enumerated() { if let member { places[ByteKey(member.key)] = place } }
  }

  public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
    var rest = members.makeIterator()
    return AnyIterator {
      while let next = rest.next() { if let next { return (next.key, next.value) } }
      return nil
    }
  }
}

extension JSONObject: Hashable {
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.count == b.count && a.allSatisfy { key, value in b[key] == value }
  }

  /// Hashes the sum of the hashes of the members, which does not depend on their order.
  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for (key, value) in self {
      var member = Hasher()
      member.combine(ByteKey(key))
      member.combine(value)
      sum &+= member.finalize()
    }
    hasher.combine(sum)
  }
}

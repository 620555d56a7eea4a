import HostSystem
import NeuralNetworks

/// The objects in a Python pickle, as `torch.save` writes them: tensors, dictionaries, lists, tuples, numbers, and text.
///
/// A pickle is a program for a stack machine, which can call any function of Python. This machine calls none. It knows
/// the functions that describe tensors and refuses all other classes and functions by their names. Containers refer to
/// one another by their positions in `containers`, so neither cycles nor deep nesting cause recursion, and the number
/// of values is limited.
///
/// Format: `pickletools` of CPython, protocols 2 to 5.
struct Pickle {
  enum Value {
    case none
    case boolean(Bool)
    case integer(Int)
    case text(String)
    /// A value without use here, such as a floating-point number or bytes.
    case other
    case tuple(Int)
    case list(Int)
    /// Keys and values in turn.
    case dictionary(Int)
    case storage(Int)
    case tensor(Int)
    case function(PickleFunction)
  }

  struct Failure: Error {
    let reason: String
  }

  /// The maximum size of a pickle in bytes. Each tensor takes about a hundred.
  static let sizeLimit = 32 << 20
  private static let valueLimit = 2_000_000

  /// The object itself.
  private(set) var root = Value.none
  private(set) var containers: [[Value]] = []
  private(set) var tensors: [TorchTensor] = []
  private var storages: [TorchStorage] = []

  private let bytes: [UInt8]
  private var position = 0
  private var count = 0
  private var stack: [Value] = []
  /// The sizes of the stack at the marks.
  private var marks: [Int] = []
  private var memo: [Int: Value] = [:]

  init(_ bytes: [UInt8]) throws(Failure) {
    self.bytes = bytes
    guard bytes.first == 0x80, bytes.count > 1, (2...5).contains(bytes[1]) else {
      throw Failure(reason: "it is not a pickle of protocol 2 to 5")
    }
    while true {
      let code = UInt8(try number(1))
      if code == UInt8(ascii: ".") { break }
      if let value = try constant(code) {
        try push(value)
      } else if try !stores(code), try !collects(code) {
        try call(code)
      }
    }
    root = try pop()
    (stack, marks, memo) = ([], [], [:])
  }

  // MARK: The stack

  private func damaged(_ reason: String) -> Failure { Failure(reason: "the pickle is damaged: \(reason)") }

  private mutating func push(_ value: Value) throws(Failure) {
    try countOne()
    stack.append(value)
  }

  private mutating func countOne() throws(Failure) {
    count += 1
    if count > Pickle.valueLimit { throw Failure(reason: "its pickle has more than \(Pickle.valueLimit) values") }
  }

  private mutating func pop() throws(Failure) -> Value {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw damaged("a value is missing before byte \(position)")
    }
    return value
  }

  /// Removes the values after the last mark.
  private mutating func popToMark() throws(Failure) -> [Value] {
    guard let mark = marks.popLast() else { throw damaged("a mark is missing before byte \(position)") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func pop(_ number: Int) throws(Failure) -> [Value] {
    var values: [Value] = []
    for _ in 0..<number { values.append(try pop()) }
    return values.reversed()
  }

  /// Adds a container and returns its position.
  private mutating func add(_ values: [Value]) -> Int {
    containers.append(values)
    return containers.count - 1
  }

  // MARK: Bytes

  private mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    if count < 0 || count > bytes.count - position { throw damaged("it ends at byte \(bytes.count)") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// An unsigned number of `size` bytes.
  private mutating func number(_ size: Int) throws(Failure) -> Int {
    let value = try take(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let number = Int(exactly: value) else { throw damaged("a length of \(value) before byte \(position)") }
    return number
  }

  /// A signed number of any size; numbers that do not fit have no use here.
  private mutating func signed(_ size: Int) throws(Failure) -> Value {
    let digits = try take(size)
    if size > 8 { return .other }
    let sign: UInt64 = digits.last.map { $0 & 0x80 != 0 ? .max : 0 } ?? 0
    return .integer(Int(truncatingIfNeeded: digits.reversed().reduce(sign) { $0 << 8 | UInt64($1) }))
  }

  /// Text, which is without use if it is not a name: not UTF-8, or letters with any number of marks.
  private mutating func text(_ size: Int) throws(Failure) -> Value {
    guard let text = String(validating: try take(size), as: UTF8.self), text.isStreamSafe else { return .other }
    return .text(text)
  }

  /// Text that ends with a line feed.
  private mutating func line() throws(Failure) -> String {
    guard let end = bytes[position...].firstIndex(of: 0x0A) else { throw damaged("it ends at byte \(bytes.count)") }
    guard case .text(let line) = try text(end - position) else {
      throw damaged("the name of a class is missing before byte \(position)")
    }
    position += 1
    return line
  }

  // MARK: Operations

  /// A number, a text, or an empty container; nil for other operations.
  private mutating func constant(_ code: UInt8) throws(Failure) -> Value? {
    switch code {
    case UInt8(ascii: "N"): Value.none
    case 0x88: .boolean(true)
    case 0x89: .boolean(false)
    case UInt8(ascii: "K"): .integer(try number(1))
    case UInt8(ascii: "M"): .integer(try number(2))
    case UInt8(ascii: "J"): try signed(4)
    case 0x8A: try signed(try number(1))
    case 0x8B: try signed(try number(4))
    case UInt8(ascii: "G"): try skipped(8)
    case 0x8C, UInt8(ascii: "U"): try text(try number(1))
    case UInt8(ascii: "X"), UInt8(ascii: "T"): try text(try number(4))
    case 0x8D: try text(try number(8))
    case UInt8(ascii: "C"): try skipped(try number(1))
    case UInt8(ascii: "B"): try skipped(try number(4))
    case 0x8E, 0x96: try skipped(try number(8))
    case UInt8(ascii: ")"): .tuple(add([]))
    case UInt8(ascii: "]"): .list(add([]))
    case UInt8(ascii: "}"): .dictionary(add([]))
    default: nil
    }
  }

  private mutating func skipped(_ size: Int) throws(Failure) -> Value {
    _ = try take(size)
    return .other
  }

  /// Operations of the stack and the memo.
  /// - Returns: Whether the operation is one of them.
  private mutating func stores(_ code: UInt8) throws(Failure) -> Bool {
    switch code {
    case 0x80: _ = try take(1)
    case 0x95: _ = try take(8)
    case UInt8(ascii: "("):
      try countOne()
      marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): try push(try top())
    case UInt8(ascii: "q"): try remember(try number(1))
    case UInt8(ascii: "r"): try remember(try number(4))
    case 0x94: try remember(memo.count)
    case UInt8(ascii: "h"): try push(try remembered(try number(1)))
    case UInt8(ascii: "j"): try push(try remembered(try number(4)))
    default: return false
    }
    return true
  }

  private func top() throws(Failure) -> Value {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw damaged("a value is missing before byte \(position)")
    }
    return value
  }

  private mutating func remember(_ index: Int) throws(Failure) {
    try countOne()
    memo[index] = try top()
  }

  private func remembered(_ index: Int) throws(Failure) -> Value {
    guard let value = memo[index] else { throw damaged("value \(index) is used before it is stored") }
    return value
  }

  /// Operations of tuples, lists, and dictionaries.
  /// - Returns: Whether the operation is one of them.
  private mutating func collects(_ code: UInt8) throws(Failure) -> Bool {
    switch code {
    case UInt8(ascii: "t"): try push(.tuple(add(try popToMark())))
    case 0x85, 0x86, 0x87: try push(.tuple(add(try pop(Int(code) - 0x84))))
    case UInt8(ascii: "l"): try push(.list(add(try popToMark())))
    case UInt8(ascii: "d"): try push(.dictionary(add(try pairs(try popToMark()))))
    case UInt8(ascii: "a"): try extend([try pop()])
    case UInt8(ascii: "e"): try extend(try popToMark())
    case UInt8(ascii: "s"): try insert(try pop(2))
    case UInt8(ascii: "u"): try insert(try popToMark())
    default: return false
    }
    return true
  }

  private func pairs(_ values: [Value]) throws(Failure) -> [Value] {
    if values.count % 2 != 0 { throw damaged("a key has no value before byte \(position)") }
    return values
  }

  private mutating func extend(_ values: [Value]) throws(Failure) {
    guard case .list(let index) = try top() else { throw damaged("a list is missing before byte \(position)") }
    containers[index] += values
  }

  private mutating func insert(_ values: [Value]) throws(Failure) {
    guard case .dictionary(let index) = try top() else {
      throw damaged("a dictionary is missing before byte \(position)")
    }
    containers[index] += try pairs(values)
  }

  // MARK: Classes and functions

  private mutating func call(_ code: UInt8) throws(Failure) {
    switch code {
    case UInt8(ascii: "c"): try push(.function(try function(module: try line(), name: try line())))
    case 0x93:
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw damaged("the name of a class is missing before byte \(position)")
      }
      try push(.function(try function(module: module, name: name)))
    case UInt8(ascii: "Q"): try push(try persistent(try pop()))
    case UInt8(ascii: "R"):
      let arguments = try pop()
      guard case .function(let function) = try pop(), case .tuple(let index) = arguments,
        let value = try result(of: function, containers[index])
      else { throw damaged("a call with other arguments than torch.save writes before byte \(position)") }
      try push(value)
    case UInt8(ascii: "b"):
      // The attributes of a dictionary: `_metadata` with the versions of the modules.
      _ = try pop()
      guard case .dictionary = try top() else { throw damaged("attributes of an object before byte \(position)") }
    case UInt8(ascii: "i"): throw Failure(reason: PickleFunction.refusal(module: try line(), name: try line()))
    default:
      throw Failure(
        reason: "the pickle has the operation 0x\(String(code, radix: 16)), which torch.save does not write, "
          + "before byte \(position)")
    }
  }

  private func function(module: String, name: String) throws(Failure) -> PickleFunction {
    guard let function = PickleFunction(module: module, name: name) else {
      throw Failure(reason: PickleFunction.refusal(module: module, name: name))
    }
    return function
  }

  /// The storage for `("storage", class, key, device, count)`.
  private mutating func persistent(_ id: Value) throws(Failure) -> Value {
    guard case .tuple(let index) = id, containers[index].count == 5, case .text("storage") = containers[index][0],
      case .function(.storage(let type)) = containers[index][1], case .text(let key) = containers[index][2],
      case .integer(let count) = containers[index][4], count >= 0
    else { throw damaged("a storage without class, key, and size before byte \(position)") }
    storages.append(TorchStorage(key: key, type: type, count: count))
    return .storage(storages.count - 1)
  }

  /// The result of a function; nil for unexpected arguments.
  private mutating func result(of function: PickleFunction, _ arguments: [Value]) throws(Failure) -> Value? {
    switch function {
    case .orderedDictionary: arguments.isEmpty ? .dictionary(add([])) : nil
    case .bytes: .other
    case .size:
      if arguments.count == 1, case .tuple = arguments[0] { arguments[0] } else { nil }
    case .parameter:
      if case .tensor? = arguments.first { arguments[0] } else { nil }
    case .tensor:
      try tensor(arguments).map { tensor in
        tensors.append(tensor)
        return .tensor(tensors.count - 1)
      }
    case .storage, .type: nil
    }
  }

  /// The tensor for `(storage, offset, shape, strides, …)`. An untyped storage is followed by the type in seventh place.
  /// - Throws: If the tensor has the other sign than its storage, as `torch.Tensor.is_neg` tells.
  private func tensor(_ arguments: [Value]) throws(Failure) -> TorchTensor? {
    guard arguments.count >= 4, case .storage(let place) = arguments[0], case .integer(let offset) = arguments[1],
      let shape = integers(arguments[2]), let strides = integers(arguments[3])
    else { return nil }
    for case .dictionary(let index) in arguments.prefix(8).dropFirst(6) {
      for case .text("neg") in containers[index].prefix(8) {
        throw Failure(reason: "it contains a view that negates its storage: save its resolve_neg() in Python")
      }
    }
    var type = storages[place].type
    if type == nil, arguments.count > 6, case .function(.type(let given)) = arguments[6] { type = given }
    return type.map {
      TorchTensor(storage: storages[place], type: $0, offset: offset, shape: shape, strides: strides)
    }
  }

  /// The numbers of a shape or of strides; nil for other values.
  private func integers(_ value: Value) -> [Int]? {
    // Many tensors can refer to the same tuple, and each copies its numbers. Most operations of PyTorch take 64 axes.
    guard case .tuple(let index) = value, containers[index].count <= 64 else { return nil }
    var integers: [Int] = []
    for element in containers[index] {
      guard case .integer(let integer) = element else { return nil }
      integers.append(integer)
    }
    return integers
  }
}

/// The classes and functions of Python that a pickle may name.
enum PickleFunction {
  case orderedDictionary
  /// `_codecs.encode`, the form of bytes in protocol 2. Bytes have no use here, so nothing is encoded.
  case bytes
  /// `torch.Size`, a tuple.
  case size
  case tensor
  case parameter
  /// The class of a storage; nil for an untyped one.
  case storage(TorchType?)
  case type(TorchType)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("_codecs", "encode"): self = .bytes
    case ("torch", "Size"): self = .size
    case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"),
      ("torch._utils", "_rebuild_tensor_v3"):
      self = .tensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"): self = .parameter
    case ("torch.storage", "UntypedStorage"): self = .storage(nil)
    case ("torch", _):
      if let type = TorchType.storages[name] {
        self = .storage(type)
      } else if let type = TorchType(rawValue: name) {
        self = .type(type)
      } else {
        return nil
      }
    default: return nil
    }
  }

  /// The reason for refusing a pickle with any other class or function.
  static func refusal(module: String, name: String) -> String {
    "it contains an object of the class \("\(module).\(name)".shortened(to: 200)), and only tensors and containers of "
      + "tensors are read: save model.state_dict() in Python instead (nothing in the file was run)"
  }
}

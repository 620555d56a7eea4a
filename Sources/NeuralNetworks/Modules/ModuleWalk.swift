/// The modules and parameters that can be reached from a module, found by reflection.
package struct ModuleWalk {
  package struct Found {
    package let path: String
    package let parameter: Parameter
    /// The module that has the property.
    package let owner: ObjectIdentifier
  }

  package private(set) var parameters: [Found] = []
  package private(set) var modules: [(path: String, module: any Module)] = []
  /// The paths of modules and parameters.
  package private(set) var paths: [ObjectIdentifier: String] = [:]

  /// What is done with the values of a type.
  private enum Kind {
    case parameter, module
    /// They contain no parameters.
    case leaf
    /// Their parts are searched.
    case container
  }
  private var kinds: [ObjectIdentifier: Kind] = [:]

  package init(_ root: any Module) { visit(root, path: "") }

  private mutating func visit(_ module: any Module, path: String) {
    guard paths.updateValue(path, forKey: ObjectIdentifier(module), ifAbsent: true) else { return }
    modules.append((path, module))
    if let model = module as? Model {
      for (name, child) in model.children {
        visit(child, path: ModuleWalk.join(path, name))
      }
      return
    }
    var mirror: Mirror? = Mirror(reflecting: module)
    var levels: [Mirror] = []
    while let level = mirror {
      levels.append(level)
      mirror = level.superclassMirror
    }
    for level in levels.reversed() { search(level, path, owner: ObjectIdentifier(module)) }
  }

  private mutating func search(_ mirror: Mirror, _ path: String, owner: ObjectIdentifier) {
    for (index, child) in mirror.children.enumerated() {
      let kind = kind(of: child.value)
      if kind == .leaf { continue }
      search(child.value, kind, ModuleWalk.join(path, ModuleWalk.name(child.label, index)), owner: owner)
    }
  }

  private mutating func search(_ value: Any, _ kind: Kind, _ path: String, owner: ObjectIdentifier) {
    switch kind {
    case .leaf: return
    case .parameter:
      guard let parameter = value as? Parameter,
        paths.updateValue(path, forKey: ObjectIdentifier(parameter), ifAbsent: true)
      else { return }
      parameters.append(Found(path: path, parameter: parameter, owner: owner))
    case .module:
      if let module = value as? any Module { visit(module, path: path) }
    case .container:
      let mirror = Mirror(reflecting: value)
      switch mirror.displayStyle {
      case .optional:
        if let some = mirror.children.first { search(some.value, self.kind(of: some.value), path, owner: owner) }
      case .dictionary: searchDictionary(mirror, path, owner: owner)
      default: search(mirror, path, owner: owner)
      }
    }
  }

  /// Returns what to do with a value. The kind of a type is looked up, because the casts that find it take longer.
  private mutating func kind(of value: Any) -> Kind {
    let type = ObjectIdentifier(type(of: value))
    if let known = kinds[type] { return known }
    let kind: Kind =
      switch value {
      case is Parameter: .parameter
      case is any Module: .module
      case is any LeafValue: .leaf
      case let container as any ElementTyped where container.holdsLeaves: .leaf
      default:
        switch Mirror(reflecting: value).displayStyle {
        case .class, .foreignReference: .leaf
        default: .container
        }
      }
    kinds[type] = kind
    return kind
  }

  private mutating func searchDictionary(_ mirror: Mirror, _ path: String, owner: ObjectIdentifier) {
    var entries: [(key: String, value: Any)] = []
    for child in mirror.children {
      let pair = Array(Mirror(reflecting: child.value).children)
      if pair.count == 2 { entries.append(("\(pair[0].value)", pair[1].value)) }
    }
    for entry in entries.sorted(by: { $0.key < $1.key }) {
      search(entry.value, kind(of: entry.value), ModuleWalk.join(path, entry.key), owner: owner)
    }
  }

  static func join(_ path: String, _ name: String) -> String {
    if name.isEmpty { return path }
    return path.isEmpty ? name : "\(path).\(name)"
  }

  /// Returns the name of a property, or the index of an element.
  private static func name(_ label: String?, _ index: Int) -> String {
    guard var label else { return "\(index)" }
    guard let first = label.utf8.first, first == UInt8(ascii: "$") || first == UInt8(ascii: ".") else { return label }
    let lazyPrefix = "$__lazy_storage_$_"
    if label.hasPrefix(lazyPrefix) { label.removeFirst(lazyPrefix.count) }
    if label.hasPrefix(".") { label.removeFirst() }  // the unnamed elements of a tuple
    return label
  }
}

/// Types that contain no parameters. Long arrays of them are skipped.
private protocol LeafValue {}
extension Int: LeafValue {}
extension Int32: LeafValue {}
extension UInt8: LeafValue {}
extension UInt64: LeafValue {}
extension Float: LeafValue {}
extension Double: LeafValue {}
extension Bool: LeafValue {}
extension String: LeafValue {}
extension Tensor: LeafValue {}
extension Device: LeafValue {}

/// An array or an optional value, whose element type is known.
private protocol ElementTyped {
  var holdsLeaves: Bool { get }
}
extension Array: ElementTyped {
  var holdsLeaves: Bool { Element.self is any LeafValue.Type }
}
extension Optional: ElementTyped {
  var holdsLeaves: Bool { Wrapped.self is any LeafValue.Type }
}

extension Dictionary {
  /// Sets a value if the key has none; returns true if it did.
  fileprivate mutating func updateValue(_ value: Value, forKey key: Key, ifAbsent: Bool) -> Bool {
    guard self[key] == nil else { return false }
    self[key] = value
    return true
  }
}

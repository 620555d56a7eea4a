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
      search(child.value, ModuleWalk.join(path, ModuleWalk.name(child.label, index)), owner: owner)
    }
  }

  private mutating func search(_ value: Any, _ path: String, owner: ObjectIdentifier) {
    switch value {
    case let parameter as Parameter:
      guard paths.updateValue(path, forKey: ObjectIdentifier(parameter), ifAbsent: true) else { return }
      parameters.append(Found(path: path, parameter: parameter, owner: owner))
      return
    case let module as any Module:
      visit(module, path: path)
      return
    case let leaf where leaf is any LeafValue: return
    case let array as any ElementTyped where array.holdsLeaves: return
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .class, .foreignReference: return
    case .optional:
      if let some = mirror.children.first { search(some.value, path, owner: owner) }
    case .dictionary: searchDictionary(mirror, path, owner: owner)
    default: search(mirror, path, owner: owner)
    }
  }

  private mutating func searchDictionary(_ mirror: Mirror, _ path: String, owner: ObjectIdentifier) {
    var entries: [(key: String, value: Any)] = []
    for child in mirror.children {
      let pair = Array(Mirror(reflecting: child.value).children)
      if pair.count == 2 { entries.append(("\(pair[0].value)", pair[1].value)) }
    }
    for entry in entries.sorted(by: { $0.key < $1.key }) {
      search(entry.value, ModuleWalk.join(path, entry.key), owner: owner)
    }
  }

  static func join(_ path: String, _ name: String) -> String {
    if name.isEmpty { return path }
    return path.isEmpty ? name : "\(path).\(name)"
  }

  /// Returns the name of a property, or the index of an element.
  private static func name(_ label: String?, _ index: Int) -> String {
    guard var label else { return "\(index)" }
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

/// An array whose element type is known.
private protocol ElementTyped {
  var holdsLeaves: Bool { get }
}
extension Array: ElementTyped {
  var holdsLeaves: Bool { Element.self is any LeafValue.Type }
}

extension Dictionary {
  /// Sets a value if the key has none; returns true if it did.
  fileprivate mutating func updateValue(_ value: Value, forKey key: Key, ifAbsent: Bool) -> Bool {
    guard self[key] == nil else { return false }
    self[key] = value
    return true
  }
}

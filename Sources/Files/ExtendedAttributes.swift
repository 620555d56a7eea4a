import CExtendedAttributes

/// What a file has beside its bytes, mode, and owner: attributes of its users (`user.*`), and an access control list.
enum ExtendedAttributes {
  private static let accessList = "system.posix_acl_access"

  /// Copies those of a file to an open one. What the file system or this account does not allow is left out.
  /// - Parameter withAccess: whether the access control list, too. It gives rights: it has to be copied after the mode is set.
  static func copy(from path: String, to descriptor: Int32, withAccess: Bool) {
    for name in names(path) where name.hasPrefix("user.") || withAccess && name == accessList {
      let size = getxattr(path, name, nil, 0)
      if size < 0 { continue }
      var value = [UInt8](repeating: 0, count: size)
      let got = getxattr(path, name, &value, size)
      if got >= 0 { _ = fsetxattr(descriptor, name, value, got, 0) }
    }
  }

  private static func names(_ path: String) -> [String] {
    let size = listxattr(path, nil, 0)
    if size <= 0 { return [] }
    var bytes = [CChar](repeating: 0, count: size)
    let got = max(listxattr(path, &bytes, size), 0)
    return bytes[..<got].split(separator: 0).map { String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self) }
  }
}

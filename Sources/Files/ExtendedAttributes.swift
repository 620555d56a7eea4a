import CExtendedAttributes

/// The metadata of a file apart from its mode and owner: user attributes (`user.*`) and an access control list.
enum ExtendedAttributes {
  private static let accessList = "system.posix_acl_access"

  /// Copies the attributes of a file to an open file. Attributes not allowed by the file system or for this account are
  /// skipped.
  /// - Parameter withAccess: Whether to copy the access control list, too. It grants rights, so it must be copied after
  ///   the mode is set.
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

import BackendCore
import Synchronization

/// A device that was found but may not have been used. Opening it may be slow or fail, so it is opened when the first
/// tensor is created on it. There is one object for each physical device, which is kept until the program ends.
package final class DeviceEntry: Sendable {
  let identifier: String
  let name: String
  let kind: DeviceKind
  private let openDevice: @Sendable () throws -> any Backend
  private let result = Mutex<Result<any Backend, any Error>?>(nil)

  package init(identifier: String, name: String, kind: DeviceKind, open: @escaping @Sendable () throws -> any Backend) {
    self.identifier = identifier
    self.name = name
    self.kind = kind
    openDevice = open
  }

  /// Opens the device on the first call.
  func open() throws -> any Backend {
    try result.withLock { result in
      if let result { return try result.get() }
      let opened = Result { try openDevice() }
      result = opened
      return try opened.get()
    }
  }

  /// The opened device. If opening fails, a device on which every allocation throws the reason.
  var backend: any Backend {
    do {
      return try open()
    } catch {
      let reason = error as? BackendError ?? .deviceLost(device: name, reason: "\(error)")
      return MetaBackend(name: name, identifier: identifier, kind: kind, failure: reason)
    }
  }
}

import HostSystem
import Files

/// Real data outside the package: the folder `NN_SHARED_DATA`, else `../shared/data`.
package enum SharedData {
  package static let folder: String? = {
    let neighbor = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/shared/data"
    return [environment("NN_SHARED_DATA") ?? neighbor].first(where: Folder.isFolder)
  }()

  /// The path of a part; nil if there is no data.
  package static func path(_ name: String) -> String? { folder.map { Folder.join($0, name) } }

  /// The path of a part of `models`, the sibling of the folder; nil if there is none.
  package static func models(_ name: String) -> String? {
    folder.map { Folder.join($0, "../models/\(name)") }.flatMap { Folder.isFolder($0) ? $0 : nil }
  }
}

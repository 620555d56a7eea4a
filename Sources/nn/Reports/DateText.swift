import HostSystem

/// Human-readable times in UTC.
enum DateText {
  /// The modification time of a file, such as "2026-11-29 16:40 UTC"; nil if there is no such file.
  static func ofFile(_ path: String) -> String? {
    var status = stat()
    return stat(path, &status) == 0 ? text(status.st_mtim.tv_sec) : nil
  }

  /// The current time.
  static var now: String { text(time(nil)) ?? "" }

  private static func text(_ seconds: time_t) -> String? {
    var seconds = seconds, parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return nil }
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
  }
}

import HostSystem
import Files

@testable import Datasets

/// A local web server for a folder, run by python3 on a port chosen by the system.
final class LocalServer {
  let url: String
  private let process: ChildProcess

  /// The server's misbehavior.
  enum Fault {
    /// It answers every request with endless bytes and without a length.
    case endless
    /// It closes the connection in the middle of the file.
    case cutShort
  }

  /// Nil if python3 or curl is missing.
  init?(_ folder: String, _ fault: Fault? = nil) throws {
    let script = Folder.join(folder, "server.py")
    if let fault { try FileWriter.write(Array(LocalServer.server(fault).utf8), to: script) }
    let arguments =
      fault != nil ? ["-u", script] : ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder]
    do {
      _ = try ChildProcess("curl", ["--version"])
      process = try ChildProcess("python3", arguments)
    } catch {
      print("skipped: \(error.reason)")
      return nil
    }
    // "Serving HTTP on 127.0.0.1 port 39241 (http://127.0.0.1:39241/) ..."
    var text = ""
    let deadline = monotonicSeconds() + 300
    while !text.contains("port ") || !text.hasSuffix("\n") {
      let piece = try process.readOutput(deadline: deadline)
      if piece.isEmpty { throw ChildProcess.Failure(reason: "the server did not start: \(process.errorText())") }
      text += String(decoding: piece, as: UTF8.self)
    }
    let port = text[text.firstRange(of: "port ")!.upperBound...].prefix { $0.isNumber }
    url = "http://127.0.0.1:\(port)"
  }

  private static func server(_ fault: Fault) -> String {
    """
    import http.server
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            if \(fault == .cutShort ? "True" : "False"):
                self.send_header("Content-Length", "100000")
                self.end_headers()
                self.wfile.write(bytes(70000))
                return
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(65536))
            except OSError:
                pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    print("port", server.server_port)
    server.serve_forever()
    """
  }
}

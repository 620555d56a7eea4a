import HostSystem

/// Ends the process.
func exitProcess(_ status: ExitStatus) -> Never { exit(status.rawValue) }

/// Sets an environment variable of this process, for code that reads it later.
package func setEnvironment(_ name: String, _ value: String) { setenv(name, value, 1) }

/// Whether this process may create files in a folder.
package func mayWrite(in folder: String) -> Bool { access(folder, W_OK | X_OK) == 0 }

/// Returns the total size of all files in a folder, without subfolders; nil if there is no such folder.
package func bytes(inFolder path: String) -> Int? {
  names(inFolder: path)?.reduce(0) { total, name in
    var status = stat()
    let isFile = lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    return isFile ? total + Int(status.st_size) : total
  }
}

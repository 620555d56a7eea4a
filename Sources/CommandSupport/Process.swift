#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Ends the process.
func exitProcess(_ status: ExitStatus) -> Never { exit(status.rawValue) }

/// Sets a variable of this process's environment, for what reads it later.
package func setEnvironment(_ name: String, _ value: String) { setenv(name, value, 1) }

/// True when this process may make files in a folder.
package func mayWrite(in folder: String) -> Bool { access(folder, W_OK | X_OK) == 0 }

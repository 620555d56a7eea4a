/// The version of the package, shown by `--version` (semver.org).
package let packageVersion = "0.1.0"

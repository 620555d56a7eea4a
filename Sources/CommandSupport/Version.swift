/// The version of the package, as `--version` says it (semver.org).
package let packageVersion = "0.1.0"

// The C library of the system, so that no other file of this package has to choose. (The readers in Tests/Fuzz are also
// built by another package, which sees only products.)

#if canImport(Glibc)
@_exported import Glibc
#elseif canImport(Musl)
@_exported import Musl
#else
#error("the C library is neither Glibc nor Musl")
#endif

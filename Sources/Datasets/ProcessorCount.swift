import CLibrary

/// The number of online processors, at most 8: more do not make loading faster.
func processorCount() -> Int { min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1), 8) }

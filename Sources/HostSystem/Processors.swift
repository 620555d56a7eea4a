/// The number of processors that are online, at least 1.
package func onlineProcessors() -> Int { max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1) }

/// The size of a page of memory in bytes.
package func pageSize() -> Int { max(Int(sysconf(Int32(_SC_PAGESIZE))), 1) }

/// The memory of the machine in bytes; nil if the system does not say.
package func physicalMemory() -> Int? {
  let pages = Int(sysconf(Int32(_SC_PHYS_PAGES)))
  return pages > 0 ? pages * pageSize() : nil
}

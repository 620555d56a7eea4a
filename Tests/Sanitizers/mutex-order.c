// Preloaded before libswiftSynchronization in tests under ThreadSanitizer: declares the ordering established by Mutex.
//
// The fast paths of Mutex are atomic operations compiled into its users, where the sanitizer sees them. Its slow paths,
// taken under contention, are system calls inside a library that is not instrumented. Without these declarations, the
// sanitizer reports everything after a contended Mutex as a race; a suppression would hide real ones.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

typedef SWIFT void lock_function(uint32_t thread, SELF void *mutex);
typedef SWIFT void unlock_function(SELF void *mutex);

static lock_function *system_lock;
static unlock_function *system_unlock;

__attribute__((constructor)) static void find_library(void) {
  system_lock = (lock_function *)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
  system_unlock = (unlock_function *)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
}

// Synchronization._MutexHandle._lockSlow(_: UInt32)
SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
  if (!system_lock) abort();
  system_lock(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

// Synchronization._MutexHandle._unlockSlow()
SWIFT void unlock_slow(SELF void *mutex) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
SWIFT void unlock_slow(SELF void *mutex) {
  if (!system_unlock) abort();
  if (__tsan_release) __tsan_release(mutex);
  system_unlock(mutex);
}

/// A reference with a separate value on each thread, at first nil. It does not keep its object alive.
package struct ThreadLocal<Value: AnyObject>: Sendable {
  @usableFromInline let key: pthread_key_t

  package init() { key = makeKey(nil) }

  /// The value of the calling thread.
  @inlinable package var value: Value? {
    @inline(__always) get { pthread_getspecific(key).map { Unmanaged<Value>.fromOpaque($0).takeUnretainedValue() } }
    nonmutating set {
      pthread_setspecific(key, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
    }
  }
}

/// An object for each thread, created on first use and released when the thread ends.
package struct ThreadObject<Value: AnyObject>: Sendable {
  @usableFromInline let key: pthread_key_t
  @usableFromInline let create: @Sendable () -> Value

  package init(_ create: @escaping @Sendable () -> Value) {
    key = makeKey { pointer in
      if let pointer { Unmanaged<AnyObject>.fromOpaque(pointer).release() }
    }
    self.create = create
  }

  /// The object of the calling thread.
  @inlinable package var value: Value {
    if let pointer = pthread_getspecific(key) { return Unmanaged<Value>.fromOpaque(pointer).takeUnretainedValue() }
    let object = create()
    pthread_setspecific(key, UnsafeRawPointer(Unmanaged.passRetained(object).toOpaque()))
    return object
  }
}

/// A number with a separate value on each thread, at first 0.
package struct ThreadCount: Sendable {
  private let key: pthread_key_t

  package init() { key = makeKey(nil) }

  /// The value of the calling thread.
  package var value: Int {
    get { Int(bitPattern: pthread_getspecific(key)) }
    nonmutating set { pthread_setspecific(key, UnsafeRawPointer(bitPattern: newValue)) }
  }
}

private func makeKey(_ release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?) -> pthread_key_t {
  var key = pthread_key_t()
  guard pthread_key_create(&key, release) == 0 else { fatalError("the system has no more thread-local variables") }
  return key
}

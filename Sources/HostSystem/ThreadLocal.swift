// Public, because functions of another module are inlined only if they are: each tensor operation reads such a variable.

/// A reference with a separate value on each thread, at first nil. It does not keep its object alive.
@frozen
public struct ThreadLocal<Value: AnyObject>: Sendable {
  @usableFromInline let key: pthread_key_t

  public init() { key = makeKey(nil) }

  /// The value of the calling thread.
  @inlinable public var value: Value? {
    @inline(__always) get { pthread_getspecific(key).map { Unmanaged<Value>.fromOpaque($0).takeUnretainedValue() } }
    @inline(__always) nonmutating set {
      pthread_setspecific(key, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
    }
  }
}

/// An object for each thread, created on first use and released when the thread ends.
@frozen
public struct ThreadObject<Value: AnyObject>: Sendable {
  @usableFromInline let key: pthread_key_t
  @usableFromInline let create: @Sendable () -> Value

  public init(_ create: @escaping @Sendable () -> Value) {
    key = makeKey { pointer in
      if let pointer { Unmanaged<AnyObject>.fromOpaque(pointer).release() }
    }
    self.create = create
  }

  /// The object of the calling thread.
  @inlinable public var value: Value {
    @inline(__always) get {
      if let pointer = pthread_getspecific(key) { return Unmanaged<Value>.fromOpaque(pointer).takeUnretainedValue() }
      let object = create()
      pthread_setspecific(key, UnsafeRawPointer(Unmanaged.passRetained(object).toOpaque()))
      return object
    }
  }
}

/// A number with a separate value on each thread, at first 0.
@frozen
public struct ThreadCount: Sendable {
  @usableFromInline let key: pthread_key_t

  public init() { key = makeKey(nil) }

  /// The value of the calling thread.
  @inlinable public var value: Int {
    @inline(__always) get { Int(bitPattern: pthread_getspecific(key)) }
    @inline(__always) nonmutating set { pthread_setspecific(key, UnsafeRawPointer(bitPattern: newValue)) }
  }
}

private func makeKey(_ release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?) -> pthread_key_t {
  var key = pthread_key_t()
  guard pthread_key_create(&key, release) == 0 else { fatalError("the system has no more thread-local variables") }
  return key
}

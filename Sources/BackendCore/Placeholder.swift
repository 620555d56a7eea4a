// BackendCore

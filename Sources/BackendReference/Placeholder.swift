// BackendReference

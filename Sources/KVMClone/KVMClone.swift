// KVMClone

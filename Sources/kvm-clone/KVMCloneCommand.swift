@main struct KVMCloneCommand { static func main() { print("kvm-clone") } }

import CFuzzer
import FuzzPath

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = CommandLine.unsafeArgv
_ = LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in FuzzPath.prescan(UnsafeRawBufferPointer(start: bytes, count: count)) }

import Glibc
import ScanCodec
import ScanModel

// The decode worker. The main program starts it with a socket on descriptors 0 and 1 and shared memory on 3 and 4; it is of no use alone.
let arguments = Array(CommandLine.arguments.dropFirst())
var memoryBytes = DecodeContract.defaultMemoryBytes
if arguments.count == 2, arguments[0] == "--memory", let bytes = Int(arguments[1]), bytes > 0 {
  memoryBytes = bytes
} else if !arguments.isEmpty {
  let usage = Array("scanforge-decode is started by scanforge. Usage: scanforge-decode [--memory BYTES]\n".utf8)
  _ = write(STDERR_FILENO, usage, usage.count)
  exit(2)
}
exit(DecodeService.run(memoryBytes: memoryBytes))

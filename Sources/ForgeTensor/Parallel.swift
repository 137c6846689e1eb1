internal import CForgeKernels

/// Runs `body` for each index on the kernels' threads. Not from within itself.
package func parallel(_ count: Int, _ body: (Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var body = body
    withUnsafeMutablePointer(to: &body) { pointer in
      fk_parallel(Int64(count), pointer) { context, index in
        context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
      }
    }
  }
}

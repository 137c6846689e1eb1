/// Traps with `message` unless `condition` holds: a promise between our own functions was broken, such as a shape.
///
/// Unlike `precondition`, it tells the message in release builds too.
package func promise(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { fatalError(message(), file: file, line: line) }
}

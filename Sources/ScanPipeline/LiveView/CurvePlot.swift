import Foundation

/// Curves in one frame, as SVG inside an HTML page.
struct CurvePlot {
  var title: String
  var curves: [(name: String, curve: Curve)]
  /// Steps at which the training went back to a checkpoint.
  var returns: [Int] = []
  /// What is counted from left to right.
  var unit = "steps"

  private static let (width, height, left, bottom, top) = (460.0, 190.0, 52.0, 22.0, 10.0)
  private static let colors = ["#3b6ea5", "#c0562f", "#4a8f5c", "#8460a8", "#a08a24", "#5c6470"]

  /// Empty when no curve has two points.
  func svg() -> String {
    let points = curves.flatMap(\.curve.points)
    guard points.count > 1, let first = points.map(\.step).min(), let last = points.map(\.step).max(), first < last,
      let low = points.map(\.value).min(), let high = points.map(\.value).max()
    else { return "" }
    let spread = high > low ? high - low : max(abs(high), 1e-6)
    let (floor, ceiling) = (low - 0.04 * spread, high + 0.04 * spread)
    func x(_ step: Double) -> Double { Self.left + (step - first) / (last - first) * (Self.width - Self.left - 8) }
    func y(_ value: Double) -> Double { Self.top + (ceiling - value) / (ceiling - floor) * (Self.height - Self.top - Self.bottom) }
    var body = ""
    for part in 0...2 {
      let value = floor + (ceiling - floor) * Double(part) / 2
      let height = place(y(value))
      body += "<line x1=\"\(place(Self.left))\" x2=\"\(place(Self.width - 8))\" y1=\"\(height)\" y2=\"\(height)\" stroke=\"#e6eaf0\"/>"
      body += "<text x=\"\(place(Self.left - 5))\" y=\"\(place(y(value) + 4))\" text-anchor=\"end\">\(label(value))</text>"
    }
    body += "<text x=\"\(place(Self.left))\" y=\"\(place(Self.height - 5))\">\(Int(first))</text>"
    body += "<text x=\"\(place(Self.width - 8))\" y=\"\(place(Self.height - 5))\" text-anchor=\"end\">\(Int(last)) \(unit)</text>"
    for step in returns where (first...last).contains(Double(step)) {
      let x = place(x(Double(step)))
      body +=
        "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(place(Self.top))\" y2=\"\(place(Self.height - Self.bottom))\" stroke=\"#a40000\" stroke-dasharray=\"3 3\"/>"
    }
    var legend = ""
    for (index, entry) in curves.enumerated() where !entry.curve.points.isEmpty {
      let color = Self.colors[index % Self.colors.count]
      for stretch in entry.curve.stretches {
        let line = stretch.map { "\(place(x($0.step))),\(place(y($0.value)))" }.joined(separator: " ")
        body += "<polyline points=\"\(line)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.3\"/>"
      }
      legend +=
        "<span style=\"color:\(color)\">&#9644; \(HTMLText.escaped(entry.name)) \(label(entry.curve.points.last?.value ?? 0))</span> "
    }
    return """
      <figure><figcaption>\(HTMLText.escaped(title))</figcaption><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img">\(body)</svg>\
      <div class="legend">\(legend)</div></figure>
      """
  }

  private func place(_ number: Double) -> String { String(format: "%.1f", number) }

  private func label(_ value: Double) -> String { String(format: "%.3g", value) }
}

/// Text inside HTML.
enum HTMLText {
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}

import ScanCatalog

/// What was made from what, by kinds with their numbers, as an SVG drawing of six columns: from the acquired images to the exports.
struct LineagePicture {
  struct Node {
    let column: Int
    let title: String
    let detail: String
    /// Places in `nodes` of what it was made from.
    let parents: [Int]
    var isSynthetic = false
    var isTainted = false
  }

  let nodes: [Node]

  private static let (width, height, gapX, gapY) = (150, 46, 46, 16)

  /// A group of edges per pair of kinds and run: one box per data set, model, export and run that made images.
  init(_ catalog: Catalog) throws {
    var nodes: [Node] = []
    var places: [String: Int] = [:]
    let groups = try catalog.select(
      """
      SELECT CASE a.kind WHEN 'image' THEN a.origin ELSE a.kind END || CASE WHEN a.origin = 'acquired' OR a.kind IN ('slice', 'mask') THEN '' ELSE ' ' || a.run_id END AS name,
        CASE a.kind WHEN 'image' THEN a.origin ELSE a.kind END AS what, count(*), min(a.id), a.run_id, max(a.state = 'tainted'),
        max(a.attributes ->> '$.model'), max(a.attributes ->> '$.format')
      FROM artifact a WHERE a.state NOT IN ('superseded', 'withdrawn') AND a.kind NOT IN ('checkpoint', 'grid') AND NOT (a.kind = 'model' AND a.media = 'application/json')
      GROUP BY name ORDER BY min(a.id)
      """)
    let edges = try catalog.select(
      """
      SELECT DISTINCT CASE c.kind WHEN 'image' THEN c.origin ELSE c.kind END || CASE WHEN c.origin = 'acquired' OR c.kind IN ('slice', 'mask') THEN '' ELSE ' ' || c.run_id END,
        CASE p.kind WHEN 'image' THEN p.origin ELSE p.kind END || CASE WHEN p.origin = 'acquired' OR p.kind IN ('slice', 'mask') THEN '' ELSE ' ' || p.run_id END
      FROM derivation d JOIN artifact c ON c.id = d.child JOIN artifact p ON p.id = d.parent
      """)
    var parents: [String: [String]] = [:]
    for row in edges.rows { if let child = row[0].stringValue, let parent = row[1].stringValue, child != parent { parents[child, default: []].append(parent) } }
    for row in groups.rows {
      guard let name = row[0].stringValue, let what = row[1].stringValue, let count = row[2].integerValue else { continue }
      let columns = ["acquired": 0, "slice": 1, "mask": 1, "dataset": 2, "model": 3, "generated": 4, "enhanced": 4, "export": 5]
      let label = row[6].stringValue ?? row[7].stringValue
      places[name] = nodes.count
      nodes.append(
        Node(
          column: columns[what] ?? 1, title: count == 1 ? what : "\(count) \(what)",
          detail: [label, what == "acquired" || what == "slice" ? nil : row[4].integerValue.map { "run \($0)" }].compactMap(\.self).joined(separator: ", "),
          parents: (parents[name] ?? []).compactMap { places[$0] }.sorted(), isSynthetic: what == "generated" || what == "enhanced",
          isTainted: row[5].integerValue == 1))
    }
    self.nodes = nodes
  }

  var svg: String {
    var rows = [Int](repeating: 0, count: 6)
    let spots = nodes.map { node -> (x: Int, y: Int) in
      defer { rows[node.column] += 1 }
      return (node.column * (Self.width + Self.gapX) + 4, rows[node.column] * (Self.height + Self.gapY) + 4)
    }
    let size = (width: 6 * (Self.width + Self.gapX) - Self.gapX + 8, height: max(1, rows.max() ?? 1) * (Self.height + Self.gapY) + 8)
    var body = ""
    for (index, node) in nodes.enumerated() {
      for parent in node.parents {
        let (x1, y1) = (spots[parent].x + Self.width, spots[parent].y + Self.height / 2)
        let (x2, y2) = (spots[index].x, spots[index].y + Self.height / 2)
        let middle = (x1 + x2) / 2
        body += "<path d=\"M\(x1) \(y1)C\(middle) \(y1) \(middle) \(y2) \(x2) \(y2)\" fill=\"none\" stroke=\"#9aa7b8\"/>"
      }
    }
    for (node, spot) in zip(nodes, spots) {
      let fill = node.isTainted ? "#f6d5d5" : node.isSynthetic ? "#e4ecf7" : "#f3f6f9"
      body += "<rect x=\"\(spot.x)\" y=\"\(spot.y)\" width=\"\(Self.width)\" height=\"\(Self.height)\" rx=\"6\" fill=\"\(fill)\" stroke=\"#5b6b80\"/>"
      body += "<text x=\"\(spot.x + 10)\" y=\"\(spot.y + 19)\" font-size=\"13\" font-weight=\"600\">\(HTMLText.escaped(node.title))</text>"
      body += "<text x=\"\(spot.x + 10)\" y=\"\(spot.y + 36)\" font-size=\"11\" fill=\"#56606e\">\(HTMLText.escaped(node.detail))</text>"
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size.width) \(size.height)" width="100%" font-family="system-ui,sans-serif" role="img" \
      aria-label="What was made from what">\(body)</svg>
      """
  }
}

package import Foundation
import PixelMath
package import ScanCatalog
import ScanImaging
import ScanIO
import ScanModel

/// `audit report`: one self-contained page from the catalog alone: data sheet, lineage, balance, checks, runs, samples. Nothing is typed by hand.
package struct AuditReport {
  package let catalog: Catalog

  package init(_ catalog: Catalog) { self.catalog = catalog }

  /// - Throws: as `ReportFile.check`.
  package func write(to url: URL) throws {
    // It shows patients' pictures.
    try ReportFile.write(Array(html().utf8), to: url, mode: 0o600)
  }

  private static let pictures = 16

  package func html() throws -> String {
    let head = try catalog.head()
    return try """
      <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>ScanForge: audit report</title><style>
      body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1c2430;background:#fff}
      h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d5dbe3;padding-bottom:.2rem}
      table{border-collapse:collapse;margin:.8rem 0}td,th{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #e6eaf0}
      th{font-weight:600;background:#f3f6f9}td:first-child,th:first-child{text-align:left}code{font-size:.85em;overflow-wrap:anywhere}
      img{image-rendering:pixelated;max-width:100%;background:#000}figure{margin:.8rem 0}figcaption,.note{color:#56606e;font-size:.9rem}
      .flag{color:#a40000;font-weight:600}
      </style></head><body><h1>What this workspace holds, and where it came from</h1>
      <p>From the catalog at event \(head.seq), hash <code>\(head.hash.hex)</code>. Made without looking at objects again: \
      <code>scanforge audit verify --anchor FILE</code> says whether all of it is as recorded. For research, not for diagnosis.</p>
      \(dataSheet())<h2>Lineage</h2>\(LineagePicture(catalog).svg)
      <p class="note">Blue: made or changed by a model. Red: tainted by a withdrawal. Lineage itself is kept for each image: <code>scanforge audit lineage</code>.</p>
      \(balance())\(checks())\(samples())\(runs())</body></html>

      """
  }

  private func dataSheet() throws -> String {
    let facts: [(String, String)] = [
      ("Patients", "SELECT state, count(*) FROM patient GROUP BY state"),
      ("Images and more", "SELECT kind || ', ' || origin, count(*) FROM artifact WHERE state NOT IN ('superseded', 'withdrawn') GROUP BY 1 ORDER BY min(id)"),
      ("States", "SELECT state, count(*) FROM artifact GROUP BY state"),
      ("Formats ingested", "SELECT media, count(*) FROM artifact WHERE origin = 'acquired' AND state = 'active' GROUP BY media"),
      ("Modalities", "SELECT coalesce(attributes ->> '$.modality', 'not told'), count(*) FROM artifact WHERE origin = 'acquired' AND state = 'active' GROUP BY 1"),
      ("Sizes (columns x rows)", "SELECT (attributes ->> '$.columns') || ' x ' || (attributes ->> '$.rows'), count(*) FROM artifact WHERE origin = 'acquired' AND state = 'active' GROUP BY 1 ORDER BY 2 DESC LIMIT 8"),
      ("De-identification", "SELECT coalesce(attributes ->> '$.deidentification.edition', 'not told') || ' ' || coalesce(attributes ->> '$.deidentification.options', ''), count(*) FROM artifact WHERE origin = 'acquired' AND state = 'active' GROUP BY 1"),
      ("Possible identifying pixels", "SELECT r.value, count(*) FROM artifact a, json_each(a.attributes, '$.deidentification.risks') r WHERE a.origin = 'acquired' AND a.state = 'active' GROUP BY 1"),
      ("Terms", "SELECT coalesce(attributes ->> '$.terms', 'none recorded'), count(*) FROM artifact WHERE origin = 'acquired' AND state = 'active' GROUP BY 1"),
      ("Normalization", "SELECT attributes ->> '$.normalization', count(*) FROM artifact WHERE kind = 'slice' AND state = 'active' GROUP BY 1"),
    ]
    let rows = try facts.map { name, sql in
      let values = try catalog.select(sql).rows.map { "\(Self.text($0[1])) \(Self.text($0[0]))" }
      return "<tr><td>\(name)</td><td style=\"text-align:left\">\(values.isEmpty ? "none" : values.map(HTMLText.escaped).joined(separator: "<br>"))</td></tr>"
    }
    return "<h2>Data sheet</h2><table>\(rows.joined())</table>"
  }

  /// Tables of slices and generated images by label, part, sex, age band, scanner and modality.
  private func balance() throws -> String {
    let groups: [(String, String)] = [
      ("label", "coalesce(label, 'none')"), ("part", "coalesce(split, 'none')"), ("sex", "coalesce(attributes ->> '$.sex', 'not told')"),
      ("age band", "coalesce(attributes ->> '$.ageBand', 'not told')"), ("scanner", "coalesce(attributes ->> '$.scanner', 'not told')"),
      ("modality", "coalesce(attributes ->> '$.modality', 'not told')"),
    ]
    let tables = try groups.map { name, expression in
      let rows = try catalog.select(
        """
        SELECT \(expression), sum(kind = 'slice'), count(DISTINCT CASE WHEN kind = 'slice' THEN patient_id END), sum(origin = 'enhanced'), sum(origin = 'generated')
        FROM artifact WHERE state = 'active' AND (kind = 'slice' OR kind = 'image' AND origin IN ('enhanced', 'generated')) GROUP BY 1 ORDER BY 1
        """).rows
      let body = rows.map { row in "<tr>" + row.map { "<td>\(HTMLText.escaped(Self.text($0)))</td>" }.joined() + "</tr>" }.joined()
      return "<table><tr><th>\(name)</th><th>real slices</th><th>patients</th><th>super-resolved</th><th>generated</th></tr>\(body)</table>"
    }
    return "<h2>Balance, real against synthetic</h2>\(tables.joined())<p class=\"note\">Sex, age band and scanner are kept only where the options of de-identification keep them; the site is never kept.</p>"
  }

  private func checks() throws -> String {
    let leaks = try catalog.splitLeaks()
    let generated = try catalog.artifactIDs(ArtifactQuery(origins: [.generated], kinds: [.image]))
    let known = try catalog.memorizationChecks(of: generated)
    let copies = known.values.count(where: \.isFlagged)
    let broken = try catalog.exportsAgainstTerms()
    func line(_ isGood: Bool, _ text: String) -> String { "<li\(isGood ? "" : " class=\"flag\"")>\(HTMLText.escaped(text))</li>" }
    return "<h2>Checks</h2><ul>"
      + line(leaks.isEmpty, leaks.isEmpty ? "No held-out patient reached another part, through models neither." : "\(Set(leaks.map(\.artifact)).count) items go back to held-out patients.")
      + line(copies == 0, known.isEmpty ? "Memorization: not checked." : "Memorization: \(known.count) of \(generated.count) generated images checked, \(copies) copies.")
      + line(broken.isEmpty, broken.isEmpty ? "No export holds what its terms forbid." : "\(broken.count) exports hold what their terms forbid.") + "</ul>"
  }

  private func samples() throws -> String {
    let sets: [(String, ArtifactQuery)] = [
      ("Real slices", ArtifactQuery(origins: [.derived], kinds: [.slice])), ("Generated images", ArtifactQuery(origins: [.generated], kinds: [.image])),
    ]
    return try "<h2>Samples</h2>" + sets.map { title, query in
      let ids = try catalog.artifactIDs(query)
      let count = min(ids.count, Self.pictures)
      let chosen = try catalog.artifacts((0..<count).map { ids[$0 * ids.count / count] })
      let planes = try chosen.map { try StoredPlane($0, in: catalog).plane.fitted(to: 96).plane }
      guard !planes.isEmpty else { return "" }
      let png = try PNGWriter.encode(SampleGrid.compose(planes, columns: 8), photometric: .monochrome2, spacing: nil, texts: ["Software": "ScanForge"])
      return "<figure><img alt=\"\(title)\" src=\"data:image/png;base64,\(Data(png).base64EncodedString())\"><figcaption>\(title), \(count) of \(ids.count), evenly spread</figcaption></figure>"
    }.joined()
  }

  private func runs() throws -> String {
    let rows = try catalog.runs().map { run in
      let time = Date(timeIntervalSince1970: Double(run.startedMilliseconds) / 1000).formatted(.iso8601)
      let seconds = run.endedMilliseconds.map { String(format: "%.1f", Double($0 - run.startedMilliseconds) / 1000) } ?? "did not end"
      let cells = [
        "\(run.id)", run.op, time, seconds, run.exit.map { "\($0)" } ?? "", run.seed.map { "\($0)" } ?? "", run.actor, run.host, run.device, run.toolVersion,
        String(run.buildSHA256.prefix(12)),
      ]
      return "<tr>" + cells.map { "<td>\(HTMLText.escaped($0))</td>" }.joined() + "</tr>"
    }
    let titles = ["run", "op", "began", "seconds", "exit", "seed", "by", "host", "device", "version", "build"].map { "<th>\($0)</th>" }.joined()
    return "<h2>Runs</h2><table><tr>\(titles)</tr>\(rows.joined())</table>"
  }

  private static func text(_ value: CanonicalJSON) -> String { value == .null ? "none" : value.stringValue ?? value.text }
}

package import Foundation
import ForgeGAN
import PixelMath
import ScanImaging
import ScanIO
import ScanModel

/// One self-contained page: figures with what they rest on, samples beside real images of the same label, a confusion table, the synthetic
/// images nearest to training images beside these. No script, no network.
package struct EvaluationReport {
  package let evaluation: Evaluation
  package let real: EvaluationImages
  package let synthetic: EvaluationImages
  package let training: EvaluationImages?

  package init(_ evaluation: Evaluation, real: EvaluationImages, synthetic: EvaluationImages, training: EvaluationImages?) {
    self.evaluation = evaluation
    self.real = real
    self.synthetic = synthetic
    self.training = training
  }

  /// - Throws: as `ReportFile.check`.
  package func write(to url: URL) throws { try ReportFile.write(Array(html().utf8), to: url) }

  package func html() throws -> String {
    var page = """
      <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>ScanForge: evaluation</title><style>
      body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2430;background:#fff}
      h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d5dbe3;padding-bottom:.2rem}
      table{border-collapse:collapse;margin:.8rem 0}td,th{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #e6eaf0}
      th{font-weight:600;background:#f3f6f9}td:first-child,th:first-child{text-align:left}code{font-size:.85em}
      img{image-rendering:pixelated;max-width:100%;background:#000}figure{margin:.8rem 0}figcaption,.note{color:#56606e;font-size:.9rem}
      svg{width:100%;max-width:44rem;background:#fafbfc}svg text{font-size:11px;fill:#56606e}
      .flag{color:#a40000;font-weight:600}.bar{display:inline-block;height:.7rem;background:#3b6ea5;vertical-align:middle}
      </style></head><body><h1>Synthetic against real images</h1>
      <p>\(evaluation.syntheticCount) synthetic, \(evaluation.realCount) real images\(evaluation.side > 0 ? ", compared at \(evaluation.side) x \(evaluation.side) pixels" : ""). \
      \(evaluation.realAmongSynthetic > 0 ? "<b class=\"flag\">\(evaluation.realAmongSynthetic) synthetic images are among the real images, pixel by pixel.</b> " : "")\
      For research, not for diagnosis.</p>
      """
    page += figures() + consistency() + usefulness() + memory() + copies() + pixels()
    page += try samples()
    if !evaluation.notMeasured.isEmpty {
      page += "<h2>Not measured</h2><ul>" + evaluation.notMeasured.map { "<li>\(HTMLText.escaped($0))</li>" }.joined() + "</ul>"
    }
    return page + "</body></html>\n"
  }

  private func figures() -> String {
    guard !evaluation.views.isEmpty else { return "" }
    var rows = ""
    for view in evaluation.views {
      let (f, floor) = (view.figures, view.figures.floor)
      let pooled = f.hasLabels ? "<br><span class=\"note\">of all as one \(number(f.pooledKernelDistance, 5))</span>" : ""
      let name = "\(view.extractor)<br><code>\(view.digest.prefix(16))</code>"
      func cells(_ values: [String]) -> String { values.map { "<td>\($0)</td>" }.joined() }
      rows += "<tr><td>\(name)</td>" + cells([
        "\(f.generatedCount) / \(f.realCount)", interval(f.kernelDistance, 5) + pooled, interval(f.frechetDistance, 3), interval(f.coverage.precision, f.coverage.intervals.precision, 3),
        interval(f.coverage.recall, f.coverage.intervals.recall, 3), interval(f.coverage.density, f.coverage.intervals.density, 3),
        interval(f.coverage.coverage, f.coverage.intervals.coverage, 3), view.scoreOfClasses.map { interval($0, 3) } ?? "",
      ]) + "</tr><tr><td class=\"note\">real against real</td>" + cells([
        "\(floor.count) / \(floor.count)", number(floor.kernelDistance, 5), number(floor.frechetDistance, 3), "", number(floor.recall, 3), "", "", "",
      ]) + "</tr>"
    }
    let byLabel = evaluation.views[0].figures.isByLabel
      ? "KID is taken label by label, each in the share that it has among the real images; of all as one, as other programs give it, it comes out below 0 for equal "
        + "sets with chosen numbers of each label. " : ""
    return """
      <h2>Distances between the sets</h2><table><tr><th>extractor, its weights</th><th>synthetic / real</th><th>KID</th><th>FID</th>\
      <th>precision</th><th>recall</th><th>density</th><th>coverage</th><th>IS</th></tr>\(rows)</table>
      <p class="note">k = \(evaluation.views[0].figures.coverage.neighbours) neighbours. \(byLabel)A true KID is never below 0: an interval that \
      reaches 0 tells of no difference. Intervals (95 %) take images for independent draws; those of shares are Wilson's. The floor compares two halves of the real images: smaller sets, \
      which raises FID. Figures by different extractors, or of different numbers of images, are not comparable.</p>
      """
  }

  private func consistency() -> String {
    evaluation.consistencies.map { consistency(by: $0.name, $0.consistency) }.joined()
  }

  private func consistency(by name: String, _ c: Evaluation.Consistency) -> String {
    let head = c.labelNames.map { "<th>\(HTMLText.escaped($0))</th>" }.joined()
    let rows = c.labelNames.enumerated().map { label, name in
      "<tr><td>\(HTMLText.escaped(name))</td>" + c.synthetic.confusion[label].map { "<td>\($0)</td>" }.joined()
        + "<td>\(c.recalls[label].map(Evaluation.percent) ?? "")</td><td>\(c.recalls[label].map { "<span class=\"bar\" style=\"width:\(Int(80 * $0.value))px\"></span>" } ?? "")</td></tr>"
    }.joined()
    return """
      <h2>Do synthetic images show their \(name)?</h2><p>A classifier trained on \(c.trainedOn) real images is right on \(Evaluation.percent(c.accuracy.real)) of \
      \(c.real.count) real images that it never saw, and takes \(Evaluation.percent(c.accuracy.synthetic)) of \(c.synthetic.count) synthetic images for what they are to show.</p>
      <table><tr><th>synthetic \(name) \\ told as</th>\(head)<th>consistent</th><th></th></tr>\(rows)</table>
      """
  }

  private func usefulness() -> String {
    guard let u = evaluation.utility else { return "" }
    return """
      <h2>Are they worth training on?</h2><table><tr><th>classifier trained on</th><th>images</th><th>right on \(u.judgedOn) real images</th></tr>\
      <tr><td>real images</td><td>\(u.trainedOn.real)</td><td>\(Evaluation.percent(u.real))</td></tr>\
      <tr><td>synthetic images alone</td><td>\(u.trainedOn.synthetic)</td><td>\(Evaluation.percent(u.synthetic))</td></tr></table>\
      <p>Synthetic over real: \(number(u.ratio, 3)).</p>
      """
  }

  private func memory() -> String {
    guard let m = evaluation.memory else { return "" }
    return """
      <h2>Are they copies?</h2><p class="\(m.isFlagged ? "flag" : "")">\(m.isFlagged ? m.suspects > 0 ? "Flagged: \(m.suspects) synthetic images are a hundred times nearer to a training image than any honest image." : "Flagged: synthetic images lie nearer to training images than honest images do." : "Not flagged.")</p>
      <table><tr><th>nearer to training than to held-out images</th><th>95 %</th></tr><tr><td>synthetic images</td><td>\(Evaluation.percent(m.closer))</td></tr>\
      <tr><td>held-out real images in their place</td><td>\(Evaluation.percent(m.honest))</td></tr></table>\
      <p class="note">By \(m.extractor), \(m.setSize) training and as many held-out images. Authenticity \(number(m.statistics.authenticity, 3)); nearest over second-nearest distance \
      \(number(m.statistics.nearestRatio, 3)); \(m.suspects) images at less than a hundredth of the smallest distance of an honest image.</p>
      \(distances(m))
      """
  }

  /// How far the images of either kind are from their nearest training image: a memorizing model's curve begins below that of honest images.
  private func distances(_ m: Evaluation.Memory) -> String {
    func curve(_ statistics: MemorizationStatistics) -> Curve {
      statistics.distances(quantiles: (0...100).map { Double($0) / 100 }).enumerated().reduce(into: Curve()) { $0.add($1.element, step: $1.offset) }
    }
    return CurvePlot(
      title: "Distance to the nearest training image", curves: [("synthetic images", curve(m.statistics)), ("held-out real images", curve(m.honestStatistics))],
      unit: "% of the images, the nearest first"
    ).svg()
  }

  private func copies() -> String {
    guard let c = evaluation.copies else { return "" }
    return """
      <p class="\(c.isFlagged ? "flag" : "")">\(c.identical > 0 ? "\(c.identical) synthetic images are training images. " : "")\(c.found.count) of \(c.synthetic) synthetic images show what one of the \(c.training) training images shows, flipped, turned, \
      cut, noisy or in other contrast; so do \(c.honest.found) of \(c.honest.count) held-out images\(c.honest.found > 0 ? " (flagged: \(c.bar))" : ""). \(c.isFlagged ? "Flagged." : "Not flagged.")\
      \(c.found.isEmpty ? "" : " The nearest: \(HTMLText.escaped(c.nearest(12))).")</p>
      <p class="note">By laying pictures over each other: 1 less their correlation is at most \(number(c.threshold, 4)), half of what 1 % of the held-out images reach, \
      or far below the distance to any other training image.</p>
      """
  }

  private func pixels() -> String {
    var rows = ""
    if let c = evaluation.checkerboard {
      rows += "<tr><td>checkerboard score (1: no pattern)</td><td>synthetic \(Evaluation.text(c.synthetic, digits: 2)), real \(Evaluation.text(c.real, digits: 2))</td></tr>"
    }
    if let p = evaluation.pairs {
      rows += "<tr><td>\(p.count) pairs of one name</td><td>PSNR in dB \(Evaluation.text(p.psnr, digits: 2)), SSIM \(Evaluation.text(p.ssim, digits: 4))\(p.multiScaleSSIM.map { ", MS-SSIM \(Evaluation.text($0, digits: 4))" } ?? "")\(p.featureDistances.map { ", feature distance by \($0.extractor) <code>\($0.digest.prefix(16))</code> \(number($0.value.all, 4)), of the deepest map, squared, \(number($0.value.deepest, 4))" }.joined())</td></tr>"
    }
    return rows.isEmpty ? "" : "<h2>Pixels</h2><table>\(rows)</table>"
  }

  private func samples() throws -> String {
    var text = "<h2>Samples</h2>"
    let labels = synthetic.labelNames
    let groups: [String?] = labels.count > 1 && labels.count <= 24 ? labels : [nil]
    for label in groups {
      func some(_ images: EvaluationImages) -> [Plane] {
        let all = images.planes.indices.filter { label == nil || images.labels[$0]?.name == label }
        return (0..<min(12, all.count)).map { images.planes[all[$0 * all.count / min(12, all.count)]] }
      }
      for (title, planes) in [("synthetic", some(synthetic)), ("real", some(real))] where !planes.isEmpty {
        text += try figure(planes, "\(label.map { "\($0), " } ?? "")\(title)")
      }
    }
    if let c = evaluation.copies, let training, !c.found.isEmpty {
      let shown = c.found.prefix(12)
      text += "<h2>Copies</h2>"
      text += try figure(shown.map { synthetic.planes[$0.synthetic] }, "synthetic images, the nearest first")
      text += try figure(shown.map { training.planes[$0.training] }, "the training image that each shows")
    }
    if let m = evaluation.memory, let training {
      let order = m.statistics.nearest.indices.sorted { m.statistics.nearest[$0].distance < m.statistics.nearest[$1].distance }.prefix(12)
      text += "<h2>Nearest to training images</h2>"
      text += try figure(order.map { synthetic.planes[$0] }, "synthetic images, the nearest first")
      text += try figure(order.map { training.planes[m.statistics.nearest[$0].index] }, "the training image nearest to each")
    }
    return text
  }

  private func figure(_ planes: [Plane], _ caption: String) throws -> String {
    let side = planes.map { max($0.rows, $0.columns) }.max() ?? 1
    let shown = side > 128 ? planes.map { $0.fitted(to: 128).plane } : planes
    let grid = SampleGrid.compose(shown, columns: 12, scale: max(1, 80 / min(side, 128)))
    let png = Data(try PNGWriter.encode(grid, photometric: .monochrome2, spacing: nil)).base64EncodedString()
    return "<figure><img alt=\"\(HTMLText.escaped(caption))\" src=\"data:image/png;base64,\(png)\"><figcaption>\(HTMLText.escaped(caption))</figcaption></figure>"
  }

  private func number(_ value: Double, _ digits: Int) -> String { Evaluation.text(value, digits: digits) }

  private func interval(_ estimate: Estimate, _ digits: Int) -> String { interval(estimate.value, estimate.interval, digits) }

  private func interval(_ value: Double, _ interval: ClosedRange<Double>, _ digits: Int) -> String {
    "\(number(value, digits))<br><span class=\"note\">\(number(interval.lowerBound, digits)) to \(number(interval.upperBound, digits))</span>"
  }
}

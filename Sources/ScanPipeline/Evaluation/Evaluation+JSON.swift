import ForgeGAN
package import ScanCatalog
import ScanModel

extension Evaluation {
  /// For programs. Figures that are not finite are null.
  package var json: CanonicalJSON {
    var values: [String: CanonicalJSON] = [
      "real": .integer(Int64(realCount)), "synthetic": .integer(Int64(syntheticCount)), "realAmongSynthetic": .integer(Int64(realAmongSynthetic)),
      "size": side > 0 ? .integer(Int64(side)) : .null,
      "extractors": .array(views.map(\.json)), "notMeasured": .array(notMeasured.map { .string($0) }),
    ]
    if let checkerboard {
      values["checkerboard"] = .object([
        "real": .finite(checkerboard.real.value), "synthetic": .finite(checkerboard.synthetic.value),
        "intervals": .intervals(["real": checkerboard.real.interval, "synthetic": checkerboard.synthetic.interval]),
      ])
    }
    if let pairs {
      values["pairs"] = .object([
        "count": .integer(Int64(pairs.count)), "psnr": .finite(pairs.psnr.value), "ssim": .finite(pairs.ssim.value),
        "msSSIM": pairs.multiScaleSSIM.map { .finite($0.value) } ?? .null,
        "intervals": .intervals(["psnr": pairs.psnr.interval, "ssim": pairs.ssim.interval, "msSSIM": pairs.multiScaleSSIM?.interval]),
        "featureDistances": .array(
          pairs.featureDistances.map {
            .object([
              "extractor": .string($0.extractor), "sha256": .string($0.digest), "value": .finite($0.value.all), "deepest": .finite($0.value.deepest),
            ])
          }),
      ])
    }
    if let consistency { values["classConsistency"] = consistency.json }
    if !attributeConsistency.isEmpty {
      values["attributeConsistency"] = .object(
        Dictionary(uniqueKeysWithValues: attributeConsistency.map { ($0.attribute.rawValue, $0.consistency.json) }))
    }
    if let utility {
      values["trainOnSyntheticTestOnReal"] = .object([
        "trainedOnReal": .integer(Int64(utility.trainedOn.real)), "trainedOnSynthetic": .integer(Int64(utility.trainedOn.synthetic)),
        "judgedOn": .integer(Int64(utility.judgedOn)), "real": .estimate(utility.real), "synthetic": .estimate(utility.synthetic),
        "ratio": .finite(utility.ratio),
      ])
    }
    if let memory {
      values["memorization"] = .object([
        "extractor": .string(memory.extractor), "setSize": .integer(Int64(memory.setSize)), "closerToTraining": .estimate(memory.closer),
        "honestCloserToTraining": .estimate(memory.honest), "authenticity": .finite(memory.statistics.authenticity),
        "nearestDistanceRatio": .finite(memory.statistics.nearestRatio), "distanceToClosestMedian": .finite(memory.statistics.distance(quantile: 0.5)),
        "distanceToClosest5Percent": .finite(memory.statistics.distance(quantile: 0.05)), "suspects": .integer(Int64(memory.suspects)),
        "flagged": .bool(memory.isFlagged),
      ])
    }
    if let copies {
      values["copies"] = .object([
        "training": .integer(Int64(copies.training)), "honest": .integer(Int64(copies.honest.count)),
        "honestFound": .integer(Int64(copies.honest.found)), "honestNearest": .finite(copies.nearestHonest), "threshold": .finite(copies.threshold),
        "found": .integer(Int64(copies.found.count)), "identical": .integer(Int64(copies.identical)), "nearer": .integer(Int64(copies.nearer)),
        "flaggedFrom": copies.flaggedFrom.map { .integer(Int64($0)) } ?? .null, "flagged": .bool(copies.isFlagged),
        "images": .array(
          copies.found.map {
            .object(["synthetic": .string($0.places.synthetic), "training": .string($0.places.training), "distance": .finite($0.distance)])
          }),
      ])
    }
    return .object(values)
  }
}

extension Evaluation.View {
  fileprivate var json: CanonicalJSON {
    .object([
      "extractor": .string(extractor), "sha256": .string(digest), "real": .integer(Int64(figures.realCount)),
      "synthetic": .integer(Int64(figures.generatedCount)), "kid": .estimate(figures.kernelDistance),
      "kidByLabel": .bool(figures.isByLabel), "kidPooled": .finite(figures.pooledKernelDistance), "fid": .estimate(figures.frechetDistance),
      "neighbours": .integer(Int64(figures.coverage.neighbours)), "precision": .finite(figures.coverage.precision),
      "recall": .finite(figures.coverage.recall), "density": .finite(figures.coverage.density), "coverage": .finite(figures.coverage.coverage),
      "inceptionScore": scoreOfClasses.map { .finite($0.value) } ?? .null,
      "intervals": .intervals([
        "precision": figures.coverage.intervals.precision, "recall": figures.coverage.intervals.recall, "density": figures.coverage.intervals.density,
        "coverage": figures.coverage.intervals.coverage, "inceptionScore": scoreOfClasses?.interval,
      ]),
      "realFloor": .object([
        "kid": .finite(figures.floor.kernelDistance), "fid": .finite(figures.floor.frechetDistance), "recall": .finite(figures.floor.recall),
        "count": .integer(Int64(figures.floor.count)),
      ]),
    ])
  }
}

extension Evaluation.Consistency {
  fileprivate var json: CanonicalJSON {
    func matrix(_ rows: [[Int]]) -> CanonicalJSON { .array(rows.map { .array($0.map { .integer(Int64($0)) }) }) }
    return .object([
      "classifierSha256": .string(digest), "labels": .array(labelNames.map { .string($0) }), "trainedOn": .integer(Int64(trainedOn)),
      "realAccuracy": .estimate(accuracy.real), "syntheticAccuracy": .estimate(accuracy.synthetic),
      "byLabel": .object(
        Dictionary(uniqueKeysWithValues: zip(labelNames, recalls).map { ($0, $1.map { .estimate($0) } ?? .null) })),
      "realConfusion": matrix(real.confusion), "syntheticConfusion": matrix(synthetic.confusion),
    ])
  }
}

extension CanonicalJSON {
  fileprivate static func finite(_ value: Double) -> CanonicalJSON { value.isFinite ? .number(value) : .null }

  /// null where none could be found.
  fileprivate static func intervals(_ intervals: [String: ClosedRange<Double>?]) -> CanonicalJSON {
    .object(
      intervals.mapValues { interval in
        guard let interval, interval.lowerBound < interval.upperBound else { return .null }
        return .object(["low": .finite(interval.lowerBound), "high": .finite(interval.upperBound)])
      })
  }

  fileprivate static func estimate(_ estimate: Estimate) -> CanonicalJSON {
    .object([
      "value": .finite(estimate.value), "low": .finite(estimate.interval.lowerBound), "high": .finite(estimate.interval.upperBound),
    ])
  }
}

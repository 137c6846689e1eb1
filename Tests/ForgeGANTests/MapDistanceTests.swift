import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor
import Testing

struct MapDistanceTests {
  private static var extractor: RandomConvolutionExtractor { RandomConvolutionExtractor() }
  private static func image(_ name: String) -> Tensor { RandomStream(seed: 3, named: name).uniform([1, 32, 32, 1], counter: 0, low: -1, high: 1) }

  @Test func `an image lies nowhere apart from itself, and farther from another than from a faint change`() throws {
    let (truth, other) = (MapDistanceTests.image("truth"), MapDistanceTests.image("other"))
    let extractor = MapDistanceTests.extractor
    let same = try #require(extractor.distance(of: truth, to: truth))
    #expect(same.all == 0 && same.deepest == 0)
    let faint = try #require(extractor.distance(of: truth + other * 0.01, to: truth))
    let far = try #require(extractor.distance(of: other, to: truth))
    #expect(faint.all > 0 && faint.deepest > 0)
    #expect(far.all > 10 * faint.all && far.deepest > 100 * faint.deepest)
  }

  @Test func `the deepest map counts squared and relative, all maps absolute`() throws {
    let (truth, other) = (MapDistanceTests.image("truth"), MapDistanceTests.image("other"))
    let extractor = MapDistanceTests.extractor
    let (mine, wanted) = (extractor.maps(Variable(other)).map(\.value.values), extractor.maps(Variable(truth)).map(\.value.values))
    func total(_ values: [Float], _ term: (Double) -> Double) -> Double { values.reduce(0) { $0 + term(Double($1)) } }
    let found = try #require(extractor.distance(of: other, to: truth))
    let deepest = try #require(zip(mine, wanted).reversed().first.map { zip($0, $1).map(-) })
    #expect(abs(found.deepest / (total(deepest) { $0 * $0 } / total(wanted.last!) { $0 * $0 }) - 1) < 1e-4)
    let each = zip(mine, wanted).map { a, b in total(zip(a, b).map(-), abs) / total(b, abs) }
    #expect(abs(found.all / (each.reduce(0, +) / Double(each.count)) - 1) < 1e-4)
    #expect((found + found).all == 2 * found.all && ((found + found) / 2).deepest == found.deepest)
  }
}

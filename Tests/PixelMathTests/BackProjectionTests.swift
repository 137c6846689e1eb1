import Foundation
import PixelMath
import Testing

/// An image with waves of every length, in words of 12 bits.
private func busy(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Plane {
  var state = seed
  return Plane(
    rows: rows, columns: columns,
    values: (0..<rows * columns).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let wave = sin(Float(index % columns) * 0.4) + cos(Float(index / columns) * 0.15)
      return (1000 + 400 * wave + Float(state >> 56)).rounded()
    })
}

struct BackProjectionTests {
  @Test(arguments: [2, 3, 4])
  func `a back-projected image made small again is the small image`(factor: Int) {
    let truth = busy(24 * factor, 17 * factor)
    let small = truth.resampled(rows: 24, columns: 17)
    // As bad a start as any: another image.
    let start = busy(24 * factor, 17 * factor, seed: 9)
    var last = 0.0
    for rounds in [0, 4, 16] {
      let shrunk = start.backProjected(onto: small, rounds: rounds).resampled(rows: 24, columns: 17)
      let decibels = psnr(small, shrunk, range: 4095)
      #expect(decibels > last + 3, "\(rounds) rounds")
      last = decibels
    }
    #expect(last > 70)
  }

  @Test func `an image that agrees already stays`() {
    let truth = busy(40, 30)
    let small = truth.resampled(rows: 20, columns: 15)
    #expect(psnr(truth, truth.backProjected(onto: small, rounds: 5), range: 4095) > 120)
  }

  @Test func `a pixel beyond the reach does not matter`() {
    let (large, small) = (busy(80, 12), busy(40, 6, seed: 3))
    let rounds = 3
    let near = Plane.backProjectionReach * rounds
    let whole = large.backProjected(onto: small, rounds: rounds)
    let part = large.cropped(row: 0, column: 0, rows: 2 * (10 + near), columns: 12)
      .backProjected(onto: small.cropped(row: 0, column: 0, rows: 10 + near, columns: 6), rounds: rounds)
    for row in 0..<20 { for column in 0..<12 { #expect(abs(whole[row, column] - part[row, column]) < 1e-3) } }
  }

  @Test func `the plainest image has no detail of its own, and detail that the small image cannot show is found`() {
    let small = busy(32, 32)
    let plain = small.resampled(rows: 64, columns: 64).backProjected(onto: small, rounds: 30)
    #expect(psnr(Plane(rows: 64, columns: 64, values: [Float](repeating: 0, count: 4096)), plain.unmeasuredDetail(beside: small, rounds: 30), range: 4095) > 70)
    // The finest checkerboard vanishes when pixels are averaged.
    let board = (0..<4096).map { Float(($0 / 64 + $0) % 2 == 0 ? 50 : -50) }
    let marked = Plane(rows: 64, columns: 64, values: zip(plain.values, board).map { $0 + $1 })
    let found = marked.unmeasuredDetail(beside: small, rounds: 30)
    for row in 8..<56 { for column in 8..<56 { #expect(abs(found[row, column] - board[row * 64 + column]) < 3) } }
  }

  @Test func `every turn has its inverse and moves the corner where it says`() {
    let plane = busy(5, 7)
    var seen: Set<[Float]> = []
    for turn in Turn.all {
      let turned = plane.turned(by: turn)
      #expect(turned.turned(by: turn.inverse) == plane)
      #expect(turned.rows == (turn.transposes ? 7 : 5))
      #expect(turned[0, 0] == plane[turn.flipsRows ? 4 : 0, turn.flipsColumns ? 6 : 0])
      seen.insert(turned.values)
    }
    #expect(seen.count == 8)
  }
}

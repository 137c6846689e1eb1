import Foundation

/// How much of a pattern of every other pixel a plane has: the energy at the Nyquist frequency, along rows or along columns, whichever is
/// more, over that of the next lower frequency. About 1 for noise and for natural images; transposed convolutions whose kernels overlap
/// unevenly leave several times that (Odena et al. 2016).
///
/// The energies are the mean squares of the discrete Fourier sums 8 and 7 of lines of 16 pixels.
///
/// - Precondition: at least 16 x 16 pixels.
package func checkerboardScore(_ plane: Plane) -> Double {
  let side = 16
  precondition(min(plane.rows, plane.columns) >= side, "a checkerboard score needs 16 x 16 pixels, not \(plane.rows) x \(plane.columns)")
  // At 8/16 the wave is +1, -1; at 7/16 it turns slowly against that.
  let waves = [7, 8].map { frequency in
    (0..<side).map { n in (cos(2 * Double.pi * Double(frequency * n) / Double(side)), sin(2 * Double.pi * Double(frequency * n) / Double(side))) }
  }
  var energies = [[0.0, 0.0], [0.0, 0.0]]
  for top in stride(from: 0, through: plane.rows - side, by: side) {
    for left in stride(from: 0, through: plane.columns - side, by: side) {
      for along in 0..<2 {
        for (index, wave) in waves.enumerated() {
          // Rows (or columns) one by one: a pattern along one axis alone is one too.
          for line in 0..<side {
            var (real, imaginary) = (0.0, 0.0)
            for n in 0..<side {
              let value = Double(along == 0 ? plane[top + line, left + n] : plane[top + n, left + line])
              real += value * wave[n].0
              imaginary += value * wave[n].1
            }
            energies[along][index] += real * real + imaginary * imaginary
          }
        }
      }
    }
  }
  let ratios = energies.map { ($0[1] + 1e-12) / ($0[0] + 1e-12) }
  return ratios.max() ?? 1
}

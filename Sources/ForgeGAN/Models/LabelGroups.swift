package import ForgeGrad
import ForgeTensor

/// Which images of a batch are compared with each other: those of one set (all real, or all generated) that share a label.
///
/// A discriminator that sees one image at a time cannot tell that a generator makes the same few images of a class again and again. What
/// it needs is how far the images of a class lie apart. Over the whole batch, as in Karras et al. 2018, that number tells of the
/// differences between classes, which no generator gets wrong; within a class it tells of variety.
package struct LabelGroups {
  /// `[N, N]`: row n averages over the images of n's group.
  private let averaging: Tensor

  /// - Parameters:
  ///   - labels: one per image.
  ///   - sets: into how many parts of equal length the batch falls, whose images are not compared with each other's.
  package init(labels: [Int32], sets: Int = 1) {
    let (count, part) = (labels.count, labels.count / sets)
    precondition(part * sets == count, "\(count) images are not \(sets) sets of equal size")
    var values = [Float](repeating: 0, count: count * count)
    for row in 0..<count {
      let members = (row / part * part..<(row / part + 1) * part).filter { labels[$0] == labels[row] }
      for member in members { values[row * count + member] = 1 / Float(members.count) }
    }
    averaging = Tensor([count, count], values)
  }

  /// Standard deviation of each value over the image's group, `√(mean (x − mean)² + ε)`; `√ε` for an image that is alone.
  ///
  /// - Parameter x: `[N, A]`.
  /// - Returns: `[N, A]`, equal within a group.
  package func deviation(of x: Variable, epsilon: Float = 1e-8) -> Variable {
    let count = averaging.shape[0]
    precondition(x.shape.rank == 2 && x.shape[0] == count, "LabelGroups: made for \(count) images, given \(x.shape)")
    let share = Variable(averaging)
    return sqrt(matmul(share, square(x - matmul(share, x))) + epsilon)
  }
}

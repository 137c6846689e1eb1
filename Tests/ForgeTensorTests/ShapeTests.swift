import ForgeTensor
import Testing

@Suite struct ShapeTests {
  @Test func `broadcasting aligns shapes at the end and stretches ones`() {
    #expect(Shape.broadcast([4, 1, 3], [2, 1], for: "test") == [4, 2, 3])
    #expect(Shape.broadcast([], [2, 2], for: "test") == [2, 2])
    #expect(Shape.broadcast([5], [5], for: "test") == [5])
  }

  @Test func `strides of a row-major shape multiply the extents behind`() {
    let shape: Shape = [2, 3, 4]
    #expect(shape.strides == [12, 4, 1])
    #expect(shape.count == 24)
    #expect(Shape([]).count == 1)
  }

  @Test func `axes count from either end`() {
    let shape: Shape = [2, 3, 4]
    #expect(shape[-1] == 4)
    #expect(shape.axes([-1, 0], for: "test") == [2, 0])
    #expect(shape.reduced([1], keepingDimensions: true) == [2, 1, 4])
    #expect(shape.reduced([1], keepingDimensions: false) == [2, 4])
  }
}

/// The SIZ segment of a JPEG 2000 codestream: ISO/IEC 15444-1 sections A.5.1 and B.2 to B.3.
struct JPEG2000Size {
  let columns: Int
  let rows: Int
  let components: Int
  /// 0 when the segment is none.
  let tiles: Int
  /// Columns and rows of a tile at most.
  let tileExtent: [Int]

  /// - Parameter body: the segment without marker and length: the grid's size from byte 2 on, the image's offset from 10, a tile's size from
  ///   18, its offset from 26, the number of components at 34.
  init(_ stream: StreamBytes, _ body: Range<Int>) {
    func number(_ offset: Int, _ axis: Int) -> Int { stream.word32(body.lowerBound + offset + 4 * axis) ?? 0 }
    func tiles(_ axis: Int) -> Int {
      let tile = number(18, axis)
      return tile > 0 ? min(1 << 16, max(0, number(2, axis) - number(26, axis) + tile - 1) / tile) : 0
    }
    columns = number(2, 0) - number(10, 0)
    rows = number(2, 1) - number(10, 1)
    components = stream.word16(body.lowerBound + 34) ?? 1
    self.tiles = tiles(0) * tiles(1)
    tileExtent = [0, 1].map { min(number(2, $0), number(18, $0)) }
  }

  func isSize(of shape: RLEText.Shape) -> Bool {
    columns == shape.columns && rows == shape.rows && components == shape.samplesPerPixel
  }
}

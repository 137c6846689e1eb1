internal import ForgeTensor

/// `table[index[i]]` for each `i` (an embedding): `[rows, …]` to `[count, …]`. Partner: `scatterAddRows`.
package func gatherRows(_ table: Variable, _ index: [Int32]) -> Variable {
  OpCatalog.record(.gatherRows, [table], .rows(index, of: table.shape[0]), value: gatherRows(table.value, index))
}

/// Zeros of `rows` rows to which row `i` of `x` is added at `index[i]`. Partner: `gatherRows`.
package func scatterAddRows(_ x: Variable, _ index: [Int32], rows: Int) -> Variable {
  OpCatalog.record(.scatterAddRows, [x], .rows(index, of: rows), value: scatterAddRows(x.value, index, rows: rows))
}

@Sendable func gatherRowsVJP(_ b: Backward) -> [Variable?] {
  guard case .rows(let index, let rows) = b.attributes else { fatalError("gatherRows without its index") }
  return [scatterAddRows(b.g, index, rows: rows)]
}

@Sendable func scatterAddRowsVJP(_ b: Backward) -> [Variable?] {
  guard case .rows(let index, _) = b.attributes else { fatalError("scatterAddRows without its index") }
  return [gatherRows(b.g, index)]
}

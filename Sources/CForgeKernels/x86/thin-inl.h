// The matrix product with a right operand too large for the cache, as a wide linear layer has: it is read once, where it lies, for up to
// `thin_rows` rows of the left one. Packing it would cost more than the product. Each row's result is its own, whatever the others.

enum {
  thin_least = 1 << 20,                     // values of the right operand
  thin_rows = 32,
  thin_tile_rows = 6,
  thin_vectors = FK_LANES == 16 ? 4 : 2,    // of columns in registers
  thin_depth = 32,                          // terms that are summed before they join the block's sum
};

static int thin_applies(const fk_gemm_geometry *g) { return !g->transpose_a && (int64_t)g->k * g->n >= thin_least; }

/// Sums of the fixed blocks of the reduction; a transposed right operand needs none, since its rows lie along the reduction.
static size_t thin_workspace(const fk_gemm_geometry *g) {
  return g->transpose_b ? 0 : (size_t)FK_MAX_BLOCKS * (size_t)fk_min64(g->m, thin_rows) * (size_t)g->n * sizeof(float);
}

typedef struct thin_job {
  const fk_gemm_geometry *g;
  const float *a, *b;
  float *out, *partial;       // partial: [blocks, rows, n]
  int64_t rows;
} thin_job;

/// sums[r][columns] += a[r][0 ..< depth] * b[0 ..< depth][columns]
FK_INLINE void thin_tile(int rows, int vectors, int64_t depth, const float *a, int64_t a_step, const float *b, int64_t b_step, float *sums,
                         int64_t sums_step) {
  vf sum[thin_tile_rows][thin_vectors] = {0};
  for (int64_t k = 0; k < depth; k++, b += b_step) {
    vf column[thin_vectors];
    for (int v = 0; v < vectors; v++) column[v] = vf_load(b + v * FK_LANES);
    // The next columns of this row are wanted soon, and a row is too short a run for the hardware to see that.
    for (int v = 0; v < vectors; v++) __builtin_prefetch(b + (vectors + v) * FK_LANES);
    for (int r = 0; r < rows; r++) {
      vf x = vf_splat(a[r * a_step + k]);
      for (int v = 0; v < vectors; v++) sum[r][v] = vf_fma(x, column[v], sum[r][v]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) {
      float *to = sums + r * sums_step + v * FK_LANES;
      vf_store(to, vf_load(to) + sum[r][v]);
    }
}

FK_INLINE void thin_rows_of_tile(int64_t rows, int vectors, int64_t depth, const float *a, int64_t a_step, const float *b, int64_t b_step,
                                 float *sums, int64_t sums_step) {
  for (; rows >= thin_tile_rows; rows -= thin_tile_rows, a += thin_tile_rows * a_step, sums += thin_tile_rows * sums_step)
    thin_tile(thin_tile_rows, vectors, depth, a, a_step, b, b_step, sums, sums_step);
  switch (rows) {
    case 5: thin_tile(5, vectors, depth, a, a_step, b, b_step, sums, sums_step); break;
    case 4: thin_tile(4, vectors, depth, a, a_step, b, b_step, sums, sums_step); break;
    case 3: thin_tile(3, vectors, depth, a, a_step, b, b_step, sums, sums_step); break;
    case 2: thin_tile(2, vectors, depth, a, a_step, b, b_step, sums, sums_step); break;
    case 1: thin_tile(1, vectors, depth, a, a_step, b, b_step, sums, sums_step); break;
    default: break;
  }
}

/// One block of the reduction for all rows and columns.
static void thin_block(void *context, int64_t block) {
  const thin_job *j = context;
  int64_t n = j->g->n, k = j->g->k, end = k * (block + 1) / FK_MAX_BLOCKS;
  float *sums = j->partial + block * j->rows * n;
  zero_floats(sums, j->rows * n);
  for (int64_t first = k * block / FK_MAX_BLOCKS; first < end; first += thin_depth) {
    int64_t depth = fk_min64(thin_depth, end - first), c = 0;
    const float *a = j->a + first, *b = j->b + first * n;
    for (; c + thin_vectors * FK_LANES <= n; c += thin_vectors * FK_LANES)
      thin_rows_of_tile(j->rows, thin_vectors, depth, a, k, b + c, n, sums + c, n);
    for (; c + FK_LANES <= n; c += FK_LANES) thin_rows_of_tile(j->rows, 1, depth, a, k, b + c, n, sums + c, n);
    for (; c < n; c++)
      for (int64_t r = 0; r < j->rows; r++) {
        float sum = 0;
        for (int64_t i = 0; i < depth; i++) sum = f_fma(a[r * k + i], b[i * n + c], sum);
        sums[r * n + c] += sum;
      }
  }
}

enum { thin_columns = 4, thin_unit = 32 };   // rows of a transposed right operand at once, and per unit of work

/// One step of thin_dots: `part` values of each row, FK_LANES unless they are the last.
FK_INLINE void thin_dots_step(int rows, int columns, const float *a, const float *b, int64_t k, int64_t part, vf sum[][thin_columns]) {
  vf y[thin_columns];
  for (int c = 0; c < columns; c++) y[c] = part == FK_LANES ? vf_load(b + c * k) : vf_load_part(b + c * k, part);
  for (int r = 0; r < rows; r++) {
    vf x = part == FK_LANES ? vf_load(a + r * k) : vf_load_part(a + r * k, part);
    for (int c = 0; c < columns; c++) sum[r][c] = vf_fma(x, y[c], sum[r][c]);
  }
}

/// out[r][c] = a[r] . b[c] for a few rows r and columns c.
FK_INLINE void thin_dots(int rows, int columns, const thin_job *j, int64_t row, int64_t column) {
  int64_t n = j->g->n, k = j->g->k, i = 0;
  const float *a = j->a + row * k, *b = j->b + column * k;
  vf sum[thin_tile_rows][thin_columns] = {0};
  for (; i + FK_LANES <= k; i += FK_LANES) thin_dots_step(rows, columns, a + i, b + i, k, FK_LANES, sum);
  if (i < k) thin_dots_step(rows, columns, a + i, b + i, k, k - i, sum);
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) {
      float *to = j->out + (row + r) * n + column + c, total = vf_sum(sum[r][c]);
      *to = j->g->accumulate ? *to + total : total;
    }
}

static void thin_dots_unit(void *context, int64_t unit) {
  const thin_job *j = context;
  int64_t end = fk_min64(j->g->n, (unit + 1) * thin_unit), column = unit * thin_unit;
  for (; column + thin_columns <= end; column += thin_columns) {
    int64_t row = 0;
    for (; row + thin_tile_rows <= j->g->m; row += thin_tile_rows) thin_dots(thin_tile_rows, thin_columns, j, row, column);
    for (; row + 2 <= j->g->m; row += 2) thin_dots(2, thin_columns, j, row, column);
    for (; row < j->g->m; row++) thin_dots(1, thin_columns, j, row, column);
  }
  for (; column < end; column++)
    for (int64_t row = 0; row < j->g->m; row++) thin_dots(1, 1, j, row, column);
}

static void thin_run(const fk_gemm_geometry *g, const float *a, const float *b, float *out, float *memory) {
  if (g->transpose_b) {
    thin_job j = {.g = g, .a = a, .b = b, .out = out};
    fk_parallel(fk_ceil_div(g->n, thin_unit), &j, thin_dots_unit);
    return;
  }
  for (int64_t first = 0; first < g->m; first += thin_rows) {
    thin_job j = {.g = g, .a = a + first * g->k, .b = b, .partial = memory, .rows = fk_min64(thin_rows, g->m - first)};
    fk_parallel(FK_MAX_BLOCKS, &j, thin_block);
    float *to = out + first * g->n;
    int64_t count = j.rows * g->n;
    for (int64_t i = 0; i < count; i++) {
      float sum = memory[i];
      for (int64_t block = 1; block < FK_MAX_BLOCKS; block++) sum += memory[block * count + i];
      to[i] = g->accumulate ? to[i] + sum : sum;
    }
  }
}

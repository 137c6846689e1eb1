// The matrix product with a right operand too large for the cache, as a wide linear layer has: it is read once, where it lies, for up to
// `thin_rows` rows of the left one. Packing it would cost more than the product. Each row's result is its own, whatever the others.

enum {
  thin_least = 1 << 20,                     // values of the right operand
  thin_rows = 32,
  thin_tile_rows = 6,
  thin_vectors = FK_LANES == 16 ? 4 : 2,    // of columns in registers
  thin_depth = 32,                          // terms that are summed before they join the block's sum
};

/// A transposed operand is as well read once by `product`, whose rows are each their own too.
static int thin_applies(const fk_gemm_geometry *g) { return !g->transpose_a && !g->transpose_b && (int64_t)g->k * g->n >= thin_least; }

/// Sums of the fixed blocks of the reduction.
static size_t thin_workspace(const fk_gemm_geometry *g) {
  return (size_t)FK_MAX_BLOCKS * (size_t)fk_min64(g->m, thin_rows) * (size_t)g->n * sizeof(float);
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

static void thin_run(const fk_gemm_geometry *g, const float *a, const float *b, float *out, float *memory) {
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

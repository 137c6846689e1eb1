// From sums to outputs: the epilogue and the partial sums of a long reduction.

FK_INLINE vf vf_leaky(vf x, vf slope) { return x > vf_splat(0) ? x : slope * x; }

/// Bias, residual and activation of one vector of outputs; `at` counts from the product's origin.
FK_INLINE vf finish_vector(const product *j, vf x, int64_t at, int64_t column) {
  const fk_epilogue *e = j->epilogue;
  if (!e) return x;
  if (j->bias) x = x + vf_load(j->bias + column);
  if (j->residual) x = x + vf_load(j->residual + at);
  if (e->activation == FK_ACT_LEAKY_RELU) x = vf_leaky(x, vf_splat(e->slope));
  if (e->activation == FK_ACT_PRELU) x = vf_leaky(x, vf_load(j->slopes + column));
  if (e->activation == FK_ACT_TANH) {
    float lane[FK_LANES];
    vf_store(lane, x);
    for (int32_t i = 0; i < FK_LANES; i++) lane[i] = fk_tanh(lane[i]);
    x = vf_load(lane);
  }
  return x;
}

static float finish_one(const product *j, float x, int64_t at, int64_t column) {
  const fk_epilogue *e = j->epilogue;
  if (!e) return x;
  if (j->bias) x = x + j->bias[column];
  if (j->residual) x = x + j->residual[at];
  return fk_activate(e->activation, x, e->slope, e->activation == FK_ACT_PRELU ? j->slopes[column] : 0);
}

/// Brings a tile of sums to the output. `partial` (step `partial_step`) holds the sums of earlier blocks when there is more than one.
static void store_tile(const product *j, const float *tile, int64_t tile_step, int64_t rows, const int64_t *place, int64_t column, int64_t count,
                       float *partial, int64_t partial_step, int first_block, int last_block) {
  for (int64_t m = 0; m < rows; m++, tile += tile_step) {
    float *out = j->out + place[m] + column, *sums = partial + m * partial_step;
    int64_t n = 0;
    for (; n + FK_LANES <= count; n += FK_LANES) {
      vf x = vf_load(tile + n);
      if (!first_block) x = vf_load(sums + n) + x;
      if (!last_block) {
        vf_store(sums + n, x);
        continue;
      }
      if (j->accumulate) x = vf_load(out + n) + x;
      vf_store(out + n, finish_vector(j, x, place[m] + column + n, column + n));
    }
    for (; n < count; n++) {
      float x = tile[n];
      if (!first_block) x = sums[n] + x;
      if (!last_block) {
        sums[n] = x;
        continue;
      }
      if (j->accumulate) x = out[n] + x;
      out[n] = finish_one(j, x, place[m] + column + n, column + n);
    }
  }
}

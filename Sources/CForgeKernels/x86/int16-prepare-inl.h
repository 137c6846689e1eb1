// Weights of the 16-bit convolutions: transformed, rounded and packed.
//
// For each phase and panel of columns: pairs of integers [position][pair][column], then the scales that bring their sums back to
// numbers, [position][chunk][column]. Columns beyond the width are zeros.

/// 32-bit words of one column.
static int64_t int16_column_words(const fk_int16_plan *p) {
  return p->positions * (int16_padded(p->depth) / 2 + fk_ceil_div(p->depth, fk_int16_chunk));
}
static int64_t int16_phase_words(const fk_int16_plan *p) { return fk_ceil_div(p->width, FK_LANES) * FK_LANES * int16_column_words(p); }

static size_t int16_prepared_bytes(const fk_conv_geometry *g, fk_conv_role role) {
  fk_int16_plan p;
  if (!fk_int16_plan_make(g, role, &p)) return 0;
  return (size_t)(p.stride * p.stride * int16_phase_words(&p)) * sizeof(int32_t);
}

/// The transformed weights of one input channel (zeros beyond the depth) for a vector of columns.
FK_INLINE void int16_weights_of(const int32_t edge, const float *const *taps, int64_t depth, int64_t channel, int64_t step, int64_t across,
                                int64_t count, vf *u) {
  vf w[9];
#pragma clang loop unroll(full)
  for (int32_t t = 0; t < (edge - 3) * (edge - 3); t++) {
    const float *from = taps[t] + channel * step;
    if (channel >= depth) {
      w[t] = vf_splat(0);
    } else if (across == 1 && count == FK_LANES) {
      w[t] = vf_load(from);
    } else {
      float lane[FK_LANES] = {0};
      for (int64_t i = 0; i < count; i++) lane[i] = from[i * across];
      w[t] = vf_load(lane);
    }
  }
  int16_weight_tile(edge, w, u);
}

FK_INLINE void int16_prepare_vector(const int32_t edge, const fk_int16_plan *p, const float *const *taps, int64_t column, int32_t *integers,
                                    float *scales, int64_t columns) {
  const int32_t positions = edge * edge;
  int64_t pairs = int16_padded(p->depth) / 2, chunks = fk_ceil_div(p->depth, fk_int16_chunk), count = fk_min64(FK_LANES, p->width - column);
  int64_t step = fk_int16_depth_step(p), across = fk_int16_width_step(p);
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    int64_t first = chunk * fk_int16_chunk, end = fk_min64(p->depth, first + fk_int16_chunk);
    vf sum[fk_int16_positions], most[fk_int16_positions], u[fk_int16_positions], v[fk_int16_positions], up[fk_int16_positions];
    for (int32_t i = 0; i < positions; i++) sum[i] = most[i] = vf_splat(0);
    for (int64_t c = first; c < end; c++) {
      int16_weights_of(edge, taps, p->depth, c, step, across, count, u);
      for (int32_t i = 0; i < positions; i++) {
        vf size = __builtin_elementwise_abs(u[i]);
        sum[i] = vf_fma(u[i], u[i], sum[i]);
        most[i] = most[i] > size ? most[i] : size;
      }
    }
    for (int32_t i = 0; i < positions; i++) {
      float sums[FK_LANES], mosts[FK_LANES], ups[FK_LANES];
      vf_store(sums, sum[i]);
      vf_store(mosts, most[i]);
      for (int32_t lane = 0; lane < FK_LANES; lane++) {
        fk_int16_scale scale = fk_int16_weight_scale(sums[lane], mosts[lane]);
        ups[lane] = scale.up;
        scales[(i * chunks + chunk) * columns + lane] = scale.down;
      }
      up[i] = vf_load(ups);
    }
    for (int64_t c = first; c < end; c += int16_group)
      for (int64_t lane = 0; lane < FK_LANES; lane++) {
        int16_weights_of(edge, taps, p->depth, c + lane, step, across, count, u);
        int16_weights_of(edge, taps, p->depth, c + FK_LANES + lane, step, across, count, v);
        for (int32_t i = 0; i < positions; i++) {
          vf one = vf_fma(u[i], up[i], vf_splat(FK_INT16_ROUND)), two = vf_fma(v[i], up[i], vf_splat(FK_INT16_ROUND));
          *(vi_unaligned *)(integers + (i * pairs + c / 2 + lane) * columns) = int16_pair(one, two);
        }
      }
  }
}

static void int16_prepare(const fk_conv_geometry *g, fk_conv_role role, const float *weights, void *prepared) {
  fk_int16_plan p;
  if (!fk_int16_plan_make(g, role, &p)) return;
  int64_t integers = p.positions * (int16_padded(p.depth) / 2);
  for (int32_t phase = 0; phase < p.stride * p.stride; phase++) {
    const float *taps[9];
    for (int32_t t = 0; t < p.taps * p.taps; t++) taps[t] = fk_int16_tap(&p, phase, t / p.taps, t % p.taps, weights);
    for (int64_t panel = 0; panel < p.width; panel += int16_panel) {
      int64_t columns = fk_min64(int16_panel, fk_ceil_div(p.width - panel, FK_LANES) * FK_LANES);
      int32_t *to = (int32_t *)prepared + phase * int16_phase_words(&p) + panel * int16_column_words(&p);
      float *scales = (float *)(to + integers * columns);
      for (int64_t column = 0; column < columns; column += FK_LANES) {
        const float *moved[9];
        for (int32_t t = 0; t < p.taps * p.taps; t++) moved[t] = taps[t] + (panel + column) * fk_int16_width_step(&p);
        if (p.edge == 6)
          int16_prepare_vector(6, &p, moved, panel + column, to + column, scales + column, columns);
        else
          int16_prepare_vector(5, &p, moved, panel + column, to + column, scales + column, columns);
      }
    }
  }
}

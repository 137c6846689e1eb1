// The three linear maps of Winograd's minimal filtering (Lavin & Gray 2016), one axis at a time, on vectors of channels.
//
// Four outputs y of a filter g over a window d are y = A' [(G g) * (B' d)], exact over the rationals: with 3 taps the 6 points are 0, 1,
// -1, 2, -2 and infinity, with 2 taps the 5 points are 0, 1, -1, 2 and infinity. A, B and G follow from the points: row p of A and G
// evaluates polynomials at p, row p of B' has the coefficients of the product of (x - q) over the other points q.

enum { winograd_outputs = 4, winograd_most_points = 6 };

/// v = B' d.
FK_INLINE void winograd_input(const int32_t points, const vf *d, vf *v) {
  const vf two = vf_splat(2);
  if (points == 6) {
    const vf four = vf_splat(4);
    vf even = vf_fma(-four, d[2], d[4]), odd = vf_fma(-four, d[1], d[3]);
    vf even2 = d[4] - d[2], odd2 = two * (d[3] - d[1]);
    v[0] = vf_fma(four, d[0] - d[2], even2);
    v[1] = even + odd;
    v[2] = even - odd;
    v[3] = even2 + odd2;
    v[4] = even2 - odd2;
    v[5] = vf_fma(four, d[1] - d[3], d[5] - d[3]);
  } else {
    vf odd = d[3] - d[1], step = d[3] - d[2];
    v[0] = vf_fma(two, d[0] - d[2], odd);
    v[1] = vf_fma(-two, d[1], step);
    v[2] = vf_fma(two, d[1] - d[2], step);
    v[3] = odd;
    v[4] = vf_fma(-two, odd, d[4] - d[2]);
  }
}

/// u = G g.
FK_INLINE void winograd_filter(const int32_t points, const vf *g, vf *u) {
  if (points == 6) {
    vf even = g[0] + g[2], wide = vf_fma(vf_splat(4), g[2], g[0]), odd = g[1] + g[1];
    u[0] = vf_splat(0.25f) * g[0];
    u[1] = vf_splat(-1.0f / 6) * (even + g[1]);
    u[2] = vf_splat(-1.0f / 6) * (even - g[1]);
    u[3] = vf_splat(1.0f / 24) * (wide + odd);
    u[4] = vf_splat(1.0f / 24) * (wide - odd);
    u[5] = g[2];
  } else {
    u[0] = vf_splat(0.5f) * g[0];
    u[1] = vf_splat(-0.5f) * (g[0] + g[1]);
    u[2] = vf_splat(-1.0f / 6) * (g[0] - g[1]);
    u[3] = vf_splat(1.0f / 6) * vf_fma(vf_splat(2), g[1], g[0]);
    u[4] = g[1];
  }
}

/// y = A' m.
FK_INLINE void winograd_output(const int32_t points, const vf *m, vf *y) {
  vf sum = m[1] + m[2], difference = m[1] - m[2];
  if (points == 6) {
    vf sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    y[0] = (m[0] + sum) + sum2;
    y[1] = vf_fma(vf_splat(2), difference2, difference);
    y[2] = vf_fma(vf_splat(4), sum2, sum);
    y[3] = vf_fma(vf_splat(8), difference2, difference) + m[5];
  } else {
    y[0] = (m[0] + sum) + m[3];
    y[1] = vf_fma(vf_splat(2), m[3], difference);
    y[2] = vf_fma(vf_splat(4), m[3], sum);
    y[3] = vf_fma(vf_splat(8), m[3], difference) + m[4];
  }
}

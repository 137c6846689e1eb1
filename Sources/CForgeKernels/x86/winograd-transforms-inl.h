// The three linear maps of Winograd's minimal filtering (Lavin & Gray 2016), one axis at a time, on vectors of channels.
//
// Four outputs y of a filter g over a window d are y = A' [(G g) * (B' d)], exact over the reals: with 3 taps the 6 points are 0, a, -a, b,
// -b and infinity with a = sqrt(1/2) and b = sqrt(2), with 2 taps the 5 points are 0, 1/2, -1, 2 and infinity. A, B and G follow from the
// points: row p of A and G evaluates polynomials at p, row p of B' has the coefficients of the product of (x - q) over the other points
// q. Points and their reciprocals keep the rows of like size: the largest error is a quarter (6 points) and half (5) of what 0, 1, -1, 2,
// (-2) give.

enum { winograd_outputs = 4, winograd_most_points = 6 };

#define FK_WINOGRAD_A 0.70710678f
#define FK_WINOGRAD_B 1.41421356f

/// v = B' d.
FK_INLINE void winograd_input(const int32_t points, const vf *d, vf *v) {
  if (points == 6) {
    const vf a = vf_splat(FK_WINOGRAD_A), b = vf_splat(FK_WINOGRAD_B), both = vf_splat(-2.5f);
    vf even = vf_fma(vf_splat(-2), d[2], d[4]), odd = vf_fma(vf_splat(-2), d[1], d[3]);
    vf even2 = vf_fma(vf_splat(-0.5f), d[2], d[4]), odd2 = vf_fma(vf_splat(-0.5f), d[1], d[3]);
    v[0] = vf_fma(both, d[2], d[0] + d[4]);
    v[1] = vf_fma(a, odd, even);
    v[2] = vf_fma(-a, odd, even);
    v[3] = vf_fma(b, odd2, even2);
    v[4] = vf_fma(-b, odd2, even2);
    v[5] = vf_fma(both, d[3], d[1] + d[5]);
  } else {
    const vf inner = vf_splat(-1.5f);
    v[0] = vf_fma(inner, d[1] + d[2], d[0] + d[3]);
    v[1] = vf_fma(vf_splat(-2), d[1], d[3] - d[2]);
    v[2] = vf_fma(vf_splat(-2.5f), d[2], d[1] + d[3]);
    v[3] = vf_fma(vf_splat(0.5f), d[2] - d[1], d[3]);
    v[4] = vf_fma(inner, d[2] + d[3], d[1] + d[4]);
  }
}

/// u = G g.
FK_INLINE void winograd_filter(const int32_t points, const vf *g, vf *u) {
  if (points == 6) {
    vf even = vf_fma(vf_splat(0.5f), g[2], g[0]), odd = vf_splat(FK_WINOGRAD_A) * g[1];
    vf even2 = vf_fma(vf_splat(2), g[2], g[0]), odd2 = vf_splat(FK_WINOGRAD_B) * g[1];
    u[0] = g[0];
    u[1] = vf_splat(-2.0f / 3) * (even + odd);
    u[2] = vf_splat(-2.0f / 3) * (even - odd);
    u[3] = vf_splat(1.0f / 6) * (even2 + odd2);
    u[4] = vf_splat(1.0f / 6) * (even2 - odd2);
    u[5] = g[2];
  } else {
    u[0] = g[0];
    u[1] = vf_splat(-8.0f / 9) * vf_fma(vf_splat(0.5f), g[1], g[0]);
    u[2] = vf_splat(-2.0f / 9) * (g[0] - g[1]);
    u[3] = vf_splat(1.0f / 9) * vf_fma(vf_splat(2), g[1], g[0]);
    u[4] = g[1];
  }
}

/// y = A' m.
FK_INLINE void winograd_output(const int32_t points, const vf *m, vf *y) {
  if (points == 6) {
    const float a = FK_WINOGRAD_A, b = FK_WINOGRAD_B;
    vf sum = m[1] + m[2], difference = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    y[0] = (m[0] + sum) + sum2;
    y[1] = vf_fma(vf_splat(b), difference2, vf_splat(a) * difference);
    y[2] = vf_fma(vf_splat(2), sum2, vf_splat(0.5f) * sum);
    y[3] = vf_fma(vf_splat(2 * b), difference2, vf_fma(vf_splat(0.5f * a), difference, m[5]));
  } else {
    y[0] = (m[0] + m[1]) + (m[2] + m[3]);
    y[1] = vf_fma(vf_splat(2), m[3], vf_fma(vf_splat(0.5f), m[1], -m[2]));
    y[2] = vf_fma(vf_splat(4), m[3], vf_fma(vf_splat(0.25f), m[1], m[2]));
    y[3] = vf_fma(vf_splat(8), m[3], vf_fma(vf_splat(0.125f), m[1], m[4] - m[2]));
  }
}

#pragma once
#include <png.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static inline int cpng_fail(int status, char *message, size_t size, const char *text) {
  if (message && size) snprintf(message, size, "%s", text);
  return status;
}

/// libpng ends an operation by a jump; its text, which may quote a file, is dropped.
static inline void cpng_jump(png_structp png, png_const_charp text) {
  (void)text;
  longjmp(png_jmpbuf(png), 1);
}

static inline void cpng_ignore(png_structp png, png_const_charp text) { (void)png, (void)text; }

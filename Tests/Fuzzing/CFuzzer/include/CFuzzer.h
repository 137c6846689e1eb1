#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: runs `target` over the corpora and options that the arguments name (llvm.org/docs/LibFuzzer.html). Does not return
/// before it is done; a crash ends the process with the input written to a file.
int LLVMFuzzerRunDriver(
    int *_Nonnull argc, char *_Nullable *_Nonnull *_Nonnull argv, int (*_Nonnull target)(const uint8_t *_Nullable bytes, size_t count));

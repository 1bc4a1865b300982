#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends a fuzz run, in every kind of build, where the code under test broke its word.
#define FUZZ_CHECK(condition)                                                      \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

#pragma once

#include <cstdint>
#include <string>

namespace tidegate::test {

/// A stream of numbers that a seed decides (splitmix64, Steele et al.), so that a failure can be run again.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::string bytes(std::size_t size) {
    std::string made;
    made.reserve(size + 8);
    while (made.size() < size) {
      const std::uint64_t word = next();
      made.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    made.resize(size);
    return made;
  }

 private:
  std::uint64_t state_;
};

}  // namespace tidegate::test

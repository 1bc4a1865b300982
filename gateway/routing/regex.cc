#include "gateway/routing/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <new>

namespace tidegate::routing {
namespace {

constexpr std::uint32_t kMaxSteps = 100'000;  // PCRE2's own limit is 10 million: a second of backtracking
constexpr std::uint32_t kMaxDepth = 10'000;   // of nested backtracking points
constexpr std::uint32_t kMaxHeapKiB = 1024;   // of a match without machine code

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
template <typename T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, Free>>;

using OwnedCode = Owned<pcre2_code, pcre2_code_free>;
using OwnedContext = Owned<pcre2_match_context, pcre2_match_context_free>;
using OwnedMatchData = Owned<pcre2_match_data, pcre2_match_data_free>;

const auto* pcre2_text(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

/// One per thread, since a match writes to it; no pattern's groups are asked for, so it fits all.
pcre2_match_data* match_data() {
  thread_local const OwnedMatchData data(pcre2_match_data_create(1, nullptr));
  if (data == nullptr) throw std::bad_alloc();
  return data.get();
}

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

}  // namespace

struct Regex::Code {
  OwnedCode pattern;
  OwnedContext limits;  // read only once set: shared by all threads
};

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::~Regex() = default;

std::unique_ptr<Regex> Regex::compile(std::string_view pattern, Failure& failure) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->pattern.reset(pcre2_compile(pcre2_text(pattern), pattern.size(), 0, &error, &offset, nullptr));
  if (code->pattern == nullptr) {
    failure = {message_of(error), offset};
    return nullptr;
  }
  // Where there is no JIT (or no executable memory) pcre2_match() interprets.
  (void)pcre2_jit_compile(code->pattern.get(), PCRE2_JIT_COMPLETE);
  code->limits.reset(pcre2_match_context_create(nullptr));
  if (code->limits == nullptr) throw std::bad_alloc();
  pcre2_set_match_limit(code->limits.get(), kMaxSteps);
  pcre2_set_depth_limit(code->limits.get(), kMaxDepth);
  pcre2_set_heap_limit(code->limits.get(), kMaxHeapKiB);
  return std::unique_ptr<Regex>(new Regex(std::move(code)));
}

bool Regex::matches(std::string_view subject) const {
  const auto run = [&](std::uint32_t options) {
    return pcre2_match(code_->pattern.get(), pcre2_text(subject), subject.size(), 0, options, match_data(),
                       code_->limits.get());
  };
  int outcome = run(0);
  // Machine code has 32 KiB of stack for what it may come back to; the interpreter has kMaxHeapKiB.
  if (outcome == PCRE2_ERROR_JIT_STACKLIMIT) outcome = run(PCRE2_NO_JIT);
  return outcome >= 0;  // 0: matched, with more groups than match_data() has room for. Errors are negative.
}

}  // namespace tidegate::routing

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

/// One per thread, since a match writes to it; with room for as many groups as any pattern here had.
pcre2_match_data* match_data(std::uint32_t groups) {
  thread_local OwnedMatchData data;
  if (data == nullptr || pcre2_get_ovector_count(data.get()) < groups) {
    data.reset(pcre2_match_data_create(groups, nullptr));
    if (data == nullptr) throw std::bad_alloc();
  }
  return data.get();
}

std::uint32_t info(const pcre2_code* pattern, std::uint32_t what) {
  std::uint32_t value = 0;
  (void)pcre2_pattern_info(pattern, what, &value);
  return value;
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
  std::uint32_t groups = 1;

  /// Negative: no match, or an error.
  int match(std::string_view subject, pcre2_match_data* data) const {
    const auto run = [&](std::uint32_t options) {
      return pcre2_match(pattern.get(), pcre2_text(subject), subject.size(), 0, options, data, limits.get());
    };
    const int outcome = run(0);
    // Machine code has 32 KiB of stack for what it may come back to; the interpreter has kMaxHeapKiB.
    return outcome == PCRE2_ERROR_JIT_STACKLIMIT ? run(PCRE2_NO_JIT) : outcome;
  }
};

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::~Regex() = default;

std::unique_ptr<Regex> Regex::compile(std::string_view pattern, Failure& failure, bool ignore_case) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  const std::uint32_t options = ignore_case ? PCRE2_CASELESS : 0;
  code->pattern.reset(pcre2_compile(pcre2_text(pattern), pattern.size(), options, &error, &offset, nullptr));
  if (code->pattern == nullptr) {
    failure = {message_of(error), offset};
    return nullptr;
  }
  // Where there is no JIT (or no executable memory) pcre2_match() interprets.
  (void)pcre2_jit_compile(code->pattern.get(), PCRE2_JIT_COMPLETE);
  code->groups = info(code->pattern.get(), PCRE2_INFO_CAPTURECOUNT) + 1;
  code->limits.reset(pcre2_match_context_create(nullptr));
  if (code->limits == nullptr) throw std::bad_alloc();
  pcre2_set_match_limit(code->limits.get(), kMaxSteps);
  pcre2_set_depth_limit(code->limits.get(), kMaxDepth);
  pcre2_set_heap_limit(code->limits.get(), kMaxHeapKiB);
  return std::unique_ptr<Regex>(new Regex(std::move(code)));
}

bool Regex::matches(std::string_view subject) const {
  return code_->match(subject, match_data(1)) >= 0;  // 0: a match with more groups than there is room for
}

bool Regex::matches(std::string_view subject, std::vector<Group>& groups, bool* gave_up) const {
  pcre2_match_data* const data = match_data(code_->groups);
  const int outcome = code_->match(subject, data);
  if (gave_up != nullptr) *gave_up = outcome < 0 && outcome != PCRE2_ERROR_NOMATCH;
  if (outcome < 0) return false;
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data);
  groups.assign(code_->groups, Group());
  for (std::size_t i = 0; i < static_cast<std::size_t>(outcome) && i < groups.size(); ++i) {
    // A group may lie before the start of the match, by way of \K; one that took no part has no offsets.
    if (offsets[2 * i] == PCRE2_UNSET || offsets[2 * i] > offsets[2 * i + 1]) continue;
    groups[i] = {offsets[2 * i], offsets[2 * i + 1]};
  }
  return true;
}

std::vector<std::pair<std::string, std::size_t>> Regex::names() const {
  std::vector<std::pair<std::string, std::size_t>> out;
  PCRE2_SPTR table = nullptr;
  (void)pcre2_pattern_info(code_->pattern.get(), PCRE2_INFO_NAMETABLE, &table);
  const std::uint32_t count = info(code_->pattern.get(), PCRE2_INFO_NAMECOUNT);
  const std::uint32_t size = info(code_->pattern.get(), PCRE2_INFO_NAMEENTRYSIZE);
  // An entry is the number, high byte first, then the name and a NUL (pcre2api(3)).
  for (std::uint32_t i = 0; i < count; ++i, table += size) {
    out.emplace_back(reinterpret_cast<const char*>(table + 2), std::size_t{table[0]} << 8 | table[1]);
  }
  return out;
}

}  // namespace tidegate::routing

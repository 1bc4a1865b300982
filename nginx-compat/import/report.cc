#include "nginx-compat/import/report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "nginx-compat/import/import.h"

namespace tidegate::nginx {
namespace {

constexpr std::size_t kLongest = 72;

/// The worse counts where a directive holds in several places.
int weight(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::ignored:
      return 0;
    case Verdict::Kind::exact:
      return 1;
    case Verdict::Kind::approximated:
      return 2;
    case Verdict::Kind::refused:
      break;
  }
  return 3;
}

const char* word(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::exact:
      return "exact";
    case Verdict::Kind::approximated:
      return "approximated";
    case Verdict::Kind::ignored:
      return "ignored";
    case Verdict::Kind::refused:
      break;
  }
  return "refused";
}

}  // namespace

std::string one_line(const Directive& directive) {
  std::string out = directive.name.text;
  for (const Word& arg : directive.args) {
    const bool bare = !arg.text.empty() && arg.text.find_first_of(" \t\r\n;{}\"'") == std::string::npos;
    out += bare ? " " + arg.text : " \"" + arg.text + "\"";
  }
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  if (out.size() <= kLongest) return out;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;  // within a character
  return out.substr(0, end) + "...";
}

ImportReport::ImportReport(const std::vector<Directive>& tree, const Translation& translation) {
  for (const Verdict& verdict : translation.report) translated_.emplace(key_of(verdict.at), &verdict);
  add(tree, nullptr);
}

void ImportReport::add(const std::vector<Directive>& block, const Place* parent) {
  for (const Directive& directive : block) {
    if (directive.rule == nullptr) continue;  // a line of values: its block's verdict is its own
    if (parent != nullptr) within_[{parent->directive, directive.name.text}].push_back(&directive);
    const auto [entry, added] = places_.try_emplace(key_of(directive.at()), Place{&directive, parent});
    if (!added) continue;  // a file that is included twice
    order_.push_back(&entry->second);
    for (const Word& arg : directive.args) {
      by_argument_.try_emplace(Key{*directive.file, arg.line, arg.column}, &entry->second);
    }
    add(directive.block, &entry->second);
  }
}

const Place* ImportReport::at(const Position& position) const {
  const auto found = places_.find(key_of(position));
  if (found != places_.end()) return &found->second;
  const auto argument = by_argument_.find(key_of(position));
  return argument != by_argument_.end() ? argument->second : nullptr;
}

std::vector<const Directive*> ImportReport::holding(const Place* block, std::string_view name) const {
  for (; block != nullptr; block = block->parent) {
    const auto found = within_.find({block->directive, name});
    if (found != within_.end()) return found->second;
  }
  return {};
}

void ImportReport::note(const Directive& directive, Kind kind, const std::string& why) {
  Notes& notes = notes_[key_of(directive.at())];
  if (!notes.noted || weight(kind) > weight(notes.kind)) {
    notes.kind = kind;
    notes.whys.clear();
  }
  notes.noted = true;
  if (kind != notes.kind || why.empty()) return;
  if (std::find(notes.whys.begin(), notes.whys.end(), why) == notes.whys.end()) notes.whys.push_back(why);
}

void ImportReport::note(const Position& position, Kind kind, const std::string& why) {
  if (const Place* place = at(position)) note(*place->directive, kind, why);
}

void ImportReport::note(const Place* block, std::string_view name, Kind kind, const std::string& why) {
  for (const Directive* directive : holding(block, name)) note(*directive, kind, why);
}

void ImportReport::leave_out(const Place* block, const std::string& why) {
  if (block == nullptr) return;
  for (const Directive& directive : block->directive->block) {
    notes_[key_of(directive.at())].left_out = why;
    if (const Place* inner = at(directive.at())) leave_out(inner, why);
  }
}

Verdict ImportReport::verdict_of(const Place& place) const {
  const Directive& directive = *place.directive;
  Verdict verdict;
  verdict.at = directive.at();
  verdict.directive = one_line(directive);
  const auto noted = notes_.find(key_of(verdict.at));
  const auto translated = translated_.find(key_of(verdict.at));
  if (noted != notes_.end() && noted->second.noted) {
    verdict.kind = noted->second.kind;
    for (const std::string& why : noted->second.whys) verdict.why += (verdict.why.empty() ? "" : "; ") + why;
    return verdict;
  }
  if (noted != notes_.end() && !noted->second.left_out.empty()) {
    verdict.kind = Kind::ignored;
    verdict.why = noted->second.left_out;
    return verdict;
  }
  if (const UsualVerdict* usual = usual_verdict(directive.name.text)) {
    verdict.kind = usual->kind;
    verdict.why = usual->why;
    // What is carried over is as good as what it was translated to.
    const bool worse = usual->kind == Kind::exact && translated != translated_.end() &&
                       weight(translated->second->kind) > weight(Kind::exact);
    if (worse) {
      verdict.kind = translated->second->kind;
      verdict.why = translated->second->why;
    }
    return verdict;
  }
  if (translated != translated_.end() && translated->second->kind == Kind::ignored) {
    verdict.kind = Kind::ignored;
    verdict.why = translated->second->why;
    return verdict;
  }
  verdict.kind = Kind::refused;
  verdict.why = translated != translated_.end() && translated->second->kind == Kind::refused
                    ? translated->second->why
                    : "YAML has no word for it; keep `tidegate run --nginx`";
  return verdict;
}

std::vector<Verdict> ImportReport::verdicts() const {
  std::vector<Verdict> all;
  all.reserve(order_.size());
  for (const Place* place : order_) all.push_back(verdict_of(*place));
  return all;
}

bool Import::refused() const {
  return std::any_of(report.begin(), report.end(),
                     [](const Verdict& verdict) { return verdict.kind == Verdict::Kind::refused; });
}

std::string to_text(const std::vector<Verdict>& report) {
  std::string out;
  std::array<std::size_t, 4> counts{};
  for (const Verdict& verdict : report) {
    ++counts[static_cast<std::size_t>(verdict.kind)];
    out += verdict.at.file + ":" + std::to_string(verdict.at.line) + ": " + word(verdict.kind) + ": " +
           verdict.directive + (verdict.why.empty() ? "" : ": " + verdict.why) + "\n";
  }
  out += std::to_string(report.size()) + " directives:";
  const Verdict::Kind kinds[] = {Verdict::Kind::exact, Verdict::Kind::approximated, Verdict::Kind::ignored,
                                 Verdict::Kind::refused};
  for (const Verdict::Kind kind : kinds) {
    out += (kind == kinds[0] ? " " : ", ") + std::to_string(counts[static_cast<std::size_t>(kind)]) + " " +
           word(kind);
  }
  return out + "\n";
}

}  // namespace tidegate::nginx

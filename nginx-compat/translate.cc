#include "nginx-compat/translator.h"

#include <algorithm>
#include <array>
#include <utility>

#include "conf/names.h"
#include "gateway/base/text.h"
#include "nginx-compat/assemble.h"
#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

namespace tidegate::nginx {
namespace {

constexpr std::size_t kMostShown = 100;

/// A directive on one line, as somebody would write it.
std::string in_words(const Directive& directive) {
  std::string text = directive.name.text;
  for (const Word& arg : directive.args) {
    const bool plain = !arg.text.empty() && arg.text.find_first_of(" \t\r\n;{}\"'") == std::string::npos;
    text += ' ';
    text += plain ? arg.text : conf::in_quotes(arg.text);
    if (text.size() > kMostShown) break;
  }
  return shortened(std::move(text));
}

std::string joined(const std::string& folder, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  return folder + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

}  // namespace

std::string shortened(std::string text) {
  if (text.size() <= kMostShown) return text;
  std::size_t end = kMostShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // UTF-8
  text.resize(end);
  return text + "...";
}

const Decision* decision_of(std::string_view name) {
  static const auto table = [] {
    std::unordered_map<std::string_view, const Decision*> all;
    for (const auto decisions :
         {core_decisions(), server_decisions(), listen_decisions(), location_decisions(), rewrite_decisions(),
          variable_decisions(), proxy_decisions(), proxy_tls_decisions(), upstream_decisions(),
          tls_decisions(), access_decisions(), limit_decisions(), file_decisions(), log_decisions(),
          fixed_decisions()}) {
      for (const Decision& decision : decisions) all.emplace(decision.name, &decision);
    }
    return all;
  }();
  const auto found = table.find(name);
  return found != table.end() ? found->second : decision_of_family(name);
}

void Work::walk(const std::vector<Directive>& block, const Scope& scope) {
  const Scope around = std::exchange(scope_, scope);
  for (const Directive& directive : block) visit(directive);
  scope_ = around;
}

void Work::visit(const Directive& directive) {
  verdicts_.emplace(&directive, report_.size());
  report_.push_back({Verdict::Kind::exact, directive.at(), in_words(directive), "", false});
  const Decision* const decision = decision_of(directive.name.text);
  if (decision == nullptr) {
    refused(directive, "it is not known here; leave it out");
  } else if (decision->handle != nullptr) {
    decision->handle(*this, directive);
  } else if (decision->kind != Verdict::Kind::exact) {
    judge(directive, decision->kind, std::string(decision->why), decision->harmless);
  }
}

void Work::judge(const Directive& directive, Verdict::Kind kind, std::string why, bool harmless) {
  const auto found = verdicts_.find(&directive);
  if (found == verdicts_.end()) return;
  Verdict& verdict = report_[found->second];
  if (verdict.kind > kind) return;  // what is worse stays
  const bool again = verdict.kind == kind && verdict.why == why;
  verdict.kind = kind;
  verdict.harmless = harmless;
  verdict.why = std::move(why);
  if (kind != Verdict::Kind::refused || again || options_.report_refusals_only) return;
  const std::string message = quoted_name(directive) + " directive is refused: " + verdict.why;
  if (harmless && options_.permissive) {
    diagnostics_.warning(end_of(directive), message + "; left out");
  } else {
    diagnostics_.error(end_of(directive),
                       message + (harmless ? "; no answer depends on it: --permissive goes on without" : ""));
  }
}

std::string Work::quoted_name(const Directive& directive) {
  return '"' + directive.name.text + '"';
}

void Work::fail_directive(const Directive& directive, std::string_view what) {
  fail(directive, quoted_name(directive) + " directive " + std::string(what));
}

Text Work::text_of(const Directive& directive, std::size_t arg) {
  const Word& word = directive.args[arg];
  return {word.text, {*directive.file, word.line, word.column}};
}

std::string Work::full_path(std::string_view path) const {
  return joined(options_.prefix, path);
}

std::string Work::full_conf_path(std::string_view path) const {
  return joined(options_.conf_prefix, path);
}

const std::vector<IpAddress>& Work::addresses_of(const std::string& host) {
  const auto [found, is_new] = looked_up_.try_emplace(host);
  if (is_new) {
    if (const auto literal = IpAddress::parse(host))
      found->second = {*literal};
    else if (options_.look_up)
      found->second = options_.look_up(host);
    else if (host == "localhost")  // RFC 6761 §6.3: it is, whoever is asked
      found->second = {*IpAddress::parse("127.0.0.1")};
  }
  return found->second;
}

bool Work::declare_zone(const Directive& directive, const std::string& name, std::string_view use,
                        std::size_t bytes) {
  Zone& zone = zones_[name];
  if (!zone.use.empty() && zone.use != use) {
    fail(directive, "the shared memory zone \"" + name + "\" is already declared for a different use");
    return false;
  }
  if (zone.bytes != 0 && bytes != 0 && zone.bytes != bytes) {
    fail(directive, "the size " + std::to_string(bytes) + " of shared memory zone \"" + name +
                        "\" conflicts with already declared size " + std::to_string(zone.bytes));
    return false;
  }
  zone.use = use;
  if (bytes != 0) zone.bytes = bytes;
  return true;
}

void Work::use_zone(const Directive& directive, const std::string& name, std::string_view use) {
  if (declare_zone(directive, name, use, 0)) zone_uses_.push_back({end_of(directive), name});
}

Translation Work::run(const std::vector<Directive>& tree) {
  process.pid_file = options_.pid_file;
  process.error_log = options_.error_log;
  sites.prefix = options_.prefix;
  Scope main;
  walk(tree, main);
  if (http != nullptr) Assembly(*this).run();
  std::unordered_set<std::string> told;
  for (const ZoneUse& use : zone_uses_) {
    if (zones_[use.name].bytes == 0 && told.insert(use.name).second)
      fail(use.at, "zero size shared memory zone \"" + use.name + '"');
  }
  if (!seen.contains("events") && !diagnostics_.failed()) {
    const Position at = tree.empty() ? Position{} : Position{*tree.front().file, 0, 0};
    fail(at, "no \"events\" section in configuration");
  }
  config.sites = std::make_shared<const conf::Sites>(std::move(sites));
  return {std::move(config), std::move(process), std::move(report_)};
}

Translation translate(const std::vector<Directive>& tree, const TranslateOptions& options,
                      Diagnostics& diagnostics) {
  return Work(options, diagnostics).run(tree);
}

}  // namespace tidegate::nginx
